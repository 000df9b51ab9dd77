import { restToIsoTime } from '../spark/rest-time.ts';
import { EXECUTOR_TIMES, JOB_TIMES, SQL_TIMES, STAGE_TIMES } from '../spark/time-fields.ts';
import { DocumentError } from '../util/errors.ts';
import type { Json, JsonObject } from './documents.ts';
import { setOwn } from './own-properties.ts';
import { isCountable, redactDeep, type Redact, requireCountable } from './redact.ts';

/** What becomes of the fields of one kind of row; a field not named here is kept, its text without secrets. */
interface RowShape {
  readonly kind: string;
  /** Fields the original left out: addresses, links and stack traces, large and of no use later. */
  readonly omitted: ReadonlySet<string>;
  readonly times: ReadonlySet<string>;
  /** Spark's own words and numbers, which cannot hold a secret: kept as they are, because this is nearly all of a row. */
  readonly plain: ReadonlySet<string>;
}

export const EXECUTOR_ROW: RowShape = {
  kind: 'executor',
  omitted: new Set(['hostPort', 'executorLogs']),
  times: new Set(EXECUTOR_TIMES),
  plain: new Set(['id', 'memoryMetrics', 'peakMemoryMetrics', 'blacklistedInStages', 'excludedInStages']),
};
export const STAGE_ROW: RowShape = {
  kind: 'stage',
  omitted: new Set(['details']),
  times: new Set(STAGE_TIMES),
  plain: new Set(['status', 'rddIds', 'peakExecutorMetrics']),
};
export const JOB_ROW: RowShape = {
  kind: 'job',
  omitted: new Set(),
  times: new Set(JOB_TIMES),
  plain: new Set(['status', 'stageIds']),
};
export const SQL_ROW: RowShape = {
  kind: 'SQL execution',
  omitted: new Set(),
  times: new Set(SQL_TIMES),
  plain: new Set(['status', 'runningJobIds', 'successJobIds', 'failedJobIds', 'edges']),
};

/**
 * Rows of the History Server as the raw document keeps them.
 *
 * @throws DocumentError `DOCUMENT_INVALID_TIME`, `DOCUMENT_INVALID_NUMBER`, `DOCUMENT_TOO_DEEP`
 */
export function rawRows(
  rows: readonly Readonly<Record<string, unknown>>[],
  shape: RowShape,
  redact: Redact,
): readonly JsonObject[] {
  return rows.map((row) => rawRow(row, shape, redact));
}

function rawRow(row: Readonly<Record<string, unknown>>, shape: RowShape, redact: Redact): JsonObject {
  const copy: Record<string, Json> = {};
  for (const key of Object.keys(row)) {
    const value = row[key];
    if (typeof value === 'number') setOwn<Json>(copy, key, requireCountable(value, key));
    else if (typeof value === 'boolean') setOwn<Json>(copy, key, value);
    else if (value === undefined) continue;
    else if (shape.plain.has(key) && isFlat(value)) setOwn(copy, key, value as Json);
    else if (shape.times.has(key)) setTime(copy, key, value, shape.kind);
    else if (!shape.omitted.has(key)) setOwn(copy, key, redactDeep(value, key, redact));
  }
  return copy;
}

/** Whether a value is what Spark writes under such a key: a text, or a list or an object of texts and numbers. */
function isFlat(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const inner: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return inner.every(
    (one) => typeof one === 'string' || typeof one === 'bigint' || (typeof one === 'number' && isCountable(one)),
  );
}

/** A time that is not there (`null` in the answers of some proxies) is left out. */
function setTime(copy: Record<string, Json>, key: string, value: unknown, kind: string): void {
  if (value !== null) copy[key] = requireIsoTime(value, `${key} of ${kind}`);
}

/**
 * @param what - field and object, for the message
 * @throws DocumentError `DOCUMENT_INVALID_TIME`
 */
export function requireIsoTime(value: unknown, what: string): string {
  const time = typeof value === 'string' ? restToIsoTime(value) : undefined;
  if (time !== undefined) return time;
  throw new DocumentError(
    'DOCUMENT_INVALID_TIME',
    `The ${what} is ${JSON.stringify(value)}, but Spark writes a time as yyyy-MM-dd'T'HH:mm:ss.SSS'GMT'`,
  );
}
