/**
 * `write`: as its one writer. `read`: beside the writer; creates nothing and migrates nothing.
 * `share`: beside the writer, or without one, with short transactions of one's own; creates nothing.
 */
export type Access = 'read' | 'write' | 'share';

/** How an SQLite store is opened. It needs no section of config.ini: its path is its whole configuration. */
export interface SqliteStoreOptions {
  /** The file; `:memory:` for a store that ends with the process. Created with mode 0600 when writing. */
  readonly path: string;
  /** `write` when absent. */
  readonly access?: Access | undefined;
  /** How long a statement waits for a lock of another program, in milliseconds. The process stands still meanwhile. */
  readonly busyTimeoutMs?: number | undefined;
}

export const IN_MEMORY = ':memory:';

export const DEFAULT_BUSY_TIMEOUT_MS = 5000;

/** Whoever shares a store takes its turn between the batches of the writer, which has the better claim. */
export const SHARED_BUSY_TIMEOUT_MS = 30_000;
