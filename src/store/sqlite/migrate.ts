import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../util/errors.ts';
import { MIGRATIONS } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';
import { rowChecksum } from './row-checksum.ts';

/** `Spot` in ASCII: `PRAGMA application_id` of every store, so that `file` and Spot know it from any other database. */
export const APPLICATION_ID = 0x53706f74;

/**
 * Says which schema version a database has, without changing a byte of it.
 *
 * @returns 0 for an empty database
 * @throws StoreError `STORE_NOT_A_STORE` for somebody else's database, `STORE_NEWER` for one of a newer Spot
 */
export function checkedVersion(database: DatabaseSync, path: string, migrations = MIGRATIONS): number {
  const version = pragma(database, 'user_version');
  const isEmpty = database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (isEmpty && version === 0) return 0;

  if (pragma(database, 'application_id') !== APPLICATION_ID) {
    throw new StoreError('STORE_NOT_A_STORE', `${path} is the database of another program: name another path`, {
      details: { path },
    });
  }
  const known = migrations.length;
  if (version > known) {
    throw new StoreError(
      'STORE_NEWER',
      `${path} was written by a newer Spot (schema ${version}, this one knows up to ${known}): update Spot, or name another path`,
      {
        details: { path, version, known },
      },
    );
  }
  return version;
}

/** Brings an older or empty database to the newest schema, in one transaction: all steps or none. */
export function migrate(database: DatabaseSync, from: number, migrations: readonly Migration[] = MIGRATIONS): void {
  const missing = migrations.filter((migration) => migration.version > from);
  if (missing.length === 0) return;

  database.function('row_checksum', { varargs: true, deterministic: true, directOnly: true }, (...columns) =>
    rowChecksum(columns),
  );
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const migration of missing) database.exec(migration.sql);
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function pragma(database: DatabaseSync, name: 'user_version' | 'application_id'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}
