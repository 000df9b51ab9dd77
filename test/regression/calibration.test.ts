import { expect } from 'chai';
import { halfWidth, independentScores } from '../../src/regression/calibration.ts';
import { normalCdf, normalQuantile, studentQuantile } from '../../src/regression/distributions.ts';

// Tables of the normal and Student distributions, as printed in any statistics book.
describe('regression/distributions', () => {
  it('knows the normal quantiles 1.644854 (95 %), 1.959964 (97.5 %) and −2.326348 (1 %)', () => {
    expect(normalQuantile(0.95)).to.be.closeTo(1.644854, 1e-5);
    expect(normalQuantile(0.975)).to.be.closeTo(1.959964, 1e-5);
    expect(normalQuantile(0.01)).to.be.closeTo(-2.326348, 1e-5);
  });

  it('knows the normal probabilities 0.5 (0), 0.841345 (1) and 0.022750 (−2)', () => {
    expect(normalCdf(0)).to.be.closeTo(0.5, 1e-6);
    expect(normalCdf(1)).to.be.closeTo(0.841345, 1e-6);
    expect(normalCdf(-2)).to.be.closeTo(0.02275, 1e-6);
  });

  it('knows the Student quantiles at 95 %: 2.015 (5 degrees of freedom), 1.812 (10), 1.697 (30)', () => {
    expect(studentQuantile(0.95, 5)).to.be.closeTo(2.015, 0.01);
    expect(studentQuantile(0.95, 10)).to.be.closeTo(1.812, 0.002);
    expect(studentQuantile(0.95, 30)).to.be.closeTo(1.697, 0.001);
  });
});

describe('regression/calibration', () => {
  /** |z| of a standard normal at evenly spaced probabilities. */
  const normalScores = (n: number): number[] =>
    Array.from({ length: n }, (_, i) => normalQuantile(0.5 + (i + 0.5) / (2 * n)));

  it('reaches 1.645 deviations for 90 % when 2000 scores are as normal as believed', () => {
    expect(halfWidth({ scores: normalScores(2000), independent: 2000, rows: 2000, found: 4 }, 0.9)).to.be.closeTo(
      1.645,
      0.01,
    );
  });

  it('reaches twice as far when the left-out runs were twice as far off', () => {
    const scores = normalScores(2000);
    const once = halfWidth({ scores, independent: 2000, rows: 2000, found: 4 }, 0.9);

    const twice = { scores: scores.map((score) => 2 * score), independent: 2000, rows: 2000, found: 4 };

    expect(halfWidth(twice, 0.9) / once).to.be.closeTo(2, 0.02);
  });

  it('reaches further with fewer scores, and further for more confidence', () => {
    const few = { scores: normalScores(4), independent: 4, rows: 4, found: 4 };
    const many = { scores: normalScores(40), independent: 40, rows: 40, found: 4 };

    expect(halfWidth(few, 0.9)).to.be.above(halfWidth(many, 0.9));
    expect(halfWidth(few, 0.95)).to.be.above(halfWidth(few, 0.9));
  });

  it('takes the 9th of 9 scores as conformal quantile of 90 %, weighed 9 to 30 with the Student one', () => {
    // By hand: scores all 1 give spread √((4 + 9)/(4 + 9)) = 1; t(95 %, 13) = 1.7709; conformal 1; inflation √(1 + 4/9).
    const expected = Math.sqrt(1 + 4 / 9) * ((9 / 39) * 1 + (30 / 39) * 1.7709);

    const nine = { scores: new Array<number>(9).fill(1), independent: 9, rows: 9, found: 4 };
    expect(halfWidth(nine, 0.9)).to.be.closeTo(expected, 0.002);
  });

  it('reaches t(95 %, 6) = 1.943 deviations for 30 scores of 1 that count as 2, weighed 30 to 2 with their quantile 1', () => {
    // By hand: spread √((4 + 2)/(4 + 2)) = 1; trust 2/32; inflation √(1 + 4/1000).
    const clustered = { scores: new Array<number>(30).fill(1), independent: 2, rows: 1000, found: 4 };

    expect(halfWidth(clustered, 0.9)).to.be.closeTo(Math.sqrt(1.004) * ((2 / 32) * 1 + (30 / 32) * 1.943), 0.005);
  });

  it('counts runs that were left out together by what they have in common', () => {
    // Two values that are off by 1 as a whole: all is common, so they count as two.
    expect(
      independentScores([
        [1, 1, 1, 1],
        [-1, -1, -1, -1],
      ]),
    ).to.equal(2);
    // Three values without anything in common: 12 / (1 + 3·¼), since a fourth might have shown it.
    expect(
      independentScores([
        [1, -1, 1, -1],
        [1, -1, 1, -1],
        [-1, 1, -1, 1],
      ]),
    ).to.be.closeTo(12 / 1.75, 1e-9);
    // One value of 100 runs, right on average: 100 / (1 + 99·½), hardly two.
    expect(independentScores([Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? 1 : -1))])).to.be.closeTo(
      1.98,
      0.01,
    );
    expect(independentScores([[1], [2], [0.5]])).to.equal(3);
    expect(independentScores([])).to.equal(0);
  });
});
