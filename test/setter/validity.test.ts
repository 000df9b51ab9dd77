import { expect } from 'chai';
import { validityNote, validRuns } from '../../src/setter/validity.ts';
import { sampleRun } from './sample-history.ts';

const before = { spark: '3.5', plans: 'a' };
const after = { spark: '4.0', plans: 'a' };
const runs = (count: number, from: number, program: object | undefined) =>
  Array.from({ length: count }, (_, i) => sampleRun(from + i, { program, inputBytes: 1000 + i }, { executors: 1 + i }));

describe('setter/validity', () => {
  it('keeps all runs of one program', () => {
    const { runs: kept, validity } = validRuns(runs(8, 0, before));

    expect(kept).to.have.length(8);
    expect(validity).to.eql({ status: 'current', changed: [], runsBefore: 0, runsSince: 8 });
    expect(validityNote(validity)).to.equal(undefined);
  });

  it('learns from the 5 runs since a change alone, when they are of 5 settings, and says so', () => {
    const { runs: kept, validity } = validRuns([...runs(8, 0, before), ...runs(5, 10, after)]);

    expect(kept).to.have.length(5);
    expect(validity).to.include({ status: 'current', runsBefore: 8, runsSince: 5, since: '2026-11-11T00:00:00+00:00' });
    expect(validity.changed).to.eql(['spark']);
    expect(validityNote(validity)).to.equal(
      'the program changed on 2026-11-11 (the Spark version): only the 5 runs since then are learnt from',
    );
  });

  it('marks what 2 runs since a change and 8 before it teach', () => {
    const { runs: kept, validity } = validRuns([...runs(8, 0, before), ...runs(2, 10, after)]);

    expect(kept).to.have.length(10);
    expect(validity.status).to.equal('changed');
    expect(validityNote(validity)).to.match(/8 of the runs learnt from are of before, 2 of since/);
  });

  it('does not take a run that shows nothing for another program', () => {
    const { validity } = validRuns([...runs(3, 0, before), ...runs(3, 5, {}), ...runs(2, 10, before)]);

    expect(validity.status).to.equal('current');
    expect(validRuns(runs(3, 0, undefined)).validity.status).to.equal('unknown');
  });
});
