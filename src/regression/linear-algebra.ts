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
  for (let j = 0; j < n; j += 1) {
    const rowJ = j * n;
    let square = a[rowJ + j]!;
    for (let k = 0; k < j; k += 1) square -= a[rowJ + k]! * a[rowJ + k]!;
    if (!(square > 0)) return false;
    const diagonal = Math.sqrt(square);
    a[rowJ + j] = diagonal;
    let i = j + 1;
    // Four rows at a time: each sum waits for itself, so four of them take hardly longer than one. Each adds in the same order as alone.
    for (; i + 3 < n; i += 4) {
      const [row0, row1, row2, row3] = [i * n, (i + 1) * n, (i + 2) * n, (i + 3) * n];
      let sum0 = a[row0 + j]!;
      let sum1 = a[row1 + j]!;
      let sum2 = a[row2 + j]!;
      let sum3 = a[row3 + j]!;
      for (let k = 0; k < j; k += 1) {
        const factor = a[rowJ + k]!;
        sum0 -= a[row0 + k]! * factor;
        sum1 -= a[row1 + k]! * factor;
        sum2 -= a[row2 + k]! * factor;
        sum3 -= a[row3 + k]! * factor;
      }
      a[row0 + j] = sum0 / diagonal;
      a[row1 + j] = sum1 / diagonal;
      a[row2 + j] = sum2 / diagonal;
      a[row3 + j] = sum3 / diagonal;
    }
    for (; i < n; i += 1) {
      const row = i * n;
      let sum = a[row + j]!;
      for (let k = 0; k < j; k += 1) sum -= a[row + k]! * a[rowJ + k]!;
      a[row + j] = sum / diagonal;
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

/** (L·Lᵀ)⁻¹, both triangles filled. Four sums at a time, as above. */
export function inverseFromCholesky(l: SquareMatrix, n: number): SquareMatrix {
  const w = columnsOfInverse(l, n);
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    const row = i * n;
    let j = 0;
    for (; j + 3 <= i; j += 4) {
      const [row0, row1, row2, row3] = [j * n, (j + 1) * n, (j + 2) * n, (j + 3) * n];
      let sum0 = 0;
      let sum1 = 0;
      let sum2 = 0;
      let sum3 = 0;
      for (let k = i; k < n; k += 1) {
        const factor = w[row + k]!;
        sum0 += factor * w[row0 + k]!;
        sum1 += factor * w[row1 + k]!;
        sum2 += factor * w[row2 + k]!;
        sum3 += factor * w[row3 + k]!;
      }
      inverse[row + j] = sum0;
      inverse[row + j + 1] = sum1;
      inverse[row + j + 2] = sum2;
      inverse[row + j + 3] = sum3;
    }
    for (; j <= i; j += 1) {
      let sum = 0;
      for (let k = i; k < n; k += 1) sum += w[row + k]! * w[j * n + k]!;
      inverse[row + j] = sum;
    }
    for (let c = 0; c < i; c += 1) inverse[c * n + i] = inverse[row + c]!;
  }
  return inverse;
}

/** L⁻¹, its columns as rows, so that all products run along rows in memory. */
function columnsOfInverse(l: SquareMatrix, n: number): SquareMatrix {
  const w = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) w[i * n + i] = 1 / l[i * n + i]!;
  for (let first = 0; first < n; first += 4) {
    const last = Math.min(first + 3, n - 1);
    const [row0, row1, row2, row3] = [first * n, (first + 1) * n, (first + 2) * n, (first + 3) * n];
    for (let i = first + 1; i < n; i += 1) {
      const rowI = i * n;
      if (last - first === 3 && i > last) {
        let sum0 = 0;
        let sum1 = 0;
        let sum2 = 0;
        let sum3 = 0;
        // Above its diagonal a column is 0, so starting early adds nothing.
        for (let k = first; k < i; k += 1) {
          const factor = l[rowI + k]!;
          sum0 -= factor * w[row0 + k]!;
          sum1 -= factor * w[row1 + k]!;
          sum2 -= factor * w[row2 + k]!;
          sum3 -= factor * w[row3 + k]!;
        }
        w[row0 + i] = sum0 / l[rowI + i]!;
        w[row1 + i] = sum1 / l[rowI + i]!;
        w[row2 + i] = sum2 / l[rowI + i]!;
        w[row3 + i] = sum3 / l[rowI + i]!;
        continue;
      }
      for (let j = first; j <= last && j < i; j += 1) {
        let sum = 0;
        for (let k = j; k < i; k += 1) sum -= l[rowI + k]! * w[j * n + k]!;
        w[j * n + i] = sum / l[rowI + i]!;
      }
    }
  }
  return w;
}

/** The sum of a[i]·b[i]. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!;
  return sum;
}
