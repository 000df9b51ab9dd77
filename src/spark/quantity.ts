import type { Long } from './rest.ts';

/** A number and the unit behind it, as Spark's sizes and times are written. */
export interface Quantity {
  /** Decimal text without its sign. */
  readonly digits: string;
  readonly negative: boolean;
  /** Lower case, empty for a bare number. */
  readonly unit: string;
}

const QUANTITY = /^(-?)(\d+(?:\.\d+)?) *([a-z]*)$/;
/** No number that Spark accepts is longer; a longer text costs nothing but this look. */
const MAX_LENGTH = 64;
/** Spark computes in signed 64-bit numbers and refuses what does not fit. */
const MAX_LONG = 2n ** 63n - 1n;

/**
 * Takes a size or a time apart: any case, spaces around it and before the unit.
 *
 * @returns `undefined` for any other text
 */
export function parseQuantity(text: string): Quantity | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const [, sign, digits, unit] = QUANTITY.exec(text.trim().toLowerCase()) ?? [];
  return digits === undefined || unit === undefined ? undefined : { digits, negative: sign === '-', unit };
}

/**
 * `digits × factor`, exact for whole numbers.
 *
 * @returns `undefined` above 2^63 − 1, where Spark fails
 */
export function scale(quantity: Quantity, factor: number): Long | undefined {
  const { digits, negative } = quantity;
  const product = Number(digits) * factor;
  if (Math.abs(product) <= Number.MAX_SAFE_INTEGER) return negative && product !== 0 ? -product : product;
  if (digits.includes('.') || !Number.isInteger(factor)) {
    return product < Number(MAX_LONG) ? (negative ? -product : product) : undefined;
  }
  const exact = BigInt(digits) * BigInt(factor);
  if (exact > MAX_LONG) return undefined;
  return negative ? -exact : exact;
}
