import { crc32 } from 'node:zlib';
import { StoreError } from '../../util/errors.ts';

type Row = Readonly<Record<string, unknown>>;

/** Tables whose rows carry a checksum, and the columns that it covers, in their order. */
export const CHECKED_COLUMNS = {
  /** `name`, `user` and `tag` are not among them: each stands in an index too, which SQLite's own check compares with its row. */
  run: ['id', 'cluster', 'app_id', 'attempt_id', 'end_ms', 'fingerprint', 'revision'],
  error: ['id', 'cluster', 'app_id', 'processed_ms', 'document'],
  /** The body is checked where it is decoded. */
  kept: ['kind', 'id', 'revision', 'saved_at'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type CheckedTable = keyof typeof CHECKED_COLUMNS;

/** A row's columns and its checksum, for a list of columns to read. */
export const checkedColumns = (table: CheckedTable): string =>
  [...CHECKED_COLUMNS[table], 'checksum'].map((column) => `${table}.${column}`).join(', ');

/** CRC-32 of columns as SQLite keeps them. It finds what a disk did, not what a person did. */
export function rowChecksum(columns: readonly unknown[]): number {
  return crc32(JSON.stringify(columns));
}

/** Whether a row, read by {@link checkedColumns}, is what was written. SQLite itself hands out any value that fits the page. */
export function isSoundRow(table: CheckedTable, row: Row): boolean {
  return rowChecksum(CHECKED_COLUMNS[table].map((column) => row[column])) === row['checksum'];
}

/**
 * @returns the row
 * @throws StoreError `STORE_CORRUPT` when it is not what was written
 */
export function soundRow(table: CheckedTable, row: Row): Row {
  if (isSoundRow(table, row)) return row;
  throw damagedRow(table, row);
}

/**
 * As {@link soundRow}, of the values alone in the order of {@link checkedColumns}: SQLite gives those three times as fast as a row with
 * names, and hundreds are read for one answer.
 */
export function soundValues(table: CheckedTable, values: readonly unknown[]): readonly unknown[] {
  const columns = CHECKED_COLUMNS[table];
  if (rowChecksum(values.slice(0, columns.length)) === values[columns.length]) return values;
  throw damagedRow(table, Object.fromEntries(columns.map((column, index) => [column, values[index]])));
}

export function damagedRow(table: CheckedTable, row: Row): StoreError {
  const id = String(row['id']);
  return new StoreError(
    'STORE_CORRUPT',
    `The stored ${table} row ${id} is damaged: restore a backup, or crawl again into a new file`,
    { details: { table, id } },
  );
}
