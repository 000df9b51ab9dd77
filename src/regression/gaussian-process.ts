/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import {
  choleskyInPlace,
  dot,
  inverseFromCholesky,
  logDeterminant,
  solveCholesky,
  solveLower,
  type SquareMatrix,
} from './linear-algebra.ts';
import { minimize } from './minimize.ts';

/** A Gaussian belief about one number. */
export interface Gaussian {
  readonly mean: number;
  readonly variance: number;
}

/** A prior of the logarithm of a hyper-parameter. */
export interface LogPrior {
  readonly mean: number;
  readonly sd: number;
}

/** What a Gaussian process believes before it has seen a run. */
export interface GpPrior {
  /** Size of what the basis does not explain, in units of y. */
  readonly amplitude: LogPrior;
  /** Standard deviation of one run, in units of y. */
  readonly noise: LogPrior;
  /** How far single values of a column are from what is smooth, in units of y. */
  readonly own: LogPrior;
  /** Distance over which the smooth part changes, one per group of columns. */
  readonly lengths: readonly LogPrior[];
}

/** The runs as a Gaussian process sees them. */
export interface GpProblem {
  readonly x: readonly Float64Array[];
  /** Group of each column of x; the columns of a group share a length. */
  readonly groups: readonly number[];
  readonly y: Float64Array;
  readonly weight: Float64Array;
  readonly scatter: Float64Array;
  /** Basis functions at each row, each already multiplied by the prior standard deviation of its coefficient. */
  readonly basis: readonly Float64Array[];
  /** Columns of few values, each of which may have something of its own that no smooth curve through the others tells. */
  readonly levels: readonly { readonly column: number; readonly share: number }[];
}

/** Logarithms: amplitude, noise, what values have of their own, then one length per group. */
export type GpHyperParameters = readonly number[];

/** A Gaussian process that has seen its runs. */
export interface GpPosterior {
  readonly problem: GpProblem;
  readonly hyper: GpHyperParameters;
  readonly factor: SquareMatrix;
  readonly alpha: Float64Array;
  /** What the runs say of the coefficients of the basis: mean of each. */
  readonly coefficients: Float64Array;
  /** The columns of x over their lengths, row after row: what the covariance looks at. */
  readonly scaled: Float64Array;
  /** One over the length of each column. */
  readonly scales: Float64Array;
  readonly fewValues: FewValues;
}

/** The columns of few values by themselves, row after row: whether two rows share one is asked a hundred thousand times for one suggestion. */
interface FewValues {
  readonly columns: readonly number[];
  readonly shares: Float64Array;
  readonly values: Float64Array;
}

const SQRT5 = Math.sqrt(5);
/** Where the lengths begin among the hyper-parameters. */
export const FIRST_LENGTH = 3;
/** Encoded values that differ by less are the same. */
const SAME = 1e-9;

/** Steps from each start, on few rows, before only the best is followed further. */
const FIRST_STEPS = 20;
const NEXT_STEPS = 18;
/** Rows of the first and of the next steps: each step costs their cube, and more hardly change the answer. */
const FIRST_ROWS = 60;
const NEXT_ROWS = 125;

/**
 * The most probable hyper-parameters: marginal likelihood times prior, maximised from several starts.
 *
 * @param problemOf - the problem of at most so many rows
 * @param starts - each a point to begin at
 */
export function tuneGp(
  problemOf: (rows: number) => GpProblem,
  prior: GpPrior,
  starts: readonly GpHyperParameters[],
): GpHyperParameters {
  const first = negativeLogPosterior(problemOf(FIRST_ROWS), prior);
  const minima = starts.map((start) => minimize(first, start, { maxEvaluations: FIRST_STEPS }));
  const best = minima.reduce((a, b) => (b.value < a.value ? b : a));
  return [...minimize(negativeLogPosterior(problemOf(NEXT_ROWS), prior), best.x, { maxEvaluations: NEXT_STEPS }).x];
}

/** The same from hyper-parameters of nearly the same runs on, in a few steps. */
export function retuneGp(
  problem: GpProblem,
  prior: GpPrior,
  from: GpHyperParameters,
  steps: number,
): GpHyperParameters {
  return [...minimize(negativeLogPosterior(problem, prior), from, { maxEvaluations: steps }).x];
}

