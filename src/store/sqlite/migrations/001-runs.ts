import type { Migration } from './migration.ts';

/**
 * `run` is the ledger: narrow, so that a million rows are listed without touching a document.
 * Documents stand in tables of their own, one row per run, compressed (`document-codec.ts`).
 * `end_ms` is NULL while the attempt has no end. `has_raw` and `has_detail` let documents be counted without reading their tables.
 */
export const runs: Migration = {
  version: 1,
  sql: `
    CREATE TABLE run (
      number      INTEGER PRIMARY KEY,
      id          TEXT    NOT NULL UNIQUE,
      cluster     TEXT    NOT NULL,
      app_id      TEXT    NOT NULL,
      attempt_id  TEXT,
      name        TEXT    NOT NULL,
      user        TEXT    NOT NULL,
      tag         TEXT    NOT NULL,
      end_ms      INTEGER,
      fingerprint TEXT    NOT NULL,
      revision    INTEGER NOT NULL,
      has_raw     INTEGER NOT NULL,
      has_detail  INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX run_by_end  ON run (end_ms);
    CREATE INDEX run_by_app  ON run (app_id);
    CREATE INDEX run_by_name ON run (name, end_ms);
    CREATE INDEX run_by_user ON run (user, end_ms);
    CREATE INDEX run_by_tag  ON run (tag, end_ms);

    CREATE TABLE agg    (run INTEGER PRIMARY KEY REFERENCES run (number) ON DELETE CASCADE, document BLOB NOT NULL) STRICT;
    CREATE TABLE raw    (run INTEGER PRIMARY KEY REFERENCES run (number) ON DELETE CASCADE, document BLOB NOT NULL) STRICT;
    CREATE TABLE detail (run INTEGER PRIMARY KEY REFERENCES run (number) ON DELETE CASCADE, document BLOB NOT NULL) STRICT;

    CREATE TABLE error (
      id           TEXT    PRIMARY KEY,
      cluster      TEXT    NOT NULL,
      app_id       TEXT    NOT NULL,
      processed_ms INTEGER NOT NULL,
      document     TEXT    NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX error_by_time ON error (processed_ms);
  `,
};
