import { defaultsOf } from '../../src/config/section.ts';
import { crawlerSection } from '../../src/crawler/config.ts';
import type { CrawlContext } from '../../src/crawler/crawl-pass.ts';
import { crawlForever } from '../../src/crawler/crawler.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import type { CallOptions, RunSource, RunWindow } from '../../src/sources/run-source.ts';
import type { ApplicationAttemptInfo, ApplicationInfo } from '../../src/spark/rest.ts';
import { runLabel } from '../../src/documents/run-key.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { dateOf, type SimulatedClock } from './simulated-server.ts';

/** Everything the crawler needs; its settings are the defaults, and no pause between polls. */
export function simulatedContext(
  source: RunSource,
  store: Store,
  clock: SimulatedClock,
  settings: Partial<CrawlContext['settings']> = {},
): CrawlContext {
  return {
    source,
    store,
    settings: { ...defaultsOf(crawlerSection), sleep_seconds: 0, ...settings },
    enrich: () => Promise.resolve({ classification: { app: 'a', type: 'a' }, tag: 'a' }),
    redactor: { text: (text) => text, property: (_key, value) => value, deep: (value) => value },
    keepRaw: true,
    observer: {},
    logger: silentLogger,
    now: () => dateOf(clock),
  };
}

export function memoryStore(): Promise<SqliteStore> {
  return SqliteStore.open({ path: ':memory:' }, silentLogger);
}

/** `app` or `app/attempt` of every stored run, sorted. */
export async function storedRuns(store: Store, cluster?: string): Promise<string[]> {
  return (await Array.fromAsync(store.findKeys({ cluster }))).map(runLabel).sort();
}

/**
 * The daemon, one poll at a time: it asks for its list when a test lets it, and the test goes on when it has done with it.
 */
export class SimulatedDaemon {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #asks = Promise.withResolvers<undefined>();
  #mayAsk = Promise.withResolvers<undefined>();

  constructor(context: CrawlContext) {
    const gated = { ...context, source: gate(context.source, (signal) => this.#wait(signal)) };
    this.#running = crawlForever([gated], { signal: this.#stop.signal }, () => undefined);
  }

  /** Lets the daemon list, read and save, and waits until it would do so again. */
  async poll(): Promise<void> {
    await this.#asks.promise;
    this.#asks = Promise.withResolvers();
    this.#mayAsk.resolve(undefined);
    await this.#asks.promise;
  }

  /** Ends it between two polls, with all it remembers. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #wait(signal: AbortSignal | undefined): Promise<void> {
    this.#mayAsk = Promise.withResolvers();
    const stopped = Promise.withResolvers<undefined>();
    const onAbort = (): void => {
      stopped.resolve(undefined);
    };
    signal?.addEventListener('abort', onAbort);
    this.#asks.resolve(undefined);
    await Promise.race([this.#mayAsk.promise, stopped.promise]);
    signal?.removeEventListener('abort', onAbort);
    signal?.throwIfAborted();
  }
}

function gate(source: RunSource, wait: (signal: AbortSignal | undefined) => Promise<void>): RunSource {
  const { cluster, host, description, tellsProgress, concurrency } = source;
  return {
    cluster,
    host,
    description,
    tellsProgress,
    concurrency,
    async *listApplications(window: RunWindow, options: CallOptions = {}) {
      await wait(options.signal);
      yield* source.listApplications(window, options);
    },
    fetchAttempt: (application: ApplicationInfo, attempt: ApplicationAttemptInfo, options?: CallOptions) =>
      source.fetchAttempt(application, attempt, options),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}
