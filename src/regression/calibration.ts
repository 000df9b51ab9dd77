import { studentQuantile } from './distributions.ts';

/** How far left-out runs were from what was believed of them. JSON. */
export interface Calibration {
  /** |error| / believed standard deviation of each left-out run, ascending. */
  readonly scores: readonly number[];
  /** Distinct settings the model was fitted on, and features it has. */
  readonly rows: number;
  readonly features: number;
}

/** The believed deviation counts as much as this many scores. */
const PRIOR_SCORES = 4;
/** From about so many scores on their own quantile counts more than the shape of a Student distribution. */
const SCORES_TO_TRUST = 30;
/** One wild score counts no more than this when the spread is estimated. */
const LARGEST_SCORE = 6;
/**
 * Hyper-parameters were found with the left-out run among the others, so beliefs are too narrow by about (features + 2) / rows,
 * the usual price of fitting that many numbers.
 */
const optimism = ({ rows, features }: Calibration): number => Math.sqrt(1 + (features + 2) / rows);

/**
 * By how many believed standard deviations an interval reaches to each side to hold a further run with probability `confidence`.
 *
 * Between a Student quantile of the scores' spread (few scores) and their own conformal quantile (many).
 *
 * @see Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005, for the conformal quantile
 */
export function halfWidth(calibration: Calibration, confidence: number): number {
  const { scores } = calibration;
  const n = scores.length;
  const squares = scores.reduce((sum, score) => sum + Math.min(score, LARGEST_SCORE) ** 2, 0);
  const spread = Math.sqrt((PRIOR_SCORES + squares) / (PRIOR_SCORES + n));
  const student = spread * studentQuantile((1 + confidence) / 2, PRIOR_SCORES + n);
  const conformal = scores[Math.ceil(confidence * (n + 1)) - 1] ?? student;
  const trust = n / (n + SCORES_TO_TRUST);
  return optimism(calibration) * (trust * conformal + (1 - trust) * student);
}
