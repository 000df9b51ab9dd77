/** One step of the schema: from the version before to this one. */
export interface Migration {
  /** Counted from 1, without gaps; becomes `PRAGMA user_version`. */
  readonly version: number;
  readonly sql: string;
}
