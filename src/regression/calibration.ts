import { studentQuantile } from './distributions.ts';

/** How far left-out runs were from what was believed of them. JSON. */
export interface Calibration {
  /** |error| / believed standard deviation of each left-out run, ascending. */
  readonly scores: readonly number[];
  /** As how many independent ones the scores count: runs left out together err together. */
  readonly independent: number;
  /** Distinct settings the model was fitted on. */
  readonly rows: number;
  /** How many numbers were found with the left-out runs among the others. */
  readonly found: number;
}

/** The believed deviation counts as much as this many scores. */
const PRIOR_SCORES = 4;
/** From about so many scores on their own quantile counts more than the shape of a Student distribution. */
const SCORES_TO_TRUST = 30;
/** One wild score counts no more than this when the spread is estimated. */
const LARGEST_SCORE = 6;
/** Beliefs are too narrow by the usual price of fitting numbers to runs that are then asked about. */
const optimism = ({ rows, found }: Calibration): number => Math.sqrt(1 + found / rows);

/**
 * By how many believed standard deviations an interval reaches to each side to hold a further run with probability `confidence`.
 *
 * Between a Student quantile of the scores' spread (few scores) and their own conformal quantile (many).
 *
 * @see Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005, for the conformal quantile
 */
export function halfWidth(calibration: Calibration, confidence: number): number {
  const { scores, independent } = calibration;
  const n = scores.length;
  const squares = scores.reduce((sum, score) => sum + Math.min(score, LARGEST_SCORE) ** 2, 0);
  const seen = n === 0 ? 0 : (independent / n) * squares;
  const spread = Math.sqrt((PRIOR_SCORES + seen) / (PRIOR_SCORES + independent));
  const student = spread * studentQuantile((1 + confidence) / 2, PRIOR_SCORES + independent);
  const conformal = scores[Math.ceil(confidence * (n + 1)) - 1] ?? student;
  const trust = independent / (independent + SCORES_TO_TRUST);
  return optimism(calibration) * (trust * conformal + (1 - trust) * student);
}

/**
 * As how many independent ones the scores of groups count: Σ size / (1 + (size − 1)·ρ), the design effect of cluster samples.
 *
 * ρ, the share of the spread that all of a group have in common, is estimated as if one more group had shown all of it to be common:
 * of one new value alone nobody knows.
 *
 * @param groups - error / believed standard deviation, with its sign, of the runs left out together
 * @see Kish, "Survey Sampling", 1965, for the design effect
 */
export function independentScores(groups: readonly (readonly number[])[]): number {
  const filled = groups.filter((group) => group.length > 0);
  const n = filled.reduce((sum, group) => sum + group.length, 0);
  if (n === filled.length) return n;
  const within =
    filled.reduce((sum, group) => sum + group.reduce((s, score) => s + (score - meanOf(group)) ** 2, 0), 0) /
    (n - filled.length);
  // A belief without bias has scores of mean 0, so the mean of a single group tells of what is common as well.
  const common = Math.max(0, meanOf(filled.map((group) => meanOf(group) ** 2 - within / group.length)));
  const share = common + within > 0 ? common / (common + within) : 1;
  const careful = (filled.length * share + 1) / (filled.length + 1);
  return filled.reduce((sum, { length }) => sum + length / (1 + (length - 1) * careful), 0);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
