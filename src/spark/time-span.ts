import { parseQuantity, scale } from './quantity.ts';
import type { Long } from './rest.ts';

const SECOND = 1000;

/** Milliseconds per unit, as Spark's `JavaUtils` has them. */
export const MS_PER_UNIT = {
  us: 1 / 1000,
  ms: 1,
  s: SECOND,
  m: 60 * SECOND,
  min: 60 * SECOND,
  h: 3600 * SECOND,
  d: 24 * 3600 * SECOND,
} as const;
export type TimeUnit = keyof typeof MS_PER_UNIT;

const msPerUnit = new Map<string, number>(Object.entries(MS_PER_UNIT));

/**
 * Reads a time span as Spark's properties have it: `300s`, `5min`, `100us`, `-1`.
 *
 * Wider than Spark by a fraction (`1.5h`) and a space before the unit (`300 s`), as for sizes.
 *
 * @param bareUnit - what a number without unit counts; it differs per property
 * @returns milliseconds (a fraction for microseconds, where Spark itself rounds down), `undefined` for text that is no time span
 * @see Spark, `common/utils/src/main/java/org/apache/spark/network/util/JavaUtils.java`, `timeStringAs`
 */
export function parseTimeSpan(text: string, bareUnit: TimeUnit): Long | undefined {
  const quantity = parseQuantity(text);
  if (quantity === undefined) return undefined;
  const factor = msPerUnit.get(quantity.unit === '' ? bareUnit : quantity.unit);
  return factor === undefined ? undefined : scale(quantity, factor);
}
