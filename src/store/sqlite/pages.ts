export interface Page<Row, Position> {
  readonly rows: readonly Row[];
  /** Where the next page begins; absent: this was the last. */
  readonly next: Position | undefined;
}

/** How to go through a table. */
export interface Paged<Row, Position, T> {
  /** One page of at most `size` rows from a position on; `undefined` for the first page. */
  readonly page: (from: Position | undefined, size: number) => Promise<Page<Row, Position>>;
  readonly pageSize: number;
  /** What a row tells; only asked of rows that somebody wants. */
  readonly read: (row: Row) => T;
}

export interface PagesOptions {
  /** At most so many rows in all. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Goes through all pages. One is read when it is asked for, and no cursor stays open while the consumer works: it would hold back
 * the checkpoint.
 */
export async function* eachOf<Row, Position, T>(
  { page, pageSize, read }: Paged<Row, Position, T>,
  { limit = Infinity, signal }: PagesOptions,
): AsyncGenerator<T> {
  let from: Position | undefined;
  for (let left = limit; left > 0;) {
    signal?.throwIfAborted();
    const { rows, next } = await page(from, Math.min(left, pageSize));
    for (const row of rows) {
      signal?.throwIfAborted();
      yield read(row);
    }
    if (next === undefined) return;
    from = next;
    left -= rows.length;
  }
}
