import type { Migration } from './migration.ts';

/**
 * A checksum of what a row says, by which a flipped bit is told from a value: SQLite checks how its pages hang together, not what is in them.
 * Documents had theirs from the start. Rows of before are taken as they are.
 */
export const checksums: Migration = {
  version: 3,
  sql: `
    ALTER TABLE run ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    UPDATE run SET checksum = row_checksum(id, cluster, app_id, attempt_id, end_ms, fingerprint, revision);
    ALTER TABLE error ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    UPDATE error SET checksum = row_checksum(id, cluster, app_id, processed_ms, document);
    ALTER TABLE kept ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    UPDATE kept SET checksum = row_checksum(kind, id, revision, saved_at);
  `,
};
