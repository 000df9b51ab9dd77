import { StoreError } from '../../util/errors.ts';
import { storedId } from '../run-columns.ts';
import type { FindOptions, RunFilter } from '../store.ts';
import { isMissingIndex, responseError, type ErrorCause } from './errors.ts';
import { searchBody } from './queries.ts';
import type { Connection } from './connection.ts';

export type Source = Readonly<Record<string, unknown>>;

export interface Found {
  readonly _id: string;
  readonly _version?: number;
  /** Which state of the document it is. */
  readonly _seq_no?: number;
  readonly _primary_term?: number;
  readonly _source?: Source;
  /** Stored fields or doc values that were asked for. */
  readonly fields?: Readonly<Record<string, readonly unknown[]>>;
}
interface GotItem extends Found {
  readonly found?: boolean;
  readonly error?: ErrorCause;
}
export interface Hit extends Found {
  readonly sort?: readonly unknown[];
}
interface SearchAnswer {
  readonly pit_id?: string;
  readonly timed_out?: boolean;
  readonly _shards?: { readonly failed: number };
  readonly hits: { readonly hits: readonly Hit[] };
}

const IDS_PER_REQUEST = 1000;
/** How long a point in time is kept between two pages: a consumer may be slow. */
const PIT_KEPT = '5m';

/**
 * Reads documents by id, in realtime: what was acknowledged is there.
 *
 * @param storedField - the one field to give, instead of the document
 * @returns what is stored, by the id that was asked for
 * @throws StoreError `STORE_UNAVAILABLE` when Elasticsearch could not look (it is not the same as: not there)
 */
export async function readByIds(
  connection: Connection,
  alias: string,
  ids: readonly string[],
  storedField?: string,
): Promise<ReadonlyMap<string, Found>> {
  const found = new Map<string, Found>();
  for (let start = 0; start < ids.length; start += IDS_PER_REQUEST) {
    const chunk = ids.slice(start, start + IDS_PER_REQUEST);
    const { docs } = await connection.ask<{ readonly docs: readonly GotItem[] }>({
      method: 'POST',
      path: `/${encodeURIComponent(alias)}/_mget`,
      querystring: storedField === undefined ? {} : { _source: false, stored_fields: storedField },
      body: { ids: chunk.map(storedId) },
    });
    // The answer has the order of the question; its ids may look different (a lone surrogate).
    for (const [index, id] of chunk.entries()) {
      const item = docs[index];
      if (item === undefined || (item.error !== undefined && !isMissingIndex(item.error)))
        throw responseError(503, item?.error, connection.url);
      if (item.found === true) found.set(id, item);
    }
  }
  return found;
}

export interface SearchOptions extends FindOptions {
  readonly pageSize: number;
  /** Which parts of a hit to give, as search takes them. */
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * Streams the hits of a filter.
 *
 * @throws StoreError `STORE_NOT_FOUND` when there is no such index; the signal's reason
 */
export function search(
  connection: Connection,
  alias: string,
  filter: RunFilter,
  { order = 'newest-first', fields = {}, ...paging }: SearchOptions,
): AsyncGenerator<Hit> {
  const bodyOf: BodyOf = (size, after) => ({ ...searchBody(filter, order, size, after), ...fields });
  return searchPages(connection, alias, bodyOf, paging);
}

/** The body of a search for at most `size` hits, behind the one whose `sort` is given. */
export type BodyOf = (size: number, after: readonly unknown[] | undefined) => Source;

/** Streams the hits of a search, past any limit: on a point in time, each page behind the last hit of the one before. */
export async function* searchPages(
  connection: Connection,
  alias: string,
  bodyOf: BodyOf,
  { limit = Infinity, pageSize, signal }: Pick<SearchOptions, 'limit' | 'pageSize' | 'signal'>,
): AsyncGenerator<Hit> {
  if (limit <= pageSize) {
    const path = `/${encodeURIComponent(alias)}/_search`;
    yield* whileWanted((await ask(connection, path, bodyOf(limit, undefined), signal)).hits.hits, signal);
    return;
  }

  let pit = await openPointInTime(connection, alias, signal);
  try {
    let after: readonly unknown[] | undefined;
    for (let left = limit; left > 0;) {
      const size = Math.min(left, pageSize);
      const body = { ...bodyOf(size, after), pit: { id: pit, keep_alive: PIT_KEPT } };
      const answer = await ask(connection, '/_search', body, signal);
      const { hits } = answer.hits;
      yield* whileWanted(hits, signal);
      pit = answer.pit_id ?? pit;
      after = hits.at(-1)?.sort;
      left -= hits.length;
      if (hits.length < size || after === undefined) return;
    }
  } finally {
    await connection.request({ method: 'DELETE', path: '/_pit', body: { id: pit } }).catch(() => undefined);
  }
}

async function openPointInTime(
  connection: Connection,
  alias: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { id } = await connection.ask<{ readonly id: string }>(
    { method: 'POST', path: `/${encodeURIComponent(alias)}/_pit`, querystring: { keep_alive: PIT_KEPT } },
    signal,
  );
  return id;
}

async function ask(
  connection: Connection,
  path: string,
  body: unknown,
  signal: AbortSignal | undefined,
): Promise<SearchAnswer> {
  const answer = await connection.ask<SearchAnswer>(
    { method: 'POST', path, querystring: { allow_partial_search_results: false }, body },
    signal,
  );
  if (answer.timed_out !== true && (answer._shards?.failed ?? 0) === 0) return answer;
  // A part of the hits would pass for all of them.
  throw new StoreError(
    'STORE_UNAVAILABLE',
    `Elasticsearch at ${connection.url} searched a part of its shards only: check the health of the cluster`,
    {
      details: { url: connection.url },
      retryable: true,
    },
  );
}

function* whileWanted(hits: readonly Hit[], signal: AbortSignal | undefined): Generator<Hit> {
  for (const hit of hits) {
    signal?.throwIfAborted();
    yield hit;
  }
}