/**
 * −ln p(y | hyper) − ln p(hyper), with its gradient.
 *
 * Repeats of a setting are one row: their scatter about its mean tells of the noise alone (a sufficient statistic).
 *
 * @see Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, equations 2.30 and 5.9
 * @see Binois, Gramacy and Ludkovski, 2018, for repeats
 */
export function negativeLogPosterior(
  problem: GpProblem,
  prior: GpPrior,
): (hyper: Float64Array, gradient: Float64Array) => number {
  const { y, weight, scatter } = problem;
  const n = y.length;
  const groupCount = prior.lengths.length;
  const distances = squaredDistances(problem.x, problem.groups, groupCount);
  const linear = linearCovariance(problem.basis);
  const repeats = weight.reduce((sum, count) => sum + count - 1, 0);
  const scatterSum = scatter.reduce((sum, value) => sum + value, 0);
  const priors = [prior.amplitude, prior.noise, prior.own, ...prior.lengths];
  const shared = sharedValues(n, fewValuesOf(problem));
  const kernel = new Float64Array(n * n);
  const ownKernel = new Float64Array(n * n);
  const slope = new Float64Array(n * n);
  const factor = new Float64Array(n * n);

  return (hyper, gradient) => {
    const amplitude2 = Math.exp(2 * hyper[0]!);
    const noise2 = Math.exp(2 * hyper[1]!);
    const own2 = Math.exp(2 * hyper[2]!);
    const inverseLengths2 = Array.from({ length: groupCount }, (_, g) => Math.exp(-2 * hyper[FIRST_LENGTH + g]!));
    for (let i = 0; i < n; i += 1) {
      for (let j = 0; j <= i; j += 1) {
        const at = i * n + j;
        let r2 = 0;
        for (let g = 0; g < groupCount; g += 1) r2 += distances[at * groupCount + g]! * inverseLengths2[g]!;
        const r = SQRT5 * Math.sqrt(r2);
        const decay = Math.exp(-r);
        const smooth = decay * (1 + r + (r * r) / 3);
        const own = own2 * shared[at]!;
        kernel[at] = amplitude2 * smooth;
        ownKernel[at] = own * (1 + smooth);
        slope[at] = (5 / 3) * (amplitude2 + own) * decay * (1 + r);
      }
    }
    for (let i = 0; i < n; i += 1) {
      for (let j = 0; j <= i; j += 1)
        factor[i * n + j] = kernel[i * n + j]! + ownKernel[i * n + j]! + linear[i * n + j]!;
      factor[i * n + i] = factor[i * n + i]! + noise2 / weight[i]! + JITTER * amplitude2;
    }
    if (!choleskyInPlace(factor, n)) return Infinity;
    const alpha = solveCholesky(factor, n, y);
    const inverse = inverseFromCholesky(factor, n);

    gradient.fill(0);
    let noiseTrace = 0;
    for (let i = 0; i < n; i += 1) {
      for (let j = 0; j <= i; j += 1) {
        const at = i * n + j;
        // Half of the trace for the diagonal, and each pair below it stands for two.
        const w = (inverse[at]! - alpha[i]! * alpha[j]!) * (i === j ? 0.5 : 1);
        gradient[0] = gradient[0]! + 2 * w * kernel[at]!;
        gradient[2] = gradient[2]! + 2 * w * ownKernel[at]!;
        if (i === j) noiseTrace += (w * 2 * noise2) / weight[i]!;
        else {
          for (let g = 0; g < groupCount; g += 1)
            gradient[FIRST_LENGTH + g] =
              gradient[FIRST_LENGTH + g]! + w * slope[at]! * distances[at * groupCount + g]! * inverseLengths2[g]!;
        }
      }
    }
    gradient[1] = noiseTrace + repeats - scatterSum / noise2;
    let value = 0.5 * dot(alpha, y) + 0.5 * logDeterminant(factor, n) + repeats * hyper[1]! + scatterSum / (2 * noise2);
    priors.forEach(({ mean, sd }, k) => {
      const z = (hyper[k]! - mean) / sd;
      value += 0.5 * z * z;
      gradient[k] = gradient[k]! + z / sd;
    });
    return value;
  };
}

/** Relative to the amplitude, so that two nearly equal rows do not make the matrix singular. */
const JITTER = 1e-8;

