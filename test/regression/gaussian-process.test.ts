import { expect } from 'chai';
import {
  conditionGp,
  gpMean,
  leaveOneOut,
  negativeLogPosterior,
  predictGp,
  tuneGp,
  type GpPrior,
  type GpProblem,
} from '../../src/regression/gaussian-process.ts';
import { seededRandom } from '../../src/regression/random.ts';

const NO_BASIS = new Float64Array(0);

function problemOf(
  x: readonly (readonly number[])[],
  y: readonly number[],
  changes: Partial<GpProblem> = {},
): GpProblem {
  return {
    x: x.map((row) => Float64Array.from(row)),
    groups: x[0]!.map((_, c) => c),
    y: Float64Array.from(y),
    weight: new Float64Array(y.length).fill(1),
    scatter: new Float64Array(y.length),
    basis: y.map(() => NO_BASIS),
    levels: [],
    ...changes,
  };
}

/** Wavy in the first column, steep in the second, with a little noise. */
function wavy(n: number): GpProblem {
  const random = seededRandom(1);
  const x = Array.from({ length: n }, () => [4 * random() - 2, 4 * random() - 2]);
  const y = x.map(([a, b]) => Math.sin(2 * a!) + 0.5 * b! + 0.1 * (random() - 0.5));
  return problemOf(x, y, { basis: x.map(([, b]) => Float64Array.of(1.5, 0.4 * b!)) });
}

/** The same with a third column of three values, each of which has something of its own. */
function stepped(n: number): GpProblem {
  const problem = wavy(n);
  return {
    ...problem,
    x: problem.x.map((row, i) => Float64Array.of(...row, i % 3)),
    groups: [0, 1, 1],
    y: problem.y.map((y, i) => y + [0, 0.5, -0.2][i % 3]!),
    levels: [{ column: 2, share: 1 }],
  };
}

const PRIOR: GpPrior = {
  amplitude: { mean: -0.5, sd: 1 },
  noise: { mean: -3, sd: 1 },
  own: { mean: -1.5, sd: 1 },
  lengths: [0, 0].map(() => ({ mean: 0.2, sd: 1 })),
};
const HYPER = [-0.3, -2.5, -1.2, 0.1, 0.6];

