import { statSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AggregateDocument, ErrorDocument, RawDocument } from '../../documents/documents.ts';
import type { RunDetail } from '../../documents/run-detail.ts';
import { documentId, type RunKey } from '../../documents/run-key.ts';
import type { Logger } from '../../logging/logger.ts';
import { StoreError, toError } from '../../util/errors.ts';
import { parseJson, stringifyJson } from '../../util/lossless-json.ts';
import { errorId } from '../error-id.ts';
import { storedId } from '../run-columns.ts';
import type {
  FindKeptOptions,
  FindOptions,
  KeptDocument,
  KeptKind,
  LedgerEntry,
  PruneOptions,
  PruneReport,
  RunDocuments,
  RunFilter,
  SaveOutcome,
  Store,
  StoreStats,
} from '../store.ts';
import { IN_MEMORY, type Access, type SqliteStoreOptions } from './config.ts';
import { openConnection, type Connection } from './connection.ts';
import { decodeDocument } from './document-codec.ts';
import { closedError, isRowError, toStoreError } from './errors.ts';
import { encodeKept, KeptTable } from './kept.ts';
import { prune, type PruneTools } from './prune.ts';
import * as queries from './queries.ts';
import type { DocumentTable, ErrorPosition, RunPosition } from './queries.ts';
import { encodeRun, type EncodedRun } from './encoded-run.ts';
import { rowChecksum, soundRow, soundValues } from './row-checksum.ts';
import { valuesOf, type StatementOfValues } from './statement-of-values.ts';

/** Compressing goes on for this long before what else came in, an answer of the server for one, gets its turn. */
const LONGEST_TURN_MS = 4;
const DOCUMENTS_PER_PAGE = 50;
const KEYS_PER_PAGE = 1000;

type Row = Readonly<Record<string, unknown>>;

/**
 * A store in one SQLite file (see README.md beside this file).
 *
 * A batch is one transaction: what `saveRuns` acknowledged outlives `kill -9` and, as far as the disk keeps its word, a power cut.
 * A run that cannot be written is rejected alone; any other failure rolls the batch back and throws.
 */
export class SqliteStore implements Store {
  readonly supports = { readsItsWrites: true, keepsRaw: true } as const;
  readonly description: string;
  readonly #path: string;
  readonly #connection: Connection;
  readonly #access: Access;
  readonly #statements = new Map<string, StatementSync>();
  readonly #saving = new Set<Promise<unknown>>();
  readonly #kept = new KeptTable((sql) => this.#prepared(sql));
  #isClosing = false;

  private constructor(path: string, connection: Connection, access: Access) {
    this.#path = path;
    this.#connection = connection;
    this.#access = access;
    this.description = `sqlite:${path}`;
  }

  /**
   * @throws StoreError whose code says what is wrong with the file: `STORE_LOCKED`, `STORE_NOT_FOUND` (reading, sharing),
   * `STORE_UNWRITABLE`, `STORE_NOT_A_STORE`, `STORE_NEWER`, `STORE_OLDER` (reading), `STORE_CORRUPT`, …
   */
  static open(options: SqliteStoreOptions, logger: Logger): Promise<SqliteStore> {
    try {
      const connection = openConnection(options, logger, new Date());
      return Promise.resolve(new SqliteStore(options.path, connection, options.access ?? 'write'));
    } catch (error) {
      return Promise.reject(toStoreError(error, options.path));
    }
  }