/** Lets a Gaussian process see the runs. */
export function conditionGp(problem: GpProblem, hyper: GpHyperParameters): GpPosterior {
  const n = problem.y.length;
  const scales = Float64Array.from(problem.groups, (group) => Math.exp(-hyper[FIRST_LENGTH + group]!));
  const scaled = scaledRows(problem, scales);
  const columns = problem.groups.length;
  const amplitude2 = Math.exp(2 * hyper[0]!);
  const own2 = Math.exp(2 * hyper[2]!);
  const fewValues = fewValuesOf(problem);
  const shared = sharedValues(n, fewValues);
  const covariance = linearCovariance(problem.basis);
  for (let i = 0; i < n; i += 1) {
    const row = scaled.subarray(i * columns, (i + 1) * columns);
    for (let j = 0; j <= i; j += 1) {
      const own = own2 * shared[i * n + j]!;
      covariance[i * n + j] = covariance[i * n + j]! + (amplitude2 + own) * matern(scaled, j * columns, row) + own;
    }
  }
  for (let jitter = JITTER; ; jitter *= 10) {
    const factor = Float64Array.from(covariance);
    for (let i = 0; i < n; i += 1)
      factor[i * n + i] = factor[i * n + i]! + Math.exp(2 * hyper[1]!) / problem.weight[i]! + jitter * amplitude2;
    if (!choleskyInPlace(factor, n)) continue;
    const alpha = solveCholesky(factor, n, problem.y);
    return { problem, hyper, factor, alpha, coefficients: weighted(problem.basis, alpha), scaled, scales, fewValues };
  }
}

/** The expected y at `x`. */
export function gpMean(
  { hyper, alpha, coefficients, scaled, scales, fewValues }: GpPosterior,
  x: Float64Array,
  basis: Float64Array,
): number {
  // Asked hundreds of times for one suggestion: the basis enters through its coefficients, not through each run, and no array is made.
  const at = scaledRow(scales, x);
  const amplitude2 = Math.exp(2 * hyper[0]!);
  const own2 = Math.exp(2 * hyper[2]!);
  const few = fewOf(fewValues, x);
  let sum = 0;
  for (let i = 0; i < alpha.length; i += 1) {
    const own = own2 * sharedBy(fewValues, i, few);
    sum += alpha[i]! * ((amplitude2 + own) * matern(scaled, i * at.length, at) + own);
  }
  return sum + dot(coefficients, basis);
}

/** The belief about one further run at `x`, its own noise included. */
export function predictGp(posterior: GpPosterior, x: Float64Array, basis: Float64Array): Gaussian {
  const { problem, hyper, factor, alpha } = posterior;
  const n = alpha.length;
  const cross = crossCovariance(posterior, x, basis);
  const solved = solveLower(factor, n, cross);
  const prior =
    Math.exp(2 * hyper[0]!) +
    2 * Math.exp(2 * hyper[2]!) * problem.levels.reduce((sum, { share }) => sum + share, 0) +
    dot(basis, basis);
  return { mean: dot(cross, alpha), variance: Math.max(prior - dot(solved, solved), 0) + Math.exp(2 * hyper[1]!) };
}

/**
 * What the process would believe about each row had it not seen it, without fitting again.
 *
 * @see Rasmussen and Williams, equations 5.10 to 5.12
 */
export function leaveOneOut(posterior: GpPosterior): Gaussian[] {
  const { problem, factor, alpha, hyper } = posterior;
  const n = alpha.length;
  const inverse = inverseFromCholesky(factor, n);
  return Array.from(problem.y, (y, i) => {
    const precision = inverse[i * n + i]!;
    // The variance of the row's mean becomes that of one run.
    const extra = Math.exp(2 * hyper[1]!) * (1 - 1 / problem.weight[i]!);
    return { mean: y - alpha[i]! / precision, variance: 1 / precision + extra };
  });
}

/** The belief about each coefficient of the basis; standard normal before the runs were seen. */
export function coefficientsOf({ problem, factor, alpha }: GpPosterior): Gaussian[] {
  const n = alpha.length;
  return Array.from(problem.basis[0] ?? [], (_, k) => {
    const column = Float64Array.from(problem.basis, (row) => row[k]!);
    const solved = solveLower(factor, n, column);
    return { mean: dot(column, alpha), variance: Math.max(1 - dot(solved, solved), 0) };
  });
}

