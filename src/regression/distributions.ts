/** Coefficients of Acklam's rational approximation of the inverse normal distribution, relative error below 1.2e-9. */
const A = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
];
const B = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1,
];
const C = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
];
const D = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1];

const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);

/** The z below which a standard normal number falls with probability `p` in (0, 1). */
export function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * Math.log(p));
    return polynomial(C, q) / polynomial(D, q);
  }
  const q = p - 0.5;
  return (q * polynomial(A, q * q)) / polynomial(B, q * q);
}

/**
 * The probability that a standard normal number is below `z`; absolute error below 1e-7.
 *
 * @see Abramowitz and Stegun, 26.2.17
 */
export function normalCdf(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z));
  const tail = (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * t * polynomial(TAIL, t);
  return z > 0 ? 1 - tail : tail;
}

const TAIL = [1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.31938153];

/**
 * The t below which a Student number falls with probability `p`.
 *
 * @param freedom - degrees of freedom, 3 or more: the expansion is then right to 1 % up to p = 0.995
 * @see Abramowitz and Stegun, 26.7.5
 */
export function studentQuantile(p: number, freedom: number): number {
  const z = normalQuantile(p);
  const z2 = z * z;
  const terms = [
    (z * (z2 + 1)) / 4,
    (z * (5 * z2 * z2 + 16 * z2 + 3)) / 96,
    (z * (3 * z2 ** 3 + 19 * z2 * z2 + 17 * z2 - 15)) / 384,
    (z * (79 * z2 ** 4 + 776 * z2 ** 3 + 1482 * z2 * z2 - 1920 * z2 - 945)) / 92_160,
  ];
  return terms.reduce((sum, term, k) => sum + term / freedom ** (k + 1), z);
}
