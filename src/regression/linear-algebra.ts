/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */

/**
 * Dense linear algebra of symmetric positive definite matrices, in typed arrays, row-major.
 *
 * Element (i, j) of a matrix of order `n` stands at `i * n + j`.
 * Why this is here and not a package: docs/decisions/0005-linear-algebra.md.
 */
export type SquareMatrix = Float64Array;

/**
 * Replaces the lower triangle of `a` by its Cholesky factor L, where a = L·Lᵀ; the upper triangle is not touched.
 *
 * @returns false when the matrix is not positive definite; `a` is then half overwritten
 */
export function choleskyInPlace(a: SquareMatrix, n: number): boolean {
  for (let i = 0; i < n; i += 1) {
    const rowI = i * n;
    for (let j = 0; j <= i; j += 1) {
      const rowJ = j * n;
      let sum = a[rowI + j]!;
      for (let k = 0; k < j; k += 1) sum -= a[rowI + k]! * a[rowJ + k]!;
      if (j < i) a[rowI + j] = sum / a[rowJ + j]!;
      else if (sum > 0) a[rowI + i] = Math.sqrt(sum);
      else return false;
    }
  }
  return true;
}

/** Solves L·v = b. */
export function solveLower(l: SquareMatrix, n: number, b: ArrayLike<number>): Float64Array {
  const v = new Float64Array(n);
  for (let i = 0; i < n; i += 1) {
    const row = i * n;
    let sum = b[i]!;
    for (let k = 0; k < i; k += 1) sum -= l[row + k]! * v[k]!;
    v[i] = sum / l[row + i]!;
  }
  return v;
}

/** Solves Lᵀ·v = b. */
export function solveUpper(l: SquareMatrix, n: number, b: ArrayLike<number>): Float64Array {
  const v = Float64Array.from(b);
  for (let i = n - 1; i >= 0; i -= 1) {
    const row = i * n;
    const value = v[i]! / l[row + i]!;
    v[i] = value;
    for (let k = 0; k < i; k += 1) v[k] = v[k]! - l[row + k]! * value;
  }
  return v;
}

/** Solves L·Lᵀ·v = b. */
export function solveCholesky(l: SquareMatrix, n: number, b: ArrayLike<number>): Float64Array {
  return solveUpper(l, n, solveLower(l, n, b));
}

/** ln det(L·Lᵀ). */
export function logDeterminant(l: SquareMatrix, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i += 1) sum += Math.log(l[i * n + i]!);
  return 2 * sum;
}

/** (L·Lᵀ)⁻¹, both triangles filled. */
export function inverseFromCholesky(l: SquareMatrix, n: number): SquareMatrix {
  // Row j of `w` is column j of L⁻¹, so that both products run along rows in memory.
  const w = new Float64Array(n * n);
  for (let j = 0; j < n; j += 1) {
    const row = j * n;
    w[row + j] = 1 / l[row + j]!;
    for (let i = j + 1; i < n; i += 1) {
      const rowI = i * n;
      let sum = 0;
      for (let k = j; k < i; k += 1) sum -= l[rowI + k]! * w[row + k]!;
      w[row + i] = sum / l[rowI + i]!;
    }
  }
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = 0;
      for (let k = i; k < n; k += 1) sum += w[i * n + k]! * w[j * n + k]!;
      inverse[i * n + j] = sum;
      inverse[j * n + i] = sum;
    }
  }
  return inverse;
}

/** The sum of a[i]·b[i]. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}
