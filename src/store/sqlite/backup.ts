import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../util/errors.ts';
import { openForReading } from './connection.ts';
import { toStoreError } from './errors.ts';
import { integrityFindings } from './integrity.ts';
import { createPrivateFile } from './private-file.ts';
import { STATS } from './queries.ts';

export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly runs: number;
  readonly errors: number;
}

/**
 * Copies a store, as it is at one moment, into a file of its own. The writer may go on meanwhile.
 *
 * The copy is compact, for its owner alone (0600), checked as a whole, and has its name only then: a file of that name is a whole backup.
 *
 * @throws StoreError `STORE_BACKUP_EXISTS` when the file is there; `STORE_CORRUPT` when the store or the copy is damaged
 */
export function backupSqlite(path: string, file: string): BackupReport {
  if (existsSync(file)) {
    throw new StoreError('STORE_BACKUP_EXISTS', `${file} is there already: name another file, or move it away`, {
      details: { file },
    });
  }
  const part = `${file}.part`;
  try {
    rmSync(part, { force: true });
    // SQLite fills an empty file that is there, and keeps its mode.
    createPrivateFile(part);
    copy(path, part);
    const counts = checked(part);
    syncToDisk(part);
    renameSync(part, file);
    return { file, bytes: statSync(file).size, ...counts };
  } catch (error) {
    rmSync(part, { force: true });
    throw toStoreError(error, error instanceof StoreError ? path : file);
  }
}

function copy(path: string, part: string): void {
  const { database } = openForReading({ path });
  try {
    database.prepare('VACUUM INTO ?').run(part);
  } catch (error) {
    throw toStoreError(error, path);
  } finally {
    database.close();
  }
}

function checked(part: string): Pick<BackupReport, 'runs' | 'errors'> {
  const findings = integrityFindings(part);
  if (findings.length > 0) {
    throw new StoreError('STORE_CORRUPT', `The copy is damaged (${findings[0] ?? ''}): check the disk, and the store`, {
      details: { path: part, findings },
    });
  }
  const database = new DatabaseSync(part, { readOnly: true });
  try {
    const counts = database.prepare(STATS).get() ?? {};
    return { runs: Number(counts['agg']), errors: Number(counts['err']) };
  } finally {
    database.close();
  }
}

function syncToDisk(part: string): void {
  const descriptor = openSync(part, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
