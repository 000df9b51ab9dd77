import type { Json } from '../documents/documents.ts';
import type { Long } from '../spark/rest.ts';

export const MS_PER_HOUR = 3_600_000;

export function longOf(value: Json | undefined): Long | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? value : undefined;
}

/** As a double: beyond ±2^53 rounded, which is right for a ratio and wrong for a sum. */
export function numberOf(value: Json | undefined): number | undefined {
  const long = longOf(value);
  return long === undefined ? undefined : Number(long);
}

export function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