function crossCovariance(
  { problem, hyper, scaled, scales, fewValues }: GpPosterior,
  x: Float64Array,
  basis: Float64Array,
): Float64Array {
  const at = scaledRow(scales, x);
  const amplitude2 = Math.exp(2 * hyper[0]!);
  const own2 = Math.exp(2 * hyper[2]!);
  const few = fewOf(fewValues, x);
  const cross = new Float64Array(problem.y.length);
  for (let i = 0; i < cross.length; i += 1) {
    const own = own2 * sharedBy(fewValues, i, few);
    cross[i] = (amplitude2 + own) * matern(scaled, i * at.length, at) + own + dot(problem.basis[i]!, basis);
  }
  return cross;
}

/** The Matérn 5/2 covariance of two rows whose columns were divided by their lengths, in units of the amplitude squared. */
function matern(rows: Float64Array, from: number, at: Float64Array): number {
  let r2 = 0;
  for (let c = 0; c < at.length; c += 1) {
    const difference = rows[from + c]! - at[c]!;
    r2 += difference * difference;
  }
  const r = SQRT5 * Math.sqrt(r2);
  return Math.exp(-r) * (1 + r + (r * r) / 3);
}

function scaledRow(scales: Float64Array, x: Float64Array): Float64Array {
  const scaled = new Float64Array(x.length);
  for (let c = 0; c < x.length; c += 1) scaled[c] = x[c]! * scales[c]!;
  return scaled;
}

function scaledRows({ x }: GpProblem, scales: Float64Array): Float64Array {
  const rows = new Float64Array(x.length * scales.length);
  x.forEach((row, i) => {
    rows.set(scaledRow(scales, row), i * scales.length);
  });
  return rows;
}

/** Σ weightᵢ · rowᵢ. */
function weighted(rows: readonly Float64Array[], weights: Float64Array): Float64Array {
  return Float64Array.from(rows[0] ?? [], (_, k) => rows.reduce((sum, row, i) => sum + row[k]! * weights[i]!, 0));
}

/** Of each pair of rows below the diagonal the squared distance in each group of columns, side by side. */
function squaredDistances(x: readonly Float64Array[], groups: readonly number[], groupCount: number): Float64Array {
  const n = x.length;
  const distances = new Float64Array(n * n * groupCount);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j < i; j += 1) {
      groups.forEach((g, c) => {
        const at = (i * n + j) * groupCount + g;
        const difference = x[i]![c]! - x[j]![c]!;
        distances[at] = distances[at]! + difference * difference;
      });
    }
  }
  return distances;
}

function linearCovariance(basis: readonly Float64Array[]): SquareMatrix {
  const n = basis.length;
  const covariance = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) covariance[i * n + j] = dot(basis[i]!, basis[j]!);
  }
  return covariance;
}

/** In how many of the columns of few values two rows have the same one. */
function sharedBy({ shares, values }: FewValues, row: number, few: Float64Array): number {
  const from = row * shares.length;
  let shared = 0;
  for (let k = 0; k < shares.length; k += 1) if (Math.abs(values[from + k]! - few[k]!) < SAME) shared += shares[k]!;
  return shared;
}

function sharedValues(n: number, fewValues: FewValues): SquareMatrix {
  const shared = new Float64Array(n * n);
  const { shares, values } = fewValues;
  if (shares.length === 0) return shared;
  for (let i = 0; i < n; i += 1) {
    const few = values.subarray(i * shares.length, (i + 1) * shares.length);
    for (let j = 0; j <= i; j += 1) shared[i * n + j] = sharedBy(fewValues, j, few);
  }
  return shared;
}

function fewValuesOf({ x, levels }: GpProblem): FewValues {
  const columns = levels.map(({ column }) => column);
  return {
    columns,
    shares: Float64Array.from(levels, ({ share }) => share),
    values: Float64Array.from(x.flatMap((row) => columns.map((column) => row[column]!))),
  };
}

/** What a question has in these columns. */
function fewOf({ columns }: FewValues, x: Float64Array): Float64Array {
  const few = new Float64Array(columns.length);
  for (let k = 0; k < columns.length; k += 1) few[k] = x[columns[k]!]!;
  return few;
}
