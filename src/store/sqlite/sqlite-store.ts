import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AggregateDocument, ErrorDocument, RawDocument } from '../../documents/documents.ts';
import type { RunDetail } from '../../documents/run-detail.ts';
import type { RunKey } from '../../documents/run-key.ts';
import type { Logger } from '../../logging/logger.ts';
import { toError } from '../../util/errors.ts';
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
import type { SqliteStoreOptions } from './config.ts';
import { openConnection } from './connection.ts';
import { encodeRun, type EncodedRun } from './encoded-run.ts';
import { errorDocument, ErrorTable } from './error-table.ts';
import { toStoreError } from './errors.ts';
import { encodeKept, KeptTable } from './kept.ts';
import { eachOf, type Paged } from './pages.ts';
import { prune } from './prune.ts';
import { STATS, type ErrorPosition, type RunPosition } from './queries.ts';
import { documentOf, ledgerKey, RunTables } from './run-tables.ts';
import { Session } from './session.ts';

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
  readonly #session: Session;
  readonly #runs: RunTables;
  readonly #errors: ErrorTable;
  readonly #kept: KeptTable;
  readonly #saving = new Set<Promise<unknown>>();

  private constructor(session: Session) {
    this.description = `sqlite:${session.path}`;
    this.#session = session;
    this.#runs = new RunTables(session);
    this.#errors = new ErrorTable(session.prepared);
    this.#kept = new KeptTable(session.prepared);
  }

  /**
   * @throws StoreError whose code says what is wrong with the file: `STORE_LOCKED`, `STORE_NOT_FOUND` (reading, sharing),
   * `STORE_UNWRITABLE`, `STORE_NOT_A_STORE`, `STORE_NEWER`, `STORE_OLDER` (reading), `STORE_CORRUPT`, …
   */
  static open(options: SqliteStoreOptions, logger: Logger): Promise<SqliteStore> {
    try {
      const connection = openConnection(options, logger, new Date());
      return Promise.resolve(new SqliteStore(new Session(options.path, connection, options.access ?? 'write')));
    } catch (error) {
      return Promise.reject(toStoreError(error, options.path));
    }
  }

  /** Tables are made when the store is opened; this writes and takes it back, so that a full or read-only disk shows early. */
  prepare(): Promise<void> {
    return this.#session.tryToWrite();
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
    return this.#session.read(() => this.#runs.ledger(keys));
  }

  saveErrors(errors: readonly ErrorDocument[]): Promise<void> {
    return this.#session.write(() => {
      this.#errors.save(errors);
    });
  }

  readErrors(ids: readonly string[]): Promise<ReadonlyMap<string, ErrorDocument>> {
    return this.#session.read(() => this.#errors.read(ids));
  }

  clearErrors(ids: readonly string[]): Promise<void> {
    return this.#session.write(() => {
      this.#errors.clear(ids);
    });
  }

  readRaw(key: RunKey): Promise<RawDocument | undefined> {
    return this.#session.read(() => this.#runs.document('raw', key)) as Promise<RawDocument | undefined>;
  }

  readAggregate(key: RunKey): Promise<AggregateDocument | undefined> {
    return this.#session.read(() => this.#runs.document('agg', key)) as Promise<AggregateDocument | undefined>;
  }

  readDetail(key: RunKey): Promise<RunDetail | undefined> {
    return this.#session.read(() => this.#runs.document('detail', key)) as Promise<RunDetail | undefined>;
  }

  findRaw(filter: RunFilter, options: FindOptions = {}): AsyncIterable<RawDocument> {
    return this.#findRuns('raw', filter, options, documentOf) as AsyncIterable<RawDocument>;
  }

  findAggregates(filter: RunFilter, options: FindOptions = {}): AsyncIterable<AggregateDocument> {
    return this.#findRuns('agg', filter, options, documentOf) as AsyncIterable<AggregateDocument>;
  }

  findKeys(filter: RunFilter, options: FindOptions = {}): AsyncIterable<RunKey & LedgerEntry> {
    return this.#findRuns('run', filter, options, ledgerKey);
  }

  findErrors(filter: RunFilter, options: FindOptions = {}): AsyncIterable<ErrorDocument> {
    const order = options.order ?? 'newest-first';
    const paged: Paged<Row, ErrorPosition, ErrorDocument> = {
      page: (from, size) => this.#session.read(() => this.#errors.page(filter, order, from, size)),
      pageSize: KEYS_PER_PAGE,
      read: errorDocument,
    };
    return eachOf(paged, options);
  }

  stats(): Promise<StoreStats> {
    return this.#session.read(() => {
      const row = this.#session.prepared(STATS).get() ?? {};
      return {
        raw: Number(row['raw']),
        agg: Number(row['agg']),
        err: Number(row['err']),
        detail: Number(row['detail']),
        bytes: this.#session.bytes(),
        oldestEnd: isoTime(row['oldest']),
        newestEnd: isoTime(row['newest']),
      };
    });
  }

  async keep(documents: readonly KeptDocument[]): Promise<readonly SaveOutcome[]> {
    this.#session.refuseUnlessWriting();
    const encoded = documents.map(encodeKept);
    // Lets a writer beside this one in between, however fast documents come.
    await nextTurn();
    return await this.#session.write(() => encoded.map((document) => this.#kept.save(document)));
  }

  readKept(kind: KeptKind, id: string): Promise<KeptDocument | undefined> {
    return this.#session.read(() => this.#kept.read(kind, id));
  }

  findKept(kind: KeptKind, options: FindKeptOptions = {}): AsyncIterable<KeptDocument> {
    const { idPrefix = '' } = options;
    const paged: Paged<KeptDocument, string, KeptDocument> = {
      page: (from, size) => this.#session.read(() => this.#kept.page(kind, idPrefix, from, size)),
      pageSize: DOCUMENTS_PER_PAGE,
      read: (document) => document,
    };
    return eachOf(paged, options);
  }

  forget(kind: KeptKind, ids: readonly string[]): Promise<void> {
    return this.#session.write(() => {
      this.#kept.forget(kind, ids);
    });
  }

  prune(options: PruneOptions): Promise<PruneReport> {
    return prune(this.#session, options);
  }

  /** Waits for batches being written, then closes. A find under way ends with `STORE_CLOSED` at its next page. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#session.close(this.#saving);
  }

  async #save(runs: readonly RunDocuments[], signal: AbortSignal | undefined): Promise<readonly SaveOutcome[]> {
    this.#session.refuseUnlessWriting();
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
    return await this.#session.write(() => encoded.map((run) => this.#runs.save(run)), { whileClosing: true });
  }

  #findRuns<T>(
    source: 'run' | 'agg' | 'raw',
    filter: RunFilter,
    options: FindOptions,
    read: (row: Row) => T,
  ): AsyncIterable<T> {
    const order = options.order ?? 'newest-first';
    const paged: Paged<Row, RunPosition, T> = {
      page: (from, size) => this.#session.read(() => this.#runs.page(source, filter, order, from, size)),
      pageSize: source === 'run' ? KEYS_PER_PAGE : DOCUMENTS_PER_PAGE,
      read,
    };
    return eachOf(paged, options);
  }
}

function encodedOrError(run: RunDocuments): EncodedRun | Error {
  try {
    return encodeRun(run);
  } catch (error) {
    return toError(error);
  }
}

function isoTime(milliseconds: unknown): string | undefined {
  return typeof milliseconds === 'number' ? new Date(milliseconds).toISOString() : undefined;
}
