/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import { choleskyInPlace, solveCholesky } from './linear-algebra.ts';

/** Keeps two equal columns apart: a relative ridge far below any measured noise. */
const RIDGE = 1e-10;
const TOLERANCE = 1e-9;

/**
 * The w ≥ 0 that minimises ½·wᵀ·gram·w − target·w: non-negative least squares in the form of its normal equations,
 * with gram = AᵀA and target = Aᵀb. The active set method of Lawson and Hanson.
 *
 * @param gram - p × p, row-major, positive semi-definite
 * @see Lawson and Hanson, "Solving Least Squares Problems", 1974, chapter 23; Bro and de Jong, 1997, for the normal equations
 */
export function nonNegativeLeastSquares(gram: Float64Array, target: Float64Array): Float64Array {
  const p = target.length;
  // Columns of unit length: the order in which weights enter then does not depend on units.
  const unit = target.map((_, i) => 1 / Math.sqrt(Math.max(gram[i * p + i]!, Number.MIN_VALUE)));
  const scaledGram = gram.map((value, at) => value * unit[Math.floor(at / p)]! * unit[at % p]!);
  const scaledTarget = target.map((value, i) => value * unit[i]!);
  const tolerance = TOLERANCE * scaledTarget.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

  let w = new Float64Array(p);
  const free = new Set<number>();
  for (let round = 0; round < 3 * p; round += 1) {
    const entering = steepest(scaledGram, scaledTarget, w, free, tolerance);
    if (entering === -1) break;
    free.add(entering);
    w = settle(scaledGram, scaledTarget, w, free);
  }
  return w.map((value, i) => value * unit[i]!);
}

/** The weight at 0 whose growth lowers the error most; −1 when none does. */
function steepest(
  gram: Float64Array,
  target: Float64Array,
  w: Float64Array,
  free: ReadonlySet<number>,
  tolerance: number,
): number {
  const p = target.length;
  let best = -1;
  let most = tolerance;
  for (let i = 0; i < p; i += 1) {
    if (free.has(i)) continue;
    let gain = target[i]!;
    for (let j = 0; j < p; j += 1) gain -= gram[i * p + j]! * w[j]!;
    if (gain > most) {
      most = gain;
      best = i;
    }
  }
  return best;
}

/** Moves from `w` towards the unconstrained optimum of the free weights; one that would become negative is fixed at 0. */
function settle(
  gram: Float64Array,
  target: Float64Array,
  from: Float64Array,
  free: Set<number>,
): Float64Array<ArrayBuffer> {
  let w = Float64Array.from(from);
  for (;;) {
    const optimum = solveFree(
      gram,
      target,
      [...free].sort((a, b) => a - b),
    );
    let step = 1;
    let blocking = -1;
    for (const i of free) {
      if (optimum[i]! > 0) continue;
      const reach = w[i]! <= 0 ? 0 : w[i]! / (w[i]! - optimum[i]!);
      if (reach <= step) {
        step = reach;
        blocking = i;
      }
    }
    w = w.map((value, i) => (free.has(i) ? value + step * (optimum[i]! - value) : 0));
    if (blocking === -1) return w;
    free.delete(blocking);
    w[blocking] = 0;
  }
}

/** Least squares over the weights of `index`; the others are 0. */
function solveFree(gram: Float64Array, target: Float64Array, index: readonly number[]): Float64Array {
  const p = target.length;
  const k = index.length;
  const w = new Float64Array(p);
  for (let ridge = RIDGE; ; ridge *= 100) {
    const part = new Float64Array(k * k);
    index.forEach((i, a) => {
      index.forEach((j, b) => (part[a * k + b] = gram[i * p + j]!));
      part[a * k + a] = part[a * k + a]! + ridge;
    });
    if (!choleskyInPlace(part, k)) continue;
    const solved = solveCholesky(
      part,
      k,
      index.map((i) => target[i]!),
    );
    index.forEach((i, a) => (w[i] = solved[a]!));
    return w;
  }
}