  /** Tables are made when the store is opened; this writes and takes it back, so that a full or read-only disk shows early. */
  prepare(): Promise<void> {
    return this.#attempt(() => {
      this.#refuseReader();
      this.#database.exec('BEGIN IMMEDIATE; CREATE TABLE write_check (x); ROLLBACK');
    });
  }

  async saveRuns(
    runs: readonly RunDocuments[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<readonly SaveOutcome[]> {
    const saving = this.#save(runs, options.signal);
    this.#saving.add(saving);
    try {
      return await saving;
    } finally {
      this.#saving.delete(saving);
    }
  }

  readLedger(keys: readonly RunKey[]): Promise<ReadonlyMap<string, LedgerEntry>> {
    return this.#attempt(() => {
      const read = this.#preparedForValues(queries.READ_LEDGER);
      const entries = new Map<string, LedgerEntry>();
      for (const id of keys.map(documentId)) {
        const values = read.get(storedId(id));
        if (values !== undefined) entries.set(id, ledgerEntry(ledgerRow(values)));
      }
      return entries;
    });
  }

  saveErrors(errors: readonly ErrorDocument[]): Promise<void> {
    return this.#attempt(() => {
      this.#transaction(() => {
        const save = this.#prepared(queries.SAVE_ERROR);
        for (const error of errors) {
          const { cluster, spark_app_id, time_processed } = error.spot;
          const [id, ...texts] = [errorId(error), cluster, spark_app_id].map(storedId) as [string, string, string];
          const values = [id, ...texts, Date.parse(time_processed), stringifyJson(error)];
          save.run(...values, rowChecksum(values));
        }
      });
    });
  }

  readErrors(ids: readonly string[]): Promise<ReadonlyMap<string, ErrorDocument>> {
    return this.#attempt(() => {
      const read = this.#prepared(queries.READ_ERROR);
      const found = new Map<string, ErrorDocument>();
      for (const id of ids) {
        const row = read.get(storedId(id));
        if (row !== undefined) found.set(id, errorDocument(row));
      }
      return found;
    });
  }

  clearErrors(ids: readonly string[]): Promise<void> {
    return this.#attempt(() => {
      this.#transaction(() => {
        const clear = this.#prepared(queries.CLEAR_ERROR);
        for (const id of ids) clear.run(storedId(id));
      });
    });
  }

  readRaw(key: RunKey): Promise<RawDocument | undefined> {
    return this.#readDocument('raw', key) as Promise<RawDocument | undefined>;
  }

  readAggregate(key: RunKey): Promise<AggregateDocument | undefined> {
    return this.#readDocument('agg', key) as Promise<AggregateDocument | undefined>;
  }

  readDetail(key: RunKey): Promise<RunDetail | undefined> {
    return this.#readDocument('detail', key) as Promise<RunDetail | undefined>;
  }

  findRaw(filter: RunFilter, options: FindOptions = {}): AsyncIterable<RawDocument> {
    return this.#findRuns('raw', filter, options, documentOf) as AsyncIterable<RawDocument>;
  }

  findAggregates(filter: RunFilter, options: FindOptions = {}): AsyncIterable<AggregateDocument> {
    return this.#findRuns('agg', filter, options, documentOf) as AsyncIterable<AggregateDocument>;
  }

  findKeys(filter: RunFilter, options: FindOptions = {}): AsyncIterable<RunKey & LedgerEntry> {
    return this.#findRuns('run', filter, options, keyOf);
  }

  async *findErrors(filter: RunFilter, options: FindOptions = {}): AsyncIterable<ErrorDocument> {
    const order = options.order ?? 'newest-first';
    let after: ErrorPosition | undefined;
    for (let left = options.limit ?? Infinity; left > 0;) {
      options.signal?.throwIfAborted();
      const size = Math.min(left, KEYS_PER_PAGE);
      const rows = await this.#all(queries.errorPage(filter, order, after, size));
      for (const row of rows) {
        options.signal?.throwIfAborted();
        yield errorDocument(row);
      }
      const last = rows.at(-1);
      if (last === undefined || rows.length < size) return;
      after = { processedMs: Number(last['processed_ms']), id: String(last['id']) };
      left -= rows.length;
    }
  }

  stats(): Promise<StoreStats> {
    return this.#attempt(() => {
      const row: Row = this.#prepared(queries.STATS).get() ?? {};
      return {
        raw: Number(row['raw']),
        agg: Number(row['agg']),
        err: Number(row['err']),
        detail: Number(row['detail']),
        bytes: this.#bytes(),
        oldestEnd: isoTime(row['oldest']),
        newestEnd: isoTime(row['newest']),
      };
    });
  }

  async keep(documents: readonly KeptDocument[]): Promise<readonly SaveOutcome[]> {
    this.#refuseClosed();
    this.#refuseReader();
    const encoded = documents.map(encodeKept);
    // Lets a writer beside this one in between, however fast documents come.
    await nextTurn();
    return await this.#attempt(() => this.#transaction(() => encoded.map((document) => this.#kept.save(document))));
  }

  readKept(kind: KeptKind, id: string): Promise<KeptDocument | undefined> {
    return this.#attempt(() => this.#kept.read(kind, id));
  }

  async *findKept(kind: KeptKind, options: FindKeptOptions = {}): AsyncIterable<KeptDocument> {
    const { idPrefix = '', limit = Infinity, signal } = options;
    let after: string | undefined;
    for (let left = limit; left > 0;) {
      signal?.throwIfAborted();
      const size = Math.min(left, DOCUMENTS_PER_PAGE);
      const page = await this.#attempt(() => this.#kept.page(kind, idPrefix, after, size));
      for (const document of page) {
        signal?.throwIfAborted();
        yield document;
      }
      if (page.length < size) return;
      after = page.at(-1)?.id;
      left -= page.length;
    }
  }

  forget(kind: KeptKind, ids: readonly string[]): Promise<void> {
    return this.#attempt(() => {
      this.#transaction(() => {
        this.#kept.forget(kind, ids);
      });
    });
  }

  prune(options: PruneOptions): Promise<PruneReport> {
    const tools: PruneTools = {
      prepared: (sql) => this.#prepared(sql),
      transaction: (action) => this.#attempt(() => this.#transaction(action)),
      attempt: (action) => this.#attempt(action),
      isShared: this.#access === 'share',
    };
    return prune(tools, options);
  }

  /** Waits for batches being written, then closes. A find under way ends with `STORE_CLOSED` at its next page. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    await Promise.allSettled(this.#saving);
    this.#statements.clear();
    this.#database.close();
    this.#connection.lock?.releaseCleanly();
  }

  get #database(): DatabaseSync {
    return this.#connection.database;
  }

  async #save(runs: readonly RunDocuments[], signal: AbortSignal | undefined): Promise<readonly SaveOutcome[]> {
    this.#refuseClosed();
    this.#refuseReader();
    const encoded: (EncodedRun | Error)[] = [];
    let turnStarted = -Infinity;
    for (const run of runs) {
      if (performance.now() - turnStarted > LONGEST_TURN_MS) {
        await nextTurn();
        turnStarted = performance.now();
      }
      signal?.throwIfAborted();
      encoded.push(encodedOrError(run));
    }
    signal?.throwIfAborted();
    // From here on nothing else runs until the batch is committed or rolled back.
    return await this.#attempt(() => this.#transaction(() => encoded.map((run) => this.#saveRun(run))), {
      whileClosing: true,
    });
  }

  #saveRun(run: EncodedRun | Error): SaveOutcome {
    if (run instanceof Error) return { status: 'rejected', error: run };
    this.#prepared('SAVEPOINT one_run').run();
    try {
      const number = this.#prepared(queries.SAVE_RUN).get(...run.values)?.['number'];
      if (number === undefined) return { status: 'superseded' };
      for (const [table, document] of run.documents)
        this.#prepared(queries.saveDocument(table)).run(Number(number), document);
      return { status: 'saved' };
    } catch (thrown) {
      if (!isRowError(thrown)) throw thrown;
      this.#prepared('ROLLBACK TO one_run').run();
      const { message } = toError(thrown);
      return {
        status: 'rejected',
        error: new StoreError('STORE_REJECTED', `SQLite does not take the run: ${message}`, { cause: thrown }),
      };
    } finally {
      if (this.#database.isTransaction) this.#prepared('RELEASE one_run').run();
    }
  }

  #readDocument(table: DocumentTable, key: RunKey): Promise<unknown> {
    return this.#attempt(() => {
      const id = storedId(documentId(key));
      const row = this.#prepared(queries.readDocument(table)).get(id);
      return row === undefined ? undefined : decodeDocument(row['document'] as Uint8Array, id);
    });
  }

  /** Page by page, so that no cursor stays open while the consumer works: it would hold back the checkpoint. */
  async *#findRuns<T>(
    source: 'run' | 'agg' | 'raw',
    filter: RunFilter,
    options: FindOptions,
    read: (row: Row) => T,
  ): AsyncGenerator<T> {
    const order = options.order ?? 'newest-first';
    const pageSize = source === 'run' ? KEYS_PER_PAGE : DOCUMENTS_PER_PAGE;
    let after: RunPosition | undefined;
    for (let left = options.limit ?? Infinity; left > 0;) {
      options.signal?.throwIfAborted();
      const size = Math.min(left, pageSize);
      const page = queries.runPage(source, filter, order, after, size);
      const rows = await (source === 'run' ? this.#allOfLedger(page) : this.#all(page));
      for (const row of rows) {
        options.signal?.throwIfAborted();
        yield read(row);
      }
      left -= rows.length;

      const last = rows.at(-1);
      if (last !== undefined && rows.length === size)
        after = { endMs: last['end_ms'] as number | null, id: String(last['id']) };
      else if (after?.endMs === null || !queries.includesOpenRuns(filter)) return;
      else after = queries.startOfOpenRuns(order);
    }
  }

  #all({ sql, parameters }: queries.Query): Promise<readonly Row[]> {
    return this.#attempt(() => this.#prepared(sql).all(...parameters));
  }

  #allOfLedger({ sql, parameters }: queries.Query): Promise<readonly Row[]> {
    return this.#attempt(() =>
      this.#preparedForValues(sql)
        .all(...parameters)
        .map(ledgerRow),
    );
  }

  #preparedForValues(sql: string): StatementOfValues {
    return valuesOf(this.#prepared(sql));
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  #transaction<T>(action: () => T): T {
    this.#refuseReader();
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = action();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // A full disk has ended the transaction already.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Runs synchronous work as a promise whose rejection is a `StoreError`. */
  async #attempt<T>(action: () => T, { whileClosing = false } = {}): Promise<T> {
    if (!whileClosing) this.#refuseClosed();
    try {
      return await Promise.resolve(action());
    } catch (error) {
      throw toStoreError(error, this.#path);
    }
  }

  #refuseClosed(): void {
    if (this.#isClosing) throw closedError(this.#path);
  }

  #refuseReader(): void {
    if (this.#access === 'read')
      throw new StoreError('STORE_READ_ONLY', `The store ${this.#path} was opened for reading`, {
        details: { path: this.#path },
      });
  }

  #bytes(): number {
    if (this.#path === IN_MEMORY) return 0;
    const sizes = ['', '-wal'].map((suffix) => statSync(this.#path + suffix, { throwIfNoEntry: false })?.size ?? 0);
    return sizes.reduce((sum, size) => sum + size, 0);
  }
}

function encodedOrError(run: RunDocuments): EncodedRun | Error {
  try {
    return encodeRun(run);
  } catch (error) {
    return toError(error);
  }
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

function keyOf(row: Row): RunKey & LedgerEntry {
  const attemptId = row['attempt_id'];
  const attempt = typeof attemptId === 'string' ? { attemptId } : {};
  return { cluster: String(row['cluster']), appId: String(row['app_id']), ...attempt, ...ledgerEntry(row) };
}

function documentOf(row: Row): unknown {
  return decodeDocument(row['document'] as Uint8Array, String(row['id']));
}

function errorDocument(row: Row): ErrorDocument {
  return parseJson(String(soundRow('error', row)['document'])) as ErrorDocument;
}

function isoTime(milliseconds: unknown): string | undefined {
  return typeof milliseconds === 'number' ? new Date(milliseconds).toISOString() : undefined;
}
