import { parseQuantity, scale } from './quantity.ts';
import type { Long } from './rest.ts';

const KIB = 1024;

/** Bytes per unit, as Spark's `JavaUtils` has them: every unit is a power of 1024. */
export const BYTES_PER_UNIT = {
  b: 1,
  k: KIB,
  kb: KIB,
  m: KIB ** 2,
  mb: KIB ** 2,
  g: KIB ** 3,
  gb: KIB ** 3,
  t: KIB ** 4,
  tb: KIB ** 4,
  p: KIB ** 5,
  pb: KIB ** 5,
} as const;
export type ByteUnit = keyof typeof BYTES_PER_UNIT;

const bytesPerUnit = new Map<string, number>(Object.entries(BYTES_PER_UNIT));

/**
 * Reads a size as Spark's properties have it: `1g`, `512MB`, `2048`, `-1`.
 *
 * Wider than Spark in two ways, because a property that Spark did not read may still be meant: a fraction (`12.5g`) and a space
 * before the unit (`20 MB`).
 *
 * @param bareUnit - what a number without unit counts; it differs per property
 * @returns bytes (a `bigint` beyond ±2^53), negative for a negative number, `undefined` for text that is no size or beyond 2^63 − 1
 * @see Spark, `common/utils/src/main/java/org/apache/spark/network/util/JavaUtils.java`, `byteStringAs`
 */
export function parseByteSize(text: string, bareUnit: ByteUnit): Long | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined) return undefined;
  const factor = bytesPerUnit.get(quantity.unit === '' ? bareUnit : quantity.unit);
  return factor === undefined ? undefined : scale(quantity, factor);
}
