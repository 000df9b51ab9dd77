import { DatabaseSync } from 'node:sqlite';
import { decodeDocument } from './document-codec.ts';
import { checkedVersion, migrate } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { DOCUMENT_TABLES } from './queries.ts';
import { CHECKED_COLUMNS, checkedColumns, isSoundRow, type CheckedTable } from './row-checksum.ts';

const CHECKED_TABLES = Object.keys(CHECKED_COLUMNS) as readonly CheckedTable[];

const EVERY_DOCUMENT = [
  ...DOCUMENT_TABLES.map((table) => [`${table} document of run`, `SELECT run AS id, document FROM ${table}`] as const),
  ['kept document', "SELECT kind || ' ' || id AS id, body AS document FROM kept"] as const,
];

/** Whether each run has the documents that its row says, and no other. */
const RUNS_WITH_OTHER_DOCUMENTS = `
  SELECT id FROM run
  WHERE NOT EXISTS (SELECT 1 FROM agg WHERE agg.run = number)
    OR has_raw <> EXISTS (SELECT 1 FROM raw WHERE raw.run = number)
    OR has_detail <> EXISTS (SELECT 1 FROM detail WHERE detail.run = number)`;

const SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite@_%' ESCAPE '@'";

export interface DamageOptions {
  /** Reads every document too: all of the file, and not only what leads to it. */
  readonly withDocuments?: boolean;
}

/**
 * What is wrong with a store, a sentence for each finding: pages, indexes and whether both say the same (SQLite's own check), its
 * schema, rows that belong to no run or do not prove themselves by their checksum, and runs without the documents that they should have.
 *
 * @param path - for errors
 * @throws what SQLite throws when it cannot even look
 */
export function* damageIn(
  database: DatabaseSync,
  path: string,
  { withDocuments = false }: DamageOptions = {},
): Generator<string, void, undefined> {
  const pages = rowsOf(database, 'PRAGMA integrity_check(20)').map((row) => String(row['integrity_check']));
  // What stands in damaged pages is not worth reading.
  if (pages.some((finding) => finding !== 'ok')) return yield* pages;

  const version = checkedVersion(database, path);
  if (version === 0) {
    if (rowsOf(database, SCHEMA).length > 0) yield 'It has tables, but no version of them';
    return;
  }
  const schema = damageOfSchema(database, version);
  if (schema.length > 0) return yield* schema;

  for (const row of rowsOf(database, 'PRAGMA foreign_key_check'))
    yield `A row of ${String(row['table'])} belongs to no run`;
  for (const { id } of rowsOf(database, RUNS_WITH_OTHER_DOCUMENTS))
    yield `The run ${String(id)} has other documents than its row says`;

  // An older store is checked as far as it can be; its checksums are made from what is there.
  if (version < MIGRATIONS.length) return;
  for (const table of CHECKED_TABLES) {
    for (const row of database.prepare(`SELECT ${checkedColumns(table)} FROM ${table}`).iterate())
      if (!isSoundRow(table, row)) yield `The ${table} row ${String(row['id'])} is damaged`;
  }
  if (withDocuments) yield* damagedDocuments(database);
}

function* damagedDocuments(database: DatabaseSync): Generator<string, void, undefined> {
  for (const [what, sql] of EVERY_DOCUMENT) {
    for (const { id, document } of database.prepare(sql).iterate()) {
      try {
        decodeDocument(document as Uint8Array, String(id));
      } catch {
        yield `The ${what} ${String(id)} is damaged`;
      }
    }
  }
}

/** Tables and indexes of Spot's that are not as Spot makes them. What somebody added is none of ours. */
function damageOfSchema(database: DatabaseSync, version: number): readonly string[] {
  using fresh = new DatabaseSync(':memory:');
  migrate(fresh, 0, MIGRATIONS.slice(0, version));
  const present = new Set(rowsOf(database, SCHEMA).map((row) => JSON.stringify(row)));
  return rowsOf(fresh, SCHEMA)
    .filter((row) => !present.has(JSON.stringify(row)))
    .map(({ type, name }) => `The ${String(type)} ${String(name)} is not as Spot makes it`);
}

function rowsOf(database: DatabaseSync, sql: string): readonly Readonly<Record<string, unknown>>[] {
  return database.prepare(sql).all();
}
