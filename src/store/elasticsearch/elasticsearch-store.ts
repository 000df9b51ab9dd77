import type { AggregateDocument, ErrorDocument, RawDocument } from '../../documents/documents.ts';
import type { RunDetail } from '../../documents/run-detail.ts';
import { documentId, type RunKey } from '../../documents/run-key.ts';
import type { Logger } from '../../logging/logger.ts';
import { StoreError } from '../../util/errors.ts';
import { errorId } from '../error-id.ts';
import { storedId } from '../run-columns.ts';
import type {
  DocumentKind,
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
  StoreFeatures,
  StoreStats,
} from '../store.ts';
import { BulkWriter } from './bulk.ts';
import { makeClient } from './client.ts';
import type { ElasticsearchSettings } from './config.ts';
import { aliasesOf, ensureIndexes, installTemplates, type Aliases } from './indexes.ts';
import * as kept from './kept.ts';
import type { IndexKind } from './mappings/mappings.ts';
import { prune } from './prune.ts';
import { TIME_SPAN } from './queries.ts';
import { readByIds, search, type Hit, type SearchOptions } from './reader.ts';
import { writeRuns } from './run-writer.ts';
import { Connection } from './connection.ts';
import { documentIn, errorViews, keyIn } from './stored-document.ts';
import { sendingOf, writeViews } from './view-writer.ts';

const DOCUMENTS_PER_PAGE = 100;
const KEYS_PER_PAGE = 5000;
const DOCUMENT_KINDS: readonly DocumentKind[] = ['raw', 'detail', 'agg', 'err'];
const FINGERPRINT = 'spot_search.fingerprint';

/**
 * A store in Elasticsearch 8 or 9 (see README.md beside this file).
 *
 * Reading by id (the ledger, errors, one document) is realtime. Finding sees what was refreshed: the first search of each kind
 * refreshes, so that `spot list` after `spot crawl` shows what was crawled, and later ones do when this very object has written since.
 */
export class ElasticsearchStore implements Store {
  readonly supports: StoreFeatures;
  readonly description: string;
  readonly #connection: Connection;
  readonly #aliases: Aliases;
  readonly #bulk: BulkWriter;
  readonly #unrefreshed = new Set<IndexKind>([...DOCUMENT_KINDS, 'kept']);
  #isPrepared = false;

