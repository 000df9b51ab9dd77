/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import { nonNegativeLeastSquares } from './nnls.ts';

/** One miss counts no more than this, in units of log time: a single failed extrapolation should not decide everything. */
const LARGEST_ERROR = 1;
/** Holds the sum of the weights at 1. */
const SUM_PENALTY = 1e4;

/**
 * The weights of members, not negative and of sum 1, whose weighted errors have the least squares, pulled towards `prior`.
 *
 * @param errors - one row per left-out run: the error of each member
 * @param prior - what the weights are without errors, of sum 1
 * @param pull - with so many left-out runs the prior counts as much as they do; with more it fades faster than they grow
 * @see Breiman, "Stacked regressions", 1996
 */
export function stack(errors: readonly (readonly number[])[], prior: readonly number[], pull: number): number[] {
  const k = prior.length;
  const gram = new Float64Array(k * k);
  for (const row of errors) {
    const bounded = row.map((error) => Math.max(-LARGEST_ERROR, Math.min(LARGEST_ERROR, error)));
    for (let a = 0; a < k; a += 1) {
      for (let b = 0; b < k; b += 1) gram[a * k + b] = gram[a * k + b]! + bounded[a]! * bounded[b]!;
    }
  }
  const size = prior.reduce((sum, weight, a) => sum + weight * gram[a * k + a]!, 0);
  if (!(size > 0)) return [...prior];

  const target = new Float64Array(k);
  const strength = (pull / errors.length) ** 1.5 * size;
  for (let a = 0; a < k; a += 1) {
    const hold = strength / Math.max(prior[a]!, 0.01);
    for (let b = 0; b < k; b += 1) gram[a * k + b] = gram[a * k + b]! + SUM_PENALTY * size;
    gram[a * k + a] = gram[a * k + a]! + hold;
    target[a] = hold * prior[a]! + SUM_PENALTY * size;
  }
  const weights = nonNegativeLeastSquares(gram, target);
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return [...weights].map((weight) => weight / sum);
}
