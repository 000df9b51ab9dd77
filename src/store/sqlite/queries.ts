import type { FindOptions, RunFilter } from '../store.ts';
import { checkedColumns } from './row-checksum.ts';

type Parameter = string | number;

/** A statement and what is bound to it: values never become part of the text. */
export interface Query {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

/** Where a page of runs ended: the next one starts behind it. */
export interface RunPosition {
  /** Milliseconds since 1970; null among the runs without an end, which come last in either order. */
  readonly endMs: number | null;
  readonly id: string;
}

/** Gives the run's number, or no row when a newer revision is stored. */
export const SAVE_RUN = `
  INSERT INTO run (id, cluster, app_id, attempt_id, name, user, tag, end_ms, fingerprint, revision, has_raw, has_detail, checksum)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, user = excluded.user, tag = excluded.tag, end_ms = excluded.end_ms,
    fingerprint = excluded.fingerprint, revision = excluded.revision, checksum = excluded.checksum,
    has_raw = max(has_raw, excluded.has_raw), has_detail = max(has_detail, excluded.has_detail)
  WHERE excluded.revision >= run.revision
  RETURNING number`;

export const DOCUMENT_TABLES = ['agg', 'raw', 'detail'] as const;
export type DocumentTable = (typeof DOCUMENT_TABLES)[number];

export const saveDocument = (table: DocumentTable): string => `REPLACE INTO ${table} (run, document) VALUES (?, ?)`;
export const readDocument = (table: DocumentTable): string =>
  `SELECT document FROM ${table} JOIN run ON run.number = ${table}.run WHERE run.id = ?`;

export const READ_LEDGER = `SELECT ${checkedColumns('run')} FROM run WHERE id = ?`;

export const SAVE_ERROR =
  'REPLACE INTO error (id, cluster, app_id, processed_ms, document, checksum) VALUES (?, ?, ?, ?, ?, ?)';
export const READ_ERROR = `SELECT ${checkedColumns('error')} FROM error WHERE id = ?`;
export const CLEAR_ERROR = 'DELETE FROM error WHERE id = ?';

export const STATS = `
  SELECT count(*) AS agg, coalesce(sum(has_raw), 0) AS raw, coalesce(sum(has_detail), 0) AS detail,
    (SELECT count(*) FROM error) AS err, min(end_ms) AS oldest, max(end_ms) AS newest
  FROM run`;

/** Documents of runs that ended at or before a moment; the moment is bound twice. */
export const COUNT_OLD = `
  SELECT count(*) AS agg, coalesce(sum(has_raw), 0) AS raw, coalesce(sum(has_detail), 0) AS detail,
    (SELECT count(*) FROM error WHERE processed_ms <= ?) AS err
  FROM run WHERE end_ms <= ?`;
/** Its documents go with it (`ON DELETE CASCADE`). */
export const DELETE_OLD_RUNS = `
  DELETE FROM run WHERE number IN (SELECT number FROM run WHERE end_ms <= ? LIMIT ?)
  RETURNING has_raw, has_detail, ${checkedColumns('run').replaceAll('run.', '')}`;
export const DELETE_OLD_ERRORS = 'DELETE FROM error WHERE id IN (SELECT id FROM error WHERE processed_ms <= ? LIMIT ?)';
export const OLD_RUNS_WITH_MORE = `
  SELECT number, has_raw, has_detail, ${checkedColumns('run')} FROM run WHERE end_ms <= ? AND has_raw + has_detail > 0 LIMIT ?`;
export const FORGET_MORE = 'UPDATE run SET has_raw = 0, has_detail = 0 WHERE number = ?';
export const deleteDocument = (table: DocumentTable): string => `DELETE FROM ${table} WHERE run = ?`;

/**
 * One page of runs by end time, then id: the runs with an end, or (`endMs` null) those without.
 *
 * @param source - the table of documents to read, or `run` for the ledger alone
 * @param after - where the page before ended; `undefined` for the first page of those with an end
 */
export function runPage(
  source: 'run' | 'agg' | 'raw',
  filter: RunFilter,
  order: NonNullable<FindOptions['order']>,
  after: RunPosition | undefined,
  size: number,
): Query {
  const conditions = runConditions(filter);
  const [direction, beyond] = order === 'newest-first' ? ['DESC', '<'] : ['ASC', '>'];
  if (after === undefined) conditions.add('run.end_ms IS NOT NULL');
  else if (after.endMs === null) conditions.add(`run.end_ms IS NULL AND run.id ${beyond} ?`, after.id);
  else conditions.add(`(run.end_ms, run.id) ${beyond} (?, ?)`, after.endMs, after.id);

  const columns = source === 'run' ? checkedColumns('run') : `run.id, run.end_ms, ${source}.document`;
  const join = source === 'run' ? '' : `JOIN ${source} ON ${source}.run = run.number`;
  return {
    sql: `SELECT ${columns} FROM run ${join} ${conditions.where} ORDER BY run.end_ms ${direction}, run.id ${direction} LIMIT ?`,
    parameters: [...conditions.parameters, size],
  };
}

/** The position before the first run without an end, in the given order. */
export function startOfOpenRuns(order: NonNullable<FindOptions['order']>): RunPosition {
  // No id is empty, and none starts with the last code point.
  return { endMs: null, id: order === 'newest-first' ? '\u{10FFFF}' : '' };
}

/** Whether a run without an end can match: a bound on the end leaves it out. */
export function includesOpenRuns(filter: RunFilter): boolean {
  return filter.endedAfter === undefined && filter.endedBefore === undefined;
}

export interface ErrorPosition {
  readonly processedMs: number;
  readonly id: string;
}

/** One page of error documents by the time of their last try, then id. */
export function errorPage(
  filter: RunFilter,
  order: NonNullable<FindOptions['order']>,
  after: ErrorPosition | undefined,
  size: number,
): Query {
  const conditions = new Conditions();
  if (filter.cluster !== undefined) conditions.add('cluster = ?', wellFormed(filter.cluster));
  if (filter.app !== undefined) conditions.add('app_id = ?', wellFormed(filter.app));
  if (filter.user !== undefined || filter.tag !== undefined) conditions.add('FALSE');
  if (filter.endedAfter !== undefined) conditions.add('processed_ms >= ?', filter.endedAfter.getTime());
  if (filter.endedBefore !== undefined) conditions.add('processed_ms <= ?', filter.endedBefore.getTime());
  const [direction, beyond] = order === 'newest-first' ? ['DESC', '<'] : ['ASC', '>'];
  if (after !== undefined) conditions.add(`(processed_ms, id) ${beyond} (?, ?)`, after.processedMs, after.id);
  return {
    sql: `SELECT ${checkedColumns('error')} FROM error ${conditions.where} ORDER BY processed_ms ${direction}, id ${direction} LIMIT ?`,
    parameters: [...conditions.parameters, size],
  };
}

function runConditions(filter: RunFilter): Conditions {
  const conditions = new Conditions();
  if (filter.cluster !== undefined) conditions.add('run.cluster = ?', wellFormed(filter.cluster));
  if (filter.app !== undefined)
    conditions.add('(run.app_id = ? OR run.name = ?)', wellFormed(filter.app), wellFormed(filter.app));
  if (filter.user !== undefined) conditions.add('run.user = ?', wellFormed(filter.user));
  if (filter.tag !== undefined) conditions.add('run.tag = ?', wellFormed(filter.tag));
  if (filter.endedAfter !== undefined) conditions.add('run.end_ms >= ?', filter.endedAfter.getTime());
  if (filter.endedBefore !== undefined) conditions.add('run.end_ms <= ?', filter.endedBefore.getTime());
  return conditions;
}

/** A lone surrogate cannot be told in UTF-8; SQLite would keep it as U+FFFD, and so it is looked for as that. */
export function wellFormed(text: string): string {
  return text.toWellFormed();
}

class Conditions {
  readonly parameters: Parameter[] = [];
  readonly #texts: string[] = [];

  add(text: string, ...parameters: Parameter[]): void {
    this.#texts.push(text);
    this.parameters.push(...parameters);
  }

  get where(): string {
    return this.#texts.length === 0 ? '' : `WHERE ${this.#texts.join(' AND ')}`;
  }
}
