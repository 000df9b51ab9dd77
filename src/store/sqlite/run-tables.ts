import { documentId, type RunKey } from '../../documents/run-key.ts';
import { StoreError, toError } from '../../util/errors.ts';
import { storedId } from '../run-columns.ts';
import type { FindOptions, LedgerEntry, RunFilter, SaveOutcome } from '../store.ts';
import { decodeDocument } from './document-codec.ts';
import type { EncodedRun } from './encoded-run.ts';
import { isRowError } from './errors.ts';
import type { Page } from './pages.ts';
import * as queries from './queries.ts';
import type { DocumentTable, RunPosition } from './queries.ts';
import { soundValues } from './row-checksum.ts';
import type { Session } from './session.ts';

type Row = Readonly<Record<string, unknown>>;

/** The ledger (`run`) and the documents of its runs (`agg`, `raw`, `detail`). Whoever calls {@link save} holds a transaction. */
export class RunTables {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  save(run: EncodedRun | Error): SaveOutcome {
    if (run instanceof Error) return { status: 'rejected', error: run };
    return this.#session.part<SaveOutcome>(
      () => {
        const number = this.#session.prepared(queries.SAVE_RUN).get(...run.values)?.['number'];
        if (number === undefined) return { status: 'superseded' };
        for (const [table, document] of run.documents)
          this.#session.prepared(queries.saveDocument(table)).run(Number(number), document);
        return { status: 'saved' };
      },
      (thrown) => {
        if (!isRowError(thrown)) throw thrown;
        const message = `SQLite does not take the run: ${toError(thrown).message}`;
        return { status: 'rejected', error: new StoreError('STORE_REJECTED', message, { cause: thrown }) };
      },
    );
  }

  /** @returns what is known of those of the runs that are stored, by their document ids */
  ledger(keys: readonly RunKey[]): ReadonlyMap<string, LedgerEntry> {
    const read = this.#session.preparedForValues(queries.READ_LEDGER);
    const entries = new Map<string, LedgerEntry>();
    for (const id of keys.map(documentId)) {
      const values = read.get(storedId(id));
      if (values !== undefined) entries.set(id, ledgerEntry(ledgerRow(values)));
    }
    return entries;
  }

  document(table: DocumentTable, key: RunKey): unknown {
    const id = storedId(documentId(key));
    const row = this.#session.prepared(queries.readDocument(table)).get(id);
    return row === undefined ? undefined : decodeDocument(row['document'] as Uint8Array, id);
  }

  /** @param source - the table of documents to read, or `run` for the ledger alone */
  page(
    source: 'run' | 'agg' | 'raw',
    filter: RunFilter,
    order: NonNullable<FindOptions['order']>,
    from: RunPosition | undefined,
    size: number,
  ): Page<Row, RunPosition> {
    const { sql, parameters } = queries.runPage(source, filter, order, from, size);
    const rows =
      source === 'run'
        ? this.#session
            .preparedForValues(sql)
            .all(...parameters)
            .map(ledgerRow)
        : this.#session.prepared(sql).all(...parameters);
    return { rows, next: nextPosition(rows, size, from, filter, order) };
  }
}

/** Behind the last row; after the last run with an end, those without one. */
function nextPosition(
  rows: readonly Row[],
  size: number,
  from: RunPosition | undefined,
  filter: RunFilter,
  order: NonNullable<FindOptions['order']>,
): RunPosition | undefined {
  const last = rows.at(-1);
  if (last !== undefined && rows.length === size)
    return { endMs: last['end_ms'] as number | null, id: String(last['id']) };
  if (from?.endMs === null || !queries.includesOpenRuns(filter)) return undefined;
  return queries.startOfOpenRuns(order);
}

/** @throws StoreError `STORE_CORRUPT` */
function ledgerRow(values: readonly unknown[]): Row {
  soundValues('run', values);
  // One by one: taking a list apart by its iterator is slow before it is compiled.
  return {
    id: values[0],
    cluster: values[1],
    app_id: values[2],
    attempt_id: values[3],
    end_ms: values[4],
    fingerprint: values[5],
    revision: values[6],
  };
}

function ledgerEntry(row: Row): LedgerEntry {
  return { fingerprint: String(row['fingerprint']), revision: Number(row['revision']) };
}

/** What a row of the ledger tells. */
export function ledgerKey(row: Row): RunKey & LedgerEntry {
  const attemptId = row['attempt_id'];
  const attempt = typeof attemptId === 'string' ? { attemptId } : {};
  return { cluster: String(row['cluster']), appId: String(row['app_id']), ...attempt, ...ledgerEntry(row) };
}

/** The document of a row of `agg` or `raw`. */
export function documentOf(row: Row): unknown {
  return decodeDocument(row['document'] as Uint8Array, String(row['id']));
}