  private constructor(settings: ElasticsearchSettings, logger: Logger) {
    this.#connection = new Connection(settings, logger.child({ component: 'elasticsearch-store' }));
    this.#aliases = aliasesOf(settings);
    this.#bulk = new BulkWriter(this.#connection, {
      bulkBytes: settings.bulk_bytes,
      retryMs: settings.retry_seconds * 1000,
    });
    this.description = `elasticsearch:${this.#connection.url}`;
    this.supports = { readsItsWrites: false, keepsRaw: this.#aliases.raw !== undefined };
  }

  /**
   * Checks the settings. The server is asked with the first call, so that a crawler can wait for one that is still starting.
   *
   * @throws ConfigError about `auth_type`, a login that is not complete, or `ca_file`
   */
  static async open(settings: ElasticsearchSettings, logger: Logger): Promise<ElasticsearchStore> {
    await makeClient(settings).close();
    return new ElasticsearchStore(settings, logger);
  }

  async prepare(): Promise<void> {
    if (this.#connection.settings.install_templates) await installTemplates(this.#connection);
    await ensureIndexes(this.#connection, this.#aliases);
    // Deleting what is not there changes nothing, and shows whether writing is allowed and possible.
    await this.#bulk.write(
      Object.values(this.#aliases).map((alias) => ({ action: deletion(alias, 'spot-write-check') })),
    );
    this.#isPrepared = true;
  }

  saveRuns(
    runs: readonly RunDocuments[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<readonly SaveOutcome[]> {
    const writing = { aliases: this.#aliases, maxDocumentBytes: this.#connection.settings.max_document_bytes };
    return this.#writing(['raw', 'detail', 'agg'], () => writeRuns(this.#bulk, runs, writing, options.signal));
  }

  async readLedger(keys: readonly RunKey[]): Promise<ReadonlyMap<string, LedgerEntry>> {
    const found = await this.#readByIds('agg', keys.map(documentId), FINGERPRINT);
    return new Map(
      [...found].map(([id, { fields, _version = 0 }]) => [
        id,
        { fingerprint: fingerprintIn(fields), revision: _version },
      ]),
    );
  }

  async saveErrors(documents: readonly ErrorDocument[]): Promise<void> {
    const alias = this.#aliases.err;
    if (alias === undefined) return;
    const sendings = documents.map((document) => {
      const action = JSON.stringify({ index: { _index: alias, _id: storedId(errorId(document)) } });
      return sendingOf(action, errorViews(document), this.#connection.settings.max_document_bytes);
    });
    const outcomes = await this.#writing(['err'], () => writeViews(this.#bulk, sendings));
    const refused = outcomes.find((outcome) => outcome.status === 'refused');
    if (refused !== undefined) throw refused.error;
  }

  async readErrors(ids: readonly string[]): Promise<ReadonlyMap<string, ErrorDocument>> {
    const found = await this.#readByIds('err', ids);
    return new Map([...found].map(([id, { _source }]) => [id, documentIn(_source ?? {}) as ErrorDocument]));
  }

  async clearErrors(ids: readonly string[]): Promise<void> {
    const alias = this.#aliases.err;
    if (alias === undefined) return;
    await this.#writing(['err'], () => this.#bulk.write(ids.map((id) => ({ action: deletion(alias, storedId(id)) }))));
  }

  async readRaw(key: RunKey): Promise<RawDocument | undefined> {
    return (await this.#readDocument('raw', key)) as RawDocument | undefined;
  }

  async readAggregate(key: RunKey): Promise<AggregateDocument | undefined> {
    return (await this.#readDocument('agg', key)) as AggregateDocument | undefined;
  }

  async readDetail(key: RunKey): Promise<RunDetail | undefined> {
    const document = (await this.#readDocument('detail', key)) as { readonly detail: RunDetail } | undefined;
    return document?.detail;
  }

  findRaw(filter: RunFilter, options: FindOptions = {}): AsyncIterable<RawDocument> {
    return this.#findDocuments('raw', filter, options) as AsyncIterable<RawDocument>;
  }

  findAggregates(filter: RunFilter, options: FindOptions = {}): AsyncIterable<AggregateDocument> {
    return this.#findDocuments('agg', filter, options) as AsyncIterable<AggregateDocument>;
  }

  findErrors(filter: RunFilter, options: FindOptions = {}): AsyncIterable<ErrorDocument> {
    return this.#findDocuments('err', filter, options) as AsyncIterable<ErrorDocument>;
  }

  async *findKeys(filter: RunFilter, options: FindOptions = {}): AsyncIterable<RunKey & LedgerEntry> {
    const fields = { _source: false, docvalue_fields: ['spot_search.key'] };
    for await (const hit of this.#find('agg', filter, { ...options, pageSize: KEYS_PER_PAGE, fields })) {
      const text = hit.fields?.['spot_search.key']?.[0];
      if (typeof text === 'string') yield keyIn(text);
      else yield* this.#keyOfLongId(hit._id);
    }
  }

  async keep(documents: readonly KeptDocument[]): Promise<readonly SaveOutcome[]> {
    const tools = { connection: this.#connection, bulk: this.#bulk, alias: this.#keptAlias() };
    return await this.#writing(['kept'], () => kept.keep(tools, documents));
  }

  async readKept(kind: KeptKind, id: string): Promise<KeptDocument | undefined> {
    const alias = this.#aliases.kept;
    return alias === undefined ? undefined : await kept.readKept(this.#connection, alias, kind, id);
  }

  async *findKept(kind: KeptKind, options: FindKeptOptions = {}): AsyncIterable<KeptDocument> {
    const alias = this.#aliases.kept;
    if (alias === undefined || (options.limit ?? 1) <= 0) return;
    await this.#refresh('kept', alias);
    try {
      yield* kept.findKept(this.#connection, alias, kind, options);
    } catch (error) {
      // A store of an older Spot has no such index yet: nothing was kept.
      if (!(error instanceof StoreError) || error.code !== 'STORE_NOT_FOUND') throw error;
    }
  }

  async forget(kind: KeptKind, ids: readonly string[]): Promise<void> {
    const alias = this.#aliases.kept;
    if (alias !== undefined) await this.#writing(['kept'], () => kept.forget(this.#bulk, alias, kind, ids));
  }

  async stats(): Promise<StoreStats> {
    const counts = { raw: 0, agg: 0, err: 0, detail: 0 };
    for (const kind of DOCUMENT_KINDS) {
      const alias = this.#aliases[kind];
      if (alias === undefined) continue;
      await this.#refresh(kind, alias);
      counts[kind] = await this.#unlessMissing(
        kind,
        alias,
        0,
        async () =>
          (await this.#connection.ask<{ count: number }>({ method: 'POST', path: `${pathOf(alias)}/_count` })).count,
      );
    }
    return { ...counts, ...(await this.#timeSpan()), bytes: await this.#bytes() };
  }

  async prune(options: PruneOptions): Promise<PruneReport> {
    for (const kind of DOCUMENT_KINDS) {
      const alias = this.#aliases[kind];
      if (alias !== undefined) await this.#refresh(kind, alias);
      this.#unrefreshed.add(kind);
    }
    return await prune(this.#connection, this.#bulk, this.#aliases, options);
  }

  /** Ends what is under way: its callers get `STORE_CLOSED`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  /** Writes, and once more when an index had been deleted meanwhile: it comes back with Spot's mapping. */
  async #writing<T>(kinds: readonly IndexKind[], write: () => Promise<T>): Promise<T> {
    for (const kind of kinds) this.#unrefreshed.add(kind);
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'STORE_NOT_FOUND') throw error;
      this.#connection.logger.warn('An index is missing; creating it again.', { reason: error.message });
      await ensureIndexes(this.#connection, this.#aliases);
      return await write();
    }
  }

  async #readDocument(kind: DocumentKind, key: RunKey): Promise<unknown> {
    const id = documentId(key);
    const source = (await this.#readByIds(kind, [id])).get(id)?._source;
    return source === undefined ? undefined : documentIn(source);
  }

  async #readByIds(kind: DocumentKind, ids: readonly string[], storedField?: string): ReturnType<typeof readByIds> {
    const alias = this.#aliases[kind];
    return alias === undefined ? new Map() : await readByIds(this.#connection, alias, ids, storedField);
  }

  async *#findDocuments(kind: DocumentKind, filter: RunFilter, options: FindOptions): AsyncGenerator {
    const hits = this.#find(kind, filter, { ...options, pageSize: DOCUMENTS_PER_PAGE });
    for await (const { _source } of hits) yield documentIn(_source ?? {});
  }

  async *#find(kind: DocumentKind, filter: RunFilter, options: SearchOptions): AsyncGenerator<Hit> {
    const alias = this.#aliases[kind];
    if (alias === undefined || (options.limit ?? 1) <= 0) return;
    await this.#refresh(kind, alias);
    try {
      yield* search(this.#connection, alias, filter, options);
    } catch (error) {
      await this.#unlessMissing(kind, alias, undefined, () => Promise.reject(error as Error));
    }
  }

  /** A store that was never written to is not the same as an empty one: a reader learns that it looks in the wrong place. */
  async #unlessMissing<T>(kind: DocumentKind, alias: string, instead: T, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'STORE_NOT_FOUND') throw error;
      if (this.#isPrepared || kind !== 'agg') return instead;
      const { url } = this.#connection;
      throw new StoreError(
        'STORE_NOT_FOUND',
        `There is no index ${alias} at ${url} yet: run spot crawl first, or name the right store`,
        { details: { url, alias }, cause: error },
      );
    }
  }

  /** An id that is too long for a field: its run is looked up. */
  async *#keyOfLongId(id: string): AsyncGenerator<RunKey & LedgerEntry> {
    const { _source, _version = 0 } = (await this.#readByIds('agg', [id])).get(id) ?? {};
    if (_source === undefined) return;
    const { id: appId, spot, attempt } = documentIn(_source) as AggregateDocument;
    const attemptId = attempt.attemptId === undefined ? {} : { attemptId: attempt.attemptId };
    yield { cluster: spot.cluster, appId, ...attemptId, fingerprint: spot.fingerprint, revision: _version };
  }

  /** Makes visible what was written. Without the right (`maintenance`) it shows after the refresh interval (agg a second, raw half a minute). */
  async #refresh(kind: IndexKind, alias: string): Promise<void> {
    if (!this.#unrefreshed.delete(kind)) return;
    try {
      await this.#connection.request({ method: 'POST', path: `${pathOf(alias)}/_refresh` });
    } catch (error) {
      if (!(error instanceof StoreError) || !['STORE_FORBIDDEN', 'STORE_NOT_FOUND'].includes(error.code)) throw error;
    }
  }

  #keptAlias(): string {
    const alias = this.#aliases.kept;
    if (alias !== undefined) return alias;
    throw new StoreError(
      'STORE_KEPT_OFF',
      'Nothing can be kept in this store: kept_index in [SPOT_ELASTICSEARCH] is empty; give it a name such as spot_kept_default',
    );
  }

  async #timeSpan(): Promise<Pick<StoreStats, 'oldestEnd' | 'newestEnd'>> {
    const alias = this.#aliases.agg;
    if (alias === undefined) return {};
    interface Span {
      readonly aggregations: Readonly<Record<'oldest' | 'newest', { readonly value: number | null }>>;
    }
    const span = await this.#unlessMissing<Span | undefined>('agg', alias, undefined, () =>
      this.#connection.ask<Span>({ method: 'POST', path: `${pathOf(alias)}/_search`, body: TIME_SPAN }),
    );
    return { oldestEnd: isoTime(span?.aggregations.oldest.value), newestEnd: isoTime(span?.aggregations.newest.value) };
  }

  /** Absent where Spot may not ask (right `monitor` on the indexes). */
  async #bytes(): Promise<number | undefined> {
    interface Stats {
      readonly _all?: { readonly total?: { readonly store?: { readonly size_in_bytes?: number } } };
    }
    const names = Object.values(this.#aliases).map(encodeURIComponent).join(',');
    try {
      const stats = await this.#connection.ask<Stats>({
        method: 'GET',
        path: `/${names}/_stats/store`,
        querystring: { ignore_unavailable: true },
      });
      return stats._all?.total?.store?.size_in_bytes;
    } catch (error) {
      if (error instanceof StoreError && ['STORE_FORBIDDEN', 'STORE_NOT_FOUND'].includes(error.code)) return undefined;
      throw error;
    }
  }
}

/** A document without the field is not of this Spot: no fingerprint equals the empty one, so its run is read again. */
function fingerprintIn(fields: Hit['fields'] = {}): string {
  const value = fields[FINGERPRINT]?.[0];
  return typeof value === 'string' ? value : '';
}

function deletion(alias: string, id: string): string {
  return JSON.stringify({ delete: { _index: alias, _id: id } });
}

function pathOf(alias: string): string {
  return `/${encodeURIComponent(alias)}`;
}

function isoTime(milliseconds: number | null | undefined): string | undefined {
  return typeof milliseconds === 'number' ? new Date(milliseconds).toISOString() : undefined;
}
