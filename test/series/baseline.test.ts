import { expect } from 'chai';
import { expectationOf, FALSE_ALARMS } from '../../src/series/baseline.ts';
import { judge } from '../../src/series/judge.ts';
import { inOrder, seriesRunOf } from '../../src/series/series-run.ts';
import { sizeEffect } from '../../src/series/size-effect.ts';
import { aggregateRun } from '../support/aggregate-run.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { normal, seriesOf } from '../support/series-of.ts';

const times = (count: number, ms: number): number[] => new Array<number>(count).fill(ms);

describe('series/baseline', () => {
  it('expects of ten runs of 100 s another one of 100 s, and takes less than 10 % more for nothing', () => {
    const expectation = expectationOf(seriesOf(times(10, 100_000)), 1e9);

    expect(expectation).to.deep.include({ runs: 10, sizeExponent: 0, isBeyondKnownSizes: false });
    expect(expectation?.expectedMs).to.be.closeTo(100_000, 0.01);
    expect(expectation?.highMs).to.be.closeTo(110_000, 0.01);
  });

  it('goes by the median, so that two accidents among ten runs change nothing', () => {
    const expectation = expectationOf(seriesOf([...times(4, 100_000), 900_000, ...times(4, 100_000), 5_000]), 1e9);

    expect(expectation?.expectedMs).to.be.closeTo(100_000, 0.01);
    expect(expectation?.highMs).to.be.closeTo(110_000, 0.01);
  });

  it('knows too little of seven runs', () => {
    expect(expectationOf(seriesOf(times(7, 100_000)), 1e9)).to.equal(undefined);
  });

  it('learns that time goes with the square root of the input: 4 GB after 1 and 2 GB take twice the time of 1 GB', () => {
    const runs = seriesOf(
      Array.from({ length: 12 }, (_, i) => 100_000 * Math.sqrt(1 + (i % 3))),
      (i) => 1e9 * (1 + (i % 3)),
    );

    expect(sizeEffect(runs).exponent).to.be.closeTo(0.5, 1e-9);
    expect(expectationOf(runs, 2e9)?.expectedMs).to.be.closeTo(100_000 * Math.SQRT2, 0.1);
    expect(expectationOf(runs, 2e9)?.isBeyondKnownSizes).to.equal(false);
  });

  it('lets ten times the input take ten times as long where no run tells its effect', () => {
    const expectation = expectationOf(seriesOf(times(12, 100_000)), 1e10);

    expect(expectation?.isBeyondKnownSizes).to.equal(true);
    expect(expectation?.highMs).to.be.closeTo(1_100_000, 1);
  });

  it('does not expect less input than ever to be faster', () => {
    const runs = seriesOf(
      Array.from({ length: 12 }, (_, i) => 100_000 * (1 + (i % 3))),
      (i) => 1e9 * (1 + (i % 3)),
    );

    expect(expectationOf(runs, 1e8)?.expectedMs).to.be.closeTo(10_000, 1);
    expect(expectationOf(runs, 1e8)?.highMs).to.be.closeTo(110_000, 1);
  });

  it(`raises at most ${FALSE_ALARMS * 100} false alarms in 100 unchanged runs, with 10 % noise and input that varies tenfold`, () => {
    const random = seededRandom(11);
    const trials = 1500;
    let alarms = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const bytes = Array.from({ length: 21 }, () => 1e9 * 10 ** random());
      const series = seriesOf(
        bytes.map((size) => 1e5 * (size / 1e9) ** 0.7 * Math.exp(0.1 * normal(random))),
        (i) => bytes[i] ?? 0,
      );
      if (judge(series, 20)?.verdict === 'slower') alarms += 1;
    }

    expect(alarms / trials).to.be.at.most(FALSE_ALARMS);
  });

  for (const history of [8, 12, 20])
    it(`raises at most ${FALSE_ALARMS * 100} false alarms in 100 unchanged runs after a history of ${history}`, () => {
      const random = seededRandom(history);
      const trials = 3000;
      let alarms = 0;
      for (let trial = 0; trial < trials; trial += 1) {
        const series = seriesOf(Array.from({ length: history + 1 }, () => 1e5 * Math.exp(0.1 * normal(random))));
        if (judge(series, history)?.verdict === 'slower') alarms += 1;
      }

      expect(alarms / trials).to.be.at.most(FALSE_ALARMS);
    });

  it('finds a run that takes twice as long in 95 of 100 series with 10 % noise', () => {
    const random = seededRandom(12);
    let found = 0;
    for (let trial = 0; trial < 300; trial += 1) {
      const series = seriesOf(
        Array.from({ length: 21 }, (_, i) => 1e5 * (i === 20 ? 2 : 1) * Math.exp(0.1 * normal(random))),
      );
      if (judge(series, 20)?.verdict === 'slower') found += 1;
    }

    expect(found / 300).to.be.at.least(0.95);
  });

  it('calls what stays slow slow at first and normal once the new level is known', () => {
    const random = seededRandom(13);
    const noise = (): number => Math.exp(0.03 * normal(random));
    const series = seriesOf(Array.from({ length: 50 }, (_, i) => (i < 25 ? 1e5 : 1.5e5) * noise()));
    const verdicts = series.map((_, i) => judge(series, i)?.verdict);

    expect(verdicts.slice(0, 8)).to.deep.equal(times(8, 0).map(() => 'unknown'));
    expect(verdicts.slice(8, 25)).not.to.include('slower');
    expect(verdicts.slice(25, 30)).to.deep.equal(times(5, 0).map(() => 'slower'));
    expect(verdicts.slice(40)).not.to.include('slower');
  });

  it('compares with the normal run whose input is nearest, and of equal ones with the newest', () => {
    const series = seriesOf([...times(10, 100_000), 300_000, 100_000, 250_000], (i) =>
      i === 4 || i === 6 ? 2e9 : 1e9,
    );
    const large = seriesOf([...times(12, 100_000), 300_000], (i) => (i === 4 || i === 6 || i === 12 ? 2e9 : 1e9));

    expect(judge(series, 12)).to.deep.include({ verdict: 'slower', goodRun: series[11] });
    expect(judge(large, 12)?.goodRun).to.equal(large[6]);
  });
});

describe('series/series-run', () => {
  it('takes runs with an end, the last attempt only, oldest first and each once', () => {
    const sketches = [
      { id: 'app-b', endsAt: 2000 },
      { id: 'app-a', endsAt: 1000 },
      { id: 'app-b', endsAt: 2000 },
      { id: 'open', completed: false },
      { id: 'app-c', endsAt: 500, attemptId: '1', isFinalAttempt: false },
      { id: 'app-c', endsAt: 1500, attemptId: '2' },
    ];
    const runs = sketches.flatMap((sketch) => seriesRunOf(aggregateRun({ durationMs: 10, ...sketch })) ?? []);

    expect(inOrder(runs).map(({ run }) => run)).to.deep.equal(['app-a', 'app-c/2', 'app-b']);
  });
});
