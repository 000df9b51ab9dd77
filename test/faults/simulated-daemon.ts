import { defaultsOf } from '../../src/config/section.ts';
import { crawlerSection } from '../../src/crawler/config.ts';
import type { CrawlContext } from '../../src/crawler/crawl-pass.ts';
import { crawlForever } from '../../src/crawler/crawler.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import type { RunSource } from '../../src/sources/run-source.ts';
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
 * The daemon, one poll at a time: it plans and asks when a test lets it, and the test goes on when it has done with it.
 */
export class SimulatedDaemon {
  readonly #stop = new AbortController();
  readonly #context: CrawlContext;
  #running: Promise<void> | undefined;
  #hasPolled = Promise.withResolvers<undefined>();
  #mayPoll = Promise.withResolvers<undefined>();

  constructor(context: CrawlContext) {
    this.#context = context;
  }

  /** Lets the daemon list, read and save, and waits until it would do so again. */
  async poll(): Promise<void> {
    this.#hasPolled = Promise.withResolvers();
    this.#mayPoll.resolve(undefined);
    this.#running ??= crawlForever(
      [this.#context],
      { signal: this.#stop.signal, pause: () => this.#wait() },
      () => undefined,
    ).finally(() => {
      this.#hasPolled.resolve(undefined);
    });
    await this.#hasPolled.promise;
  }

  /** Ends it between two polls, with all it remembers. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#mayPoll.resolve(undefined);
    await this.#running;
  }

  async #wait(): Promise<void> {
    this.#mayPoll = Promise.withResolvers();
    this.#hasPolled.resolve(undefined);
    if (!this.#stop.signal.aborted) await this.#mayPoll.promise;
  }
}
