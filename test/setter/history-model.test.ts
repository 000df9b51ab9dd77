import { expect } from 'chai';
import { fitHistory, median, settingOf } from '../../src/setter/history-model.ts';
import { historyRunOf } from '../../src/setter/history-run.ts';
import { sampleRun as storedRun } from '../store/sample-runs.ts';
import { GIB, lawHistory, lawMs, sampleRun } from './sample-history.ts';

describe('setter/history-model', () => {
  it('predicts a size between those seen to 10 %, by the formula the runs were made with', () => {
    const fitted = fitHistory(lawHistory());
    const setting = { ...settingOf(sampleRun(0)), executors: 8, inputBytes: 15 * GIB };

    const { value, interval } = fitted.predict(setting, 0.9);

    expect(value).to.be.closeTo(lawMs(15, 32), 0.1 * lawMs(15, 32));
    expect(interval?.low).to.be.lessThan(lawMs(15, 32));
    expect(interval?.high).to.be.greaterThan(lawMs(15, 32));
  });

  it('learns only of what varied: executors and input', () => {
    const { learned, distinctSettings } = fitHistory(lawHistory());

    expect(learned).to.deep.equal(['executors', 'inputBytes']);
    expect(distinctSettings).to.equal(12);
  });

  it('gives the same hash whatever the order of the runs', () => {
    const runs = lawHistory();

    expect(fitHistory(runs.toReversed()).model.document.hash).to.equal(fitHistory(runs).model.document.hash);
  });

  it('has no interval from two equal runs', () => {
    const fitted = fitHistory([sampleRun(0), sampleRun(1)]);

    expect(fitted.predict(settingOf(sampleRun(0)), 0.9).interval).to.equal(undefined);
  });

  it('takes the middle of three and the mean of the middle two of four', () => {
    expect(median([3, 1, 2])).to.equal(2);
    expect(median([4, 1, 2, 3])).to.equal(2.5);
  });
});

describe('setter/history-run', () => {
  it('reads nothing from a run without an end', () => {
    const { aggregate } = storedRun({});
    const { endTime, ...attempt } = aggregate.attempt;

    expect(endTime).to.be.a('string');
    expect(historyRunOf({ ...aggregate, attempt })).to.equal(undefined);
  });
});
