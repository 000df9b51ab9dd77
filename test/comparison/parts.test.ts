import { expect } from 'chai';
import { logMean, splitChange } from '../../src/comparison/log-mean.ts';
import { cutWallClock } from '../../src/comparison/wall-clock.ts';
import { seededRandom } from '../support/seeded-random.ts';

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe('comparison/log-mean', () => {
  it('gives the whole change to the one factor that changed: 2 × 3 → 4 × 3 is 6 more', () => {
    expect(splitChange({ before: [2, 3], after: [4, 3] })).to.deep.equal([6, 0]);
  });

  it('shares equally when both factors double: 1 × 1 → 2 × 2 is 1.5 each', () => {
    const [first = 0, second = 0] = splitChange({ before: [1, 1], after: [2, 2] });

    expect(first).to.be.closeTo(1.5, 1e-12);
    expect(second).to.be.closeTo(1.5, 1e-12);
  });

  it('agrees with the worked formula: L(6, 20) = 14 / ln(20 / 6) times ln(5 / 2) and ln(4 / 3)', () => {
    const mean = 14 / Math.log(20 / 6);
    const [first = 0, second = 0] = splitChange({ before: [2, 3], after: [5, 4] });

    expect(first).to.be.closeTo(mean * Math.log(5 / 2), 1e-12);
    expect(second).to.be.closeTo(mean * Math.log(4 / 3), 1e-12);
  });

  it('adds up, turns its sign with the runs, and does not depend on the order of factors, for 500 products', () => {
    const random = seededRandom(1);
    for (let i = 0; i < 500; i += 1) {
      const draw = (): number[] => Array.from({ length: 4 }, () => Math.exp(6 * random() - 3));
      const [before, after] = [draw(), draw()];
      const parts = splitChange({ before, after });
      const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
      const change = product(after) - product(before);

      expect(sum(parts)).to.be.closeTo(change, 1e-9 * (product(after) + product(before)));
      for (const [j, part] of splitChange({ before: after, after: before }).entries())
        expect(part).to.be.closeTo(-(parts[j] ?? NaN), 1e-9 * Math.abs(part) + 1e-12);
      const turned = splitChange({ before: before.toReversed(), after: after.toReversed() });
      for (const [j, part] of turned.toReversed().entries()) expect(part).to.be.closeTo(parts[j] ?? NaN, 1e-9);
    }
  });

  it('gives what comes from nothing to the factor that was nothing', () => {
    expect(splitChange({ before: [2, 0, 5], after: [4, 3, 5] })).to.deep.equal([0, 60, 0]);
    expect(splitChange({ before: [2, 3], after: [0, 0] })).to.deep.equal([-3, -3]);
    expect(splitChange({ before: [2, 0], after: [5, 0] })).to.deep.equal([0, 0]);
  });

  it('has a mean that is the value where both are equal', () => {
    expect(logMean(7, 7)).to.be.closeTo(7, 1e-12);
    expect(logMean(1, Math.E)).to.be.closeTo(Math.E - 1, 1e-12);
  });
});

describe('comparison/wall-clock', () => {
  it('counts each moment once: start 10, a stage alone, two that share by weight, a gap of 20, an end of 5', () => {
    const clock = cutWallClock(
      100,
      [
        { start: 10, end: 50, weight: 1 },
        { start: 30, end: 50, weight: 3 },
        { start: 70, end: 95, weight: 1 },
      ],
      [{ from: 0, to: 100, slots: 4 }],
    );

    // 10–30 alone, 30–50 a quarter; 30–50 three quarters; 70–95 alone; 50–70 and 95–100 nothing.
    expect(clock).to.deep.equal({ startMs: 10, driverMs: 25, spanMs: [25, 15, 25], spanSlots: [4, 4, 4] });
  });

  it('tells the slots a stage had on average: 2 for half of it, 6 for the other half is 4', () => {
    const { spanSlots } = cutWallClock(
      40,
      [{ start: 0, end: 40, weight: 1 }],
      [
        { from: 0, to: 40, slots: 2 },
        { from: 20, to: 90, slots: 4 },
      ],
    );

    expect(spanSlots).to.deep.equal([4]);
  });

  it('cuts off what lies outside of the run, and is all start when nothing ran', () => {
    expect(cutWallClock(50, [{ start: -20, end: 80, weight: 1 }], [])).to.deep.include({
      startMs: 0,
      driverMs: 0,
      spanMs: [50],
    });
    expect(cutWallClock(50, [], [])).to.deep.include({ startMs: 50, driverMs: 0 });
    expect(cutWallClock(0, [{ start: 0, end: 0, weight: 1 }], [])).to.deep.include({ startMs: 0, spanMs: [0] });
  });

  it('adds up to the duration for 300 random runs', () => {
    const random = seededRandom(2);
    for (let i = 0; i < 300; i += 1) {
      const spans = Array.from({ length: Math.floor(random() * 12) }, () => {
        const start = random() * 1200 - 100;
        return { start, end: start + random() * 400 - 20, weight: random() < 0.2 ? 0 : random() };
      });
      const { startMs, driverMs, spanMs } = cutWallClock(1000, spans, []);

      expect(startMs + driverMs + sum(spanMs)).to.be.closeTo(1000, 1e-6);
    }
  });
});
