import type { ErrorDocument } from '../../documents/documents.ts';
import { parseJson, stringifyJson } from '../../util/lossless-json.ts';
import { errorId } from '../error-id.ts';
import { storedId } from '../run-columns.ts';
import type { FindOptions, RunFilter } from '../store.ts';
import type { Page } from './pages.ts';
import { CLEAR_ERROR, errorPage, READ_ERROR, SAVE_ERROR, type ErrorPosition } from './queries.ts';
import { rowChecksum, soundRow } from './row-checksum.ts';
import type { Prepare } from './session.ts';

type Row = Readonly<Record<string, unknown>>;

/** The table `error`. Whoever calls {@link save} or {@link clear} holds a transaction. */
export class ErrorTable {
  readonly #prepared: Prepare;

  constructor(prepared: Prepare) {
    this.#prepared = prepared;
  }

  save(errors: readonly ErrorDocument[]): void {
    const save = this.#prepared(SAVE_ERROR);
    for (const error of errors) {
      const { cluster, spark_app_id, time_processed } = error.spot;
      const [id, ...texts] = [errorId(error), cluster, spark_app_id].map(storedId) as [string, string, string];
      const values = [id, ...texts, Date.parse(time_processed), stringifyJson(error)];
      save.run(...values, rowChecksum(values));
    }
  }

  read(ids: readonly string[]): ReadonlyMap<string, ErrorDocument> {
    const read = this.#prepared(READ_ERROR);
    const found = new Map<string, ErrorDocument>();
    for (const id of ids) {
      const row = read.get(storedId(id));
      if (row !== undefined) found.set(id, errorDocument(row));
    }
    return found;
  }

  clear(ids: readonly string[]): void {
    const clear = this.#prepared(CLEAR_ERROR);
    for (const id of ids) clear.run(storedId(id));
  }

  page(
    filter: RunFilter,
    order: NonNullable<FindOptions['order']>,
    from: ErrorPosition | undefined,
    size: number,
  ): Page<Row, ErrorPosition> {
    const { sql, parameters } = errorPage(filter, order, from, size);
    const rows = this.#prepared(sql).all(...parameters);
    const last = rows.length < size ? undefined : rows.at(-1);
    return { rows, next: last && { processedMs: Number(last['processed_ms']), id: String(last['id']) } };
  }
}

/** @throws StoreError `STORE_CORRUPT` */
export function errorDocument(row: Row): ErrorDocument {
  return parseJson(String(soundRow('error', row)['document'])) as ErrorDocument;
}
