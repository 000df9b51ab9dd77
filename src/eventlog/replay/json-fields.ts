import type { Long } from '../../spark/rest.ts';
import { EventLogError } from '../../util/errors.ts';

/** A parsed JSON object: keys may be anything, `__proto__` too, so what is made of them is made of own properties. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Spark counts in longs of 64 bits. */
const MAX_LONG = 2 ** 63;
/** The furthest time a `Date` can hold: what lies beyond was never a time. */
const MAX_EPOCH_MS = 8.64e15;

/** Refuses an event: the line is skipped, counted and reported, the rest of the log is not affected. */
export function refuse(reason: string): never {
  throw new EventLogError('EVENT_LOG_BAD_EVENT', reason);
}

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The value under a key; `undefined` for an absent key and for JSON's `null`, which Spark's reader takes alike.
 *
 * @param key - one that no object inherits; parsed JSON itself has no other prototype, whatever its keys are
 */
export function field(record: JsonRecord, key: string): unknown {
  return record[key] ?? undefined;
}

/** @throws EventLogError `EVENT_LOG_BAD_EVENT` when it is missing or no object */
export function recordField(record: JsonRecord, key: string): JsonRecord {
  return optionalRecord(record, key) ?? refuse(`"${key}" is missing`);
}

export function optionalRecord(record: JsonRecord, key: string): JsonRecord | undefined {
  const value = field(record, key);
  if (value === undefined || isRecord(value)) return value;
  return refuse(`"${key}" is no object`);
}

/** The elements of a list, an absent one being empty. */
export function listField(record: JsonRecord, key: string): readonly unknown[] {
  const value = field(record, key);
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly unknown[]) : refuse(`"${key}" is no list`);
}

/** The elements of a list that must be objects, an absent one being empty. */
export function recordsField(record: JsonRecord, key: string): readonly JsonRecord[] {
  return listField(record, key).map((value) => (isRecord(value) ? value : refuse(`"${key}" holds no objects`)));
}

/** A whole number, exact: a `bigint` beyond 2^53. */
export function longField(record: JsonRecord, key: string): Long {
  return optionalLong(record, key) ?? refuse(`"${key}" is missing`);
}

export function optionalLong(record: JsonRecord, key: string): Long | undefined {
  const value = field(record, key);
  if (value === undefined || typeof value === 'bigint') return value;
  // JSON may well hold 1e999: as a sum it would take every other number with it.
  return typeof value === 'number' && Math.abs(value) <= MAX_LONG ? Math.trunc(value) : refuse(`"${key}" is no number`);
}

/** A whole number that fits a Java `int`: an id, an index, a count of cores. */
export function intField(record: JsonRecord, key: string): number {
  return optionalInt(record, key) ?? refuse(`"${key}" is missing`);
}

export function optionalInt(record: JsonRecord, key: string): number | undefined {
  const value = optionalLong(record, key);
  if (value === undefined) return undefined;
  return typeof value === 'number' && (value | 0) === value ? value : refuse(`"${key}" is no 32-bit number`);
}

/** Milliseconds since 1970. */
export function timeField(record: JsonRecord, key: string): number {
  return optionalTime(record, key) ?? refuse(`"${key}" is missing`);
}

export function optionalTime(record: JsonRecord, key: string): number | undefined {
  const value = optionalLong(record, key);
  if (value === undefined) return undefined;
  return typeof value === 'number' && Math.abs(value) <= MAX_EPOCH_MS ? value : refuse(`"${key}" is no time`);
}

export function textField(record: JsonRecord, key: string): string {
  return optionalText(record, key) ?? refuse(`"${key}" is missing`);
}

/** A text as Jackson's `asText` gives it: scalars as they are written, objects and lists as nothing. */
export function optionalText(record: JsonRecord, key: string): string | undefined {
  const value = field(record, key);
  return value === undefined ? undefined : asText(value);
}

export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint' ? String(value) : '';
}

export function booleanField(record: JsonRecord, key: string): boolean {
  return field(record, key) === true;
}

/** A map of texts such as properties or log addresses, with own keys only. */
export function textMap(record: JsonRecord | undefined): Readonly<Record<string, string>> {
  if (record === undefined) return {};
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, asText(value)]));
}
