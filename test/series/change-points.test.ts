import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { changePoints, SIGNIFICANCE } from '../../src/series/change-points.ts';
import { judge, shiftsOf } from '../../src/series/judge.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { normal, seriesOf } from '../support/series-of.ts';

const noise = (random: () => number, length: number, level: (index: number) => number): number[] =>
  Array.from({ length }, (_, i) => level(i) + normal(random));

describe('series/change-points', () => {
  it('finds a step of 3 standard deviations where it is, give or take two values, in 95 of 100 series', () => {
    const random = seededRandom(21);
    let found = 0;
    for (let trial = 0; trial < 200; trial += 1) {
      const [point, ...others] = changePoints(noise(random, 50, (i) => (i < 30 ? 0 : 3)));
      if (others.length === 0 && point !== undefined && Math.abs(point.index - 30) <= 2) found += 1;
    }

    expect(found / 200).to.be.at.least(0.95);
  });

  it('finds both steps of a series that goes up at 20 and back at 45', () => {
    const points = changePoints(noise(seededRandom(22), 70, (i) => (i >= 20 && i < 45 ? 4 : 0)));

    expect(points.map(({ index }) => index)).to.deep.equal([20, 45]);
    expect(points.every(({ pValue }) => pValue <= SIGNIFICANCE)).to.equal(true);
  });

  for (const [kind, draw] of [
    ['normal', normal],
    ['exponential', (random: () => number) => -Math.log(1 - random())],
    ['heavy-tailed', (random: () => number) => Math.tan(Math.PI * (random() - 0.5))],
  ] as const)
    it(`finds a change in at most ${SIGNIFICANCE * 100} of 100 series of ${kind} noise without one`, () => {
      const random = seededRandom(23);
      let alarms = 0;
      for (let trial = 0; trial < 800; trial += 1) {
        const series = Array.from({ length: 40 }, () => draw(random));
        if (changePoints(series, { seed: trial }).length > 0) alarms += 1;
      }

      // The test is exact, so 1 % is what is to be expected; 800 draws of it exceed 2 % once in 200 times.
      expect(alarms / 800).to.be.at.most(2 * SIGNIFICANCE);
    });

  it('says the same of the same series, and nothing of one that is too short or always equal', () => {
    const series = noise(seededRandom(24), 40, (i) => (i < 20 ? 0 : 1));

    expect(changePoints(series)).to.deep.equal(changePoints([...series]));
    expect(changePoints([1, 1, 1, 1, 9, 9, 9, 9])).to.deep.equal([]);
    expect(changePoints(new Array<number>(50).fill(7))).to.deep.equal([]);
  });

  it('takes no more than 2 s for the 200 runs it is given at most', () => {
    const series = noise(seededRandom(25), 200, (i) => (i < 120 ? 0 : 4));
    const startedAt = performance.now();
    const points = changePoints(series);

    expect(points.map(({ index }) => index)).to.deep.equal([120]);
    expect(performance.now() - startedAt).to.be.below(2000);
  });
});

describe('series/judge', () => {
  it('tells when the time per input changed, and by how much: half as long again from run 25 on', () => {
    const random = seededRandom(31);
    const bytes = Array.from({ length: 45 }, () => 1e9 * 4 ** random());
    const series = seriesOf(
      bytes.map((size, i) => 1e5 * (size / 1e9) * (i < 25 ? 1 : 1.5) * Math.exp(0.03 * normal(random))),
      (i) => bytes[i] ?? 0,
    );
    const shifts = shiftsOf(series);

    expect(shifts.map(({ first, last }) => [last.run, first.run])).to.deep.equal([['app-0024', 'app-0025']]);
    expect(shifts[0]).to.deep.include({ runsBefore: 25, runsAfter: 20 });
    expect(shifts[0]?.ratio).to.be.closeTo(1.5, 0.1);
  });

  it('is silent about a change of 3 %, however sure', () => {
    const series = seriesOf(Array.from({ length: 40 }, (_, i) => (i < 20 ? 100_000 : 103_000) + (i % 3)));

    expect(shiftsOf(series)).to.deep.equal([]);
  });

  it('finds nothing in twelve real runs of one program on 16-fold input and 1 to 4 executors on a busy machine', () => {
    const file = new URL('../fixtures/spark-series/runs.json', import.meta.url);
    const runs = JSON.parse(readFileSync(file, 'utf8')) as readonly { durationMs: number; inputBytes: number }[];
    const series = seriesOf(
      runs.map(({ durationMs }) => durationMs),
      (i) => runs[i]?.inputBytes ?? 0,
    );

    expect(series).to.have.length(12);
    expect(shiftsOf(series)).to.deep.equal([]);
    expect(series.map((_, i) => judge(series, i)?.verdict)).not.to.include('slower');
  });
});
