/** How an SQLite store is opened. It needs no section of config.ini: its path is its whole configuration. */
export interface SqliteStoreOptions {
  /** The file; `:memory:` for a store that ends with the process. Created with mode 0600 when writing. */
  readonly path: string;
  /** A reader stands beside the one writer, creates nothing and migrates nothing. */
  readonly access?: 'read' | 'write' | undefined;
  /** How long a statement waits for a lock of another program, in milliseconds. The process stands still meanwhile. */
  readonly busyTimeoutMs?: number | undefined;
}

export const IN_MEMORY = ':memory:';

export const DEFAULT_BUSY_TIMEOUT_MS = 5000;
