import { backupSqlite, type BackupReport } from '../store/sqlite/backup.ts';
import { StoreError } from '../util/errors.ts';
import type { StorePlace } from './open-store.ts';

/**
 * Copies the store into a file.
 *
 * @throws StoreError `STORE_BACKUP_UNSUPPORTED` for Elasticsearch, which keeps backups itself
 */
export function backupStore({ kind, place }: StorePlace, file: string): BackupReport {
  if (kind === 'sqlite') return backupSqlite(place, file);
  throw new StoreError(
    'STORE_BACKUP_UNSUPPORTED',
    'Elasticsearch keeps its own backups: register a snapshot repository there and take a snapshot of the indexes spot_* ' +
      '(PUT /_snapshot/REPOSITORY/SNAPSHOT {"indices": "spot_*"}); spot export writes the documents as text',
  );
}