describe('regression/gaussian-process', () => {
  it('answers two runs as the two equations say', () => {
    // By hand: amplitude 2, noise 0.5, length 1, runs at 0 and 1 with y = 1 and 3, question at 0.5.
    // k(r) = 4·(1 + √5·r + 5r²/3)·e^(−√5·r).
    const k = (r: number): number => 4 * (1 + Math.sqrt(5) * r + (5 * r * r) / 3) * Math.exp(-Math.sqrt(5) * r);
    const [d, o, c] = [4 + 0.25, k(1), k(0.5)];
    const determinant = d * d - o * o;
    // Symmetry makes both weights equal: mean = c·(1 + 3)·(d − o) / det, variance = 4 − 2c²·(d − o) / det, and the noise.
    const mean = (c * 4 * (d - o)) / determinant;
    const variance = 4 - (2 * c * c * (d - o)) / determinant + 0.25;

    const posterior = conditionGp(problemOf([[0], [1]], [1, 3]), [Math.log(2), Math.log(0.5), 0, 0]);
    const belief = predictGp(posterior, Float64Array.of(0.5), NO_BASIS);

    expect(belief.mean).to.be.closeTo(mean, 1e-6);
    expect(belief.variance).to.be.closeTo(variance, 1e-6);
  });

  it('gives the marginal likelihood of one run as the normal density', () => {
    // By hand: y = 1.5 with variance 4 + 0.25; ½·y²/v + ½·ln v, without the constant ½·ln 2π. A flat prior adds nothing.
    const flat = { mean: 0, sd: 1e9 };
    const prior = { amplitude: flat, noise: flat, own: flat, lengths: [flat] };
    const objective = negativeLogPosterior(problemOf([[0]], [1.5]), prior);

    const value = objective(Float64Array.of(Math.log(2), Math.log(0.5), 0, 0), new Float64Array(4));

    expect(value).to.be.closeTo((0.5 * 1.5 * 1.5) / 4.25 + 0.5 * Math.log(4.25), 1e-6);
  });

  it('has the gradient that finite differences show', () => {
    const problem = stepped(9);
    const repeated = {
      ...problem,
      weight: problem.weight.map((_, i) => 1 + (i % 3)),
      scatter: problem.scatter.map((_, i) => 0.01 * (i % 3)),
    };
    const objective = negativeLogPosterior(repeated, PRIOR);
    const gradient = new Float64Array(5);
    objective(Float64Array.from(HYPER), gradient);

    gradient.forEach((slope, k) => {
      const at = (step: number): number =>
        objective(
          Float64Array.from(HYPER, (value, j) => (j === k ? value + step : value)),
          new Float64Array(5),
        );
      expect(slope).to.be.closeTo((at(1e-5) - at(-1e-5)) / 2e-5, 1e-4);
    });
  });

  it('leaves one out in closed form as if it had been conditioned again on the others', () => {
    const problem = stepped(12);
    const closed = leaveOneOut(conditionGp(problem, HYPER));

    closed.forEach((belief, out) => {
      const keep = <T>(values: ArrayLike<T>): T[] => Array.from(values).filter((_, i) => i !== out);
      const rest = {
        ...problem,
        x: keep(problem.x),
        y: Float64Array.from(keep(problem.y)),
        weight: Float64Array.from(keep(problem.weight)),
        scatter: Float64Array.from(keep(problem.scatter)),
        basis: keep(problem.basis),
      };
      const again = predictGp(conditionGp(rest, HYPER), problem.x[out]!, problem.basis[out]!);
      expect(belief.mean).to.be.closeTo(again.mean, 1e-6);
      expect(belief.variance).to.be.closeTo(again.variance, 1e-6);
    });
  });

  it('takes a value that a run had for that of the run, and a new one for as far from the smooth curve as values are', () => {
    // By hand, amplitude 2, noise 0.5, own 1, one run y = 3 at value 0: at that value the covariance is 4 + 1 + 1 of 4 + 1 + 1 + 0.25,
    // so the mean is 3·6/6.25 and the variance 6 − 6²/6.25 + 0.25. A value so far away that the curve does not reach it has 4 + 2 + 0.25.
    const problem = problemOf([[0]], [3], { levels: [{ column: 0, share: 1 }] });
    const posterior = conditionGp(problem, [Math.log(2), Math.log(0.5), 0, 0]);

    const same = predictGp(posterior, Float64Array.of(0), NO_BASIS);
    const other = predictGp(posterior, Float64Array.of(1e3), NO_BASIS);

    expect(same.mean).to.be.closeTo((3 * 6) / 6.25, 1e-6);
    expect(same.variance).to.be.closeTo(6 - 36 / 6.25 + 0.25, 1e-6);
    expect(gpMean(posterior, Float64Array.of(0), NO_BASIS)).to.be.closeTo(same.mean, 1e-9);
    expect(other.mean).to.be.closeTo(0, 1e-6);
    expect(other.variance).to.be.closeTo(6.25, 1e-6);
  });

  it('believes the same of 3 repeats as one row of weight 3 as of 3 rows', () => {
    const apart = problemOf([[0], [0], [0], [1]], [1, 1.2, 1.4, 2]);
    const joined = problemOf([[0], [1]], [1.2, 2], {
      weight: Float64Array.of(3, 1),
      scatter: Float64Array.of(0.08, 0),
    });
    const hyper = [0, -1, 0, 0];

    const a = predictGp(conditionGp(apart, hyper), Float64Array.of(0.4), NO_BASIS);
    const b = predictGp(conditionGp(joined, hyper), Float64Array.of(0.4), NO_BASIS);
    // The likelihoods differ by a constant alone, so their difference is the same at any hyper-parameters.
    const flat: GpPrior = {
      amplitude: { mean: 0, sd: 1e9 },
      noise: { mean: 0, sd: 1e9 },
      own: { mean: 0, sd: 1e9 },
      lengths: [{ mean: 0, sd: 1e9 }],
    };
    const difference = (at: readonly number[]): number =>
      negativeLogPosterior(apart, flat)(Float64Array.from(at), new Float64Array(4)) -
      negativeLogPosterior(joined, flat)(Float64Array.from(at), new Float64Array(4));

    expect(a.mean).to.be.closeTo(b.mean, 1e-6);
    expect(a.variance).to.be.closeTo(b.variance, 1e-6);
    expect(difference([0, -1, 0, 0])).to.be.closeTo(difference([0.7, -2, 0, -0.5]), 1e-4);
  });

  it('finds the noise with which 120 runs were drawn', () => {
    const random = seededRandom(7);
    const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const x = Array.from({ length: 120 }, () => [6 * random()]);
    const problem = problemOf(
      x,
      x.map(([a]) => Math.sin(a!) + 0.1 * normal()),
    );

    const hyper = tuneGp(() => problem, { ...PRIOR, lengths: [{ mean: 0, sd: 1 }] }, [[0, -1, 0, 0]]);

    // Drawn with 0.1; the standard error of a deviation from 120 values is 0.1/√240 = 0.0065.
    expect(Math.exp(hyper[1]!)).to.be.closeTo(0.1, 0.02);
  });
});
