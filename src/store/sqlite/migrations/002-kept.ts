import type { Migration } from './migration.ts';

/** `kept`: what Spot itself learnt or decided. `body` is compressed (`document-codec.ts`), `saved_at` ISO 8601. */
export const kept: Migration = {
  version: 2,
  sql: `
    CREATE TABLE kept (
      kind     TEXT    NOT NULL,
      id       TEXT    NOT NULL,
      revision INTEGER NOT NULL,
      saved_at TEXT    NOT NULL,
      body     BLOB    NOT NULL,
      UNIQUE (kind, id)
    ) STRICT;
  `,
};
