import type { FeatureRole, FeatureSchema } from '../features.ts';
import {
  FIRST_LENGTH,
  coefficientsOf,
  conditionGp,
  gpMean,
  leaveOneOut,
  predictGp,
  retuneGp,
  tuneGp,
  type Gaussian,
  type GpProblem,
  type LogPrior,
} from '../gaussian-process.ts';
import { spread, subset, type TrainingData } from '../training-data.ts';
import type { Hyper } from './member.ts';

/**
 * What is expected at a row before the process has seen a run: a fixed part, and basis functions,
 * each multiplied by the standard deviation its coefficient may have.
 */
export type Mean = (x: Float64Array) => { readonly offset: number; readonly basis: Float64Array };

/** Priors of the three kinds of hyper-parameters; all lengths have the same. */
export interface GpPriors {
  readonly amplitude: LogPrior;
  readonly noise: LogPrior;
  readonly length: LogPrior;
}

/** A Gaussian process around a mean that has seen its runs. */
export interface FittedGp {
  readonly hyper: Hyper;
  readonly mean: (x: Float64Array) => number;
  readonly predict: (x: Float64Array) => Gaussian;
  readonly leaveOneOut: () => Gaussian[];
  /** What the runs say of the coefficient of each basis function; standard normal before. */
  readonly coefficients: () => Gaussian[];
}

/**
 * What a single value of a feature is off every smooth curve, about as much as runs scatter.
 * Where three or four values were seen the runs can hardly tell, so this is mostly believed: it is how unsure a new value is.
 */
const OWN: LogPrior = { mean: Math.log(0.03), sd: 0.7 };
/**
 * As shares of its variance. Nothing is known of other features beforehand; of scale-out the law is, and single numbers of executors
 * (waves of tasks, containers on machines) are off it by an eighth as much.
 */
const SHARES: Readonly<Record<FeatureRole, number>> = { other: 1, scale: 1 / 64, size: 0 };
/** With more distinct values a column is continuous, and neighbours tell of each other. */
const MOST_LEVELS = 12;

/**
 * Fits a Matérn 5/2 Gaussian process to what a mean leaves over.
 *
 * @param hyper - of an earlier fit; searched for without
 * @param steps - of a short search from `hyper` on
 */
export function gpAround(data: TrainingData, mean: Mean, priors: GpPriors, hyper?: Hyper, steps = 0): FittedGp {
  const groups = groupsOf(data.schema);
  const levels = columnsOfFewValues(data);
  const problemOf = (rows: TrainingData): GpProblem => {
    const at = rows.x.map(mean);
    return {
      x: rows.x,
      groups,
      y: rows.y.map((y, i) => y - (at[i]?.offset ?? NaN)),
      weight: rows.weight,
      scatter: rows.scatter,
      basis: at.map(({ basis }) => basis),
      levels,
    };
  };
  const lengths = data.schema.features.map(() => priors.length);
  const prior = { amplitude: priors.amplitude, noise: priors.noise, own: OWN, lengths };
  const search = (): Hyper =>
    tuneGp((rows) => problemOf(subset(data, spread(data.x.length, rows))), prior, startsOf(priors, lengths.length));
  const found = hyper === undefined ? search() : steps > 0 ? retuneGp(problemOf(data), prior, hyper, steps) : hyper;
  const posterior = conditionGp(problemOf(data), found);
  const shifted = (belief: Gaussian, offset: number): Gaussian => ({
    mean: belief.mean + offset,
    variance: belief.variance,
  });
  return {
    hyper: found,
    mean(x) {
      const { offset, basis } = mean(x);
      return offset + gpMean(posterior, x, basis);
    },
    predict(x) {
      const { offset, basis } = mean(x);
      return shifted(predictGp(posterior, x, basis), offset);
    },
    coefficients: () => coefficientsOf(posterior),
    leaveOneOut: () =>
      leaveOneOut(posterior).map((belief, i) =>
        shifted(belief, data.x[i] === undefined ? NaN : mean(data.x[i]).offset),
      ),
  };
}

/** The columns in which a value may have something of its own. */
function columnsOfFewValues({ schema, x }: TrainingData): GpProblem['levels'] {
  return schema.columns.flatMap(({ kind, role }, column) => {
    const share = SHARES[role];
    if (kind === 'flag' || share === 0) return [];
    const levels = new Set(x.map((row) => Math.round((row[column] ?? NaN) * 1e9))).size;
    return levels > 1 && levels <= MOST_LEVELS ? [{ column, share }] : [];
  });
}

/** How many of the hyper-parameters of a member belong to its process. */
export function gpHyperCount(schema: FeatureSchema): number {
  return FIRST_LENGTH + schema.features.length;
}

/** The group of each column is its feature: the columns of a category share one length. */
function groupsOf(schema: FeatureSchema): number[] {
  return schema.columns.map(({ feature }) => feature);
}

/** One start at the middle of the priors; one that explains more by smooth change and less by noise. */
function startsOf({ amplitude, noise, length }: GpPriors, lengths: number): Hyper[] {
  const all = (value: number): number[] => Array.from({ length: lengths }, () => value);
  return [
    [amplitude.mean, noise.mean, OWN.mean, ...all(length.mean)],
    [amplitude.mean - 1, noise.mean - 0.5, OWN.mean, ...all(length.mean + 0.7)],
  ];
}
