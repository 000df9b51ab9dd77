/** One quantity as a product of factors, before and after. */
export interface Factors {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/**
 * Splits the change of a product among its factors, so that the parts add up to the change exactly.
 *
 * Each factor gets the logarithm of its own ratio times the logarithmic mean of the two products. The result is the same
 * whichever run comes first (but for the sign), in whatever order the factors stand, and leaves no rest.
 * A product that comes from or goes to nothing belongs to the factors that were zero.
 *
 * @param factors - as many before as after, none negative
 * @returns milliseconds (or whatever the product counts) by factor
 * @see B. W. Ang, "The LMDI approach to decomposition analysis: a practical guide", Energy Policy 33 (2005): LMDI-I, additive,
 *   and its limits for zero values
 */
export function splitChange({ before, after }: Factors): number[] {
  const from = product(before);
  const to = product(after);
  const change = to - from;
  if (from <= 0 || to <= 0) return shareOfZeros(change, from <= 0 ? before : after);
  const mean = logMean(from, to);
  return before.map((factor, i) => mean * Math.log((after[i] ?? 1) / factor));
}

/** (b − a) / (ln b − ln a), and a where both are equal. */
export function logMean(a: number, b: number): number {
  // Near equality the quotient loses its digits; the geometric mean differs there by less than they are worth.
  return Math.abs(b / a - 1) < 1e-8 ? Math.sqrt(a * b) : (b - a) / Math.log(b / a);
}

/** Of a product that is nothing, its zero factors share the change equally. */
function shareOfZeros(change: number, factors: readonly number[]): number[] {
  const zeros = factors.filter((factor) => factor <= 0).length;
  return factors.map((factor) => (factor <= 0 && change !== 0 ? change / zeros : 0));
}

function product(factors: readonly number[]): number {
  return factors.reduce((total, factor) => total * factor, 1);
}
