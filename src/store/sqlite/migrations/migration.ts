/** One step of the schema: from the version before to this one. */
export interface Migration {
  /** Counted from 1, without gaps; becomes `PRAGMA user_version`. */
  readonly version: number;
  /** May call `row_checksum(column, …)` (row-checksum.ts) on rows; never in what SQLite keeps of the schema. */
  readonly sql: string;
}
