import type { Config } from '../config/read-config.ts';
import { crawlerSection } from '../crawler/config.ts';
import type { CrawlContext } from '../crawler/crawl-pass.ts';
import type { CrawlObserver } from '../crawler/observer.ts';
import { patiently, type Patience } from '../crawler/patient-store.ts';
import { classificationEnricher } from '../integrations/enricher.ts';
import { silentLogger, type Logger } from '../logging/logger.ts';
import { modelsSection } from '../setter/sections.ts';
import { eventLogsSection } from '../sources/event-log/config.ts';
import { EventLogSource } from '../sources/event-log/event-log-source.ts';
import type { RunSource } from '../sources/run-source.ts';
import type { Store } from '../store/store.ts';
import { createRedactor, type Redactor } from '../util/redaction/redactor.ts';
import { processEnvironment, type Environment } from './environment.ts';
import { createSpotLogger, readLoggingSettings, type LogLevel } from './logging.ts';
import { redactionKey } from './redaction-key.ts';
import { ModelKeeper } from './model-keeper.ts';
import { openSources } from './open-sources.ts';
import { openStore, storePlace, type OpenStoreOptions, type StorePlace } from './open-store.ts';
import { loadConfig, storeSection } from './settings.ts';

export interface SpotOptions {
  /** `--config FILE`. */
  readonly config?: string | undefined;
  /** `--store URL`. */
  readonly store?: string | undefined;
  /** `--logging FILE`: a logging.json. */
  readonly logging?: string | undefined;
  /** `none` says nothing at all. */
  readonly logLevel?: LogLevel | 'none' | undefined;
  readonly environment?: Environment | undefined;
}

/**
 * The composition root: configuration in, wired parts out.
 *
 * Nothing is opened before it is asked for; everything opened is closed with Spot itself.
 */
export class Spot implements AsyncDisposable {
  readonly environment: Environment;
  readonly config: Config;
  readonly logger: Logger;
  readonly #options: SpotOptions;
  #redactor: Redactor | undefined;
  readonly #opened = new AsyncDisposableStack();

  constructor(options: SpotOptions) {
    this.#options = options;
    this.environment = options.environment ?? processEnvironment;
    this.config = loadConfig(options.config, this.environment);
    this.logger =
      options.logLevel === 'none'
        ? silentLogger
        : createSpotLogger(readLoggingSettings(options.logging), this.redactor, options.logLevel);
    for (const warning of this.config.warnings)
      this.logger.warn('A key of the configuration has no effect.', { reason: warning });
  }

  /** Made when it is first needed: a command that keeps and logs nothing leaves no key behind either. */
  get redactor(): Redactor {
    const configured = this.config.of(storeSection).settings.redaction_key;
    this.#redactor ??= createRedactor({ hashKey: redactionKey(configured, this.environment.env) });
    return this.#redactor;
  }

  /** Which store `openStore` opens. */
  get storePlace(): StorePlace {
    return storePlace(this.config, this.environment, this.#options.store);
  }

  /**
   * @param waiting - for a crawl: a store that does not answer at the start is waited for as one that stops answering,
   *   for `store_patience_seconds`. Without it the first failure is thrown.
   */
  async openStore(
    access: OpenStoreOptions['access'],
    waiting?: Pick<Patience, 'signal' | 'onFailure'>,
  ): Promise<Store> {
    const store = this.#opened.use(
      await openStore(this.config, this.environment, this.logger.child({ component: 'store' }), {
        url: this.#options.store,
        access,
      }),
    );
    const seconds = waiting === undefined ? 0 : this.config.of(crawlerSection).settings.store_patience_seconds;
    const patience = { onFailure: () => undefined, ...waiting, seconds, now: this.environment.now };
    if (access === 'write') await patiently(() => store.prepare(), patience);
    return store;
  }

  async openSources(): Promise<readonly RunSource[]> {
    const sources = await openSources(this.config, this.logger.child({ component: 'source' }));
    for (const source of sources) this.#opened.use(source);
    return sources;
  }

  /** Event logs named on the command line; all other settings are those of `[EVENT_LOGS]`. */
  async openEventLogs(paths: readonly string[], cluster: string): Promise<readonly EventLogSource[]> {
    const { settings } = this.config.of(eventLogsSection);
    const logger = this.logger.child({ component: 'source' });
    const sources: EventLogSource[] = [];
    for (const path of paths) {
      sources.push(this.#opened.use(await EventLogSource.open({ ...settings, path, cluster }, { logger })));
    }
    return sources;
  }

  /** What the crawler needs, one context for each source. */
  crawlContexts(sources: readonly RunSource[], store: Store, observer: CrawlObserver): readonly CrawlContext[] {
    return sources.map((source) => ({
      source,
      store,
      observer,
      settings: this.config.of(crawlerSection).settings,
      enrich: classificationEnricher,
      redactor: this.redactor,
      keepRaw: store.supports.keepsRaw,
      logger: this.logger.child({ component: 'crawler' }),
      now: this.environment.now,
    }));
  }

  /** Fits models after each pass; does nothing where `[MODELS]` says so. Ends, at the latest, before the store is closed. */
  modelKeeper(store: Store, signal: AbortSignal): ModelKeeper {
    const { fit_after_pass, min_new_runs, max_per_pass } = this.config.of(modelsSection).settings;
    return this.#opened.use(
      new ModelKeeper(store, {
        minNewRuns: min_new_runs,
        maxPerPass: fit_after_pass ? max_per_pass : 0,
        logger: this.logger.child({ component: 'models' }),
        now: this.environment.now,
        signal,
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }
}
