import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@elastic/elasticsearch';
import type { Logger } from '../../logging/logger.ts';
import { StoreError } from '../../util/errors.ts';
import { makeClient, probeMajor } from './client.ts';
import type { ElasticsearchSettings } from './config.ts';
import { toStoreError } from './errors.ts';

/** A request as the client's transport takes it. */
export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly querystring?: Readonly<Record<string, string | boolean>>;
  readonly body?: unknown;
  /** Lines of NDJSON, written as they are. */
  readonly bulkBody?: readonly string[];
}

/** Before a question is asked again. */
const PAUSES_MS = [250, 500, 1000, 2000, 4000] as const;

/**
 * The connection to Elasticsearch: connects with the first request, translates every error, and ends what is under way when it is closed.
 */
export class Connection implements AsyncDisposable {
  /** For messages: without user and password. */
  readonly url: string;
  readonly settings: ElasticsearchSettings;
  readonly logger: Logger;
  readonly #closing = new AbortController();
  #client: Promise<Client> | undefined;

  constructor(settings: ElasticsearchSettings, logger: Logger) {
    this.url = withoutCredentials(settings.elasticsearch_url);
    this.settings = settings;
    this.logger = logger;
  }

  /**
   * @returns the body of the answer
   * @throws StoreError; the signal's reason when it fires; `STORE_CLOSED` after closing
   */
  async request<T>(request: Request, signal?: AbortSignal): Promise<T> {
    const ending = signal === undefined ? this.#closing.signal : AbortSignal.any([this.#closing.signal, signal]);
    ending.throwIfAborted();
    try {
      const client = await (this.#client ??= this.#connect());
      return await client.transport.request<T>({ ...request } as never, { signal: ending });
    } catch (thrown) {
      ending.throwIfAborted();
      throw toStoreError(thrown, this.url);
    }
  }

  /**
   * A question, which may be asked again: while Elasticsearch has no room for it, for some seconds.
   *
   * Writes are repeated where their items are known (bulk.ts), and a store that is away is waited for by who can wait.
   */
  async ask<T>(question: Request, signal?: AbortSignal): Promise<T> {
    for (const pauseMs of PAUSES_MS) {
      try {
        return await this.request<T>(question, signal);
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== 'STORE_OVERLOADED') throw error;
        await this.pause(pauseMs, signal);
      }
    }
    return await this.request<T>(question, signal);
  }

  /** Waits, but no longer than until the signal fires or the connection is closed. */
  async pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
    const ending = signal === undefined ? this.#closing.signal : AbortSignal.any([this.#closing.signal, signal]);
    await sleep(milliseconds, undefined, { signal: ending }).catch(() => undefined);
    ending.throwIfAborted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(
      new StoreError('STORE_CLOSED', `The store elasticsearch:${this.url} was closed`, { details: { url: this.url } }),
    );
    const client = await this.#client?.catch(() => undefined);
    await client?.close();
  }

  /** A connection that fails is tried anew by the next request. */
  async #connect(): Promise<Client> {
    try {
      return makeClient(this.settings, await this.#major());
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
  }

  async #major(): Promise<number> {
    const { compatibility } = this.settings;
    if (compatibility !== 'auto') return Number(compatibility);
    const client = makeClient(this.settings);
    try {
      return await probeMajor(client, this.url);
    } finally {
      await client.close();
    }
  }
}

function withoutCredentials(text: string): string {
  const url = new URL(text);
  url.username = '';
  url.password = '';
  return url.href.replace(/\/$/, '');
}
