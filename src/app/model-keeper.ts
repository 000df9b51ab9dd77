import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CrawlObserver } from '../crawler/observer.ts';
import { documentId, type RunKey } from '../documents/run-key.ts';
import type { Logger } from '../logging/logger.ts';
import { isModelDue, readApplication } from '../setter/kept-models.ts';
import type { Store } from '../store/store.ts';
import { toError } from '../util/errors.ts';
import { learnAndKeep } from './application-models.ts';

export interface ModelKeeperOptions {
  readonly minNewRuns: number;
  /** Applications fitted after one pass; 0 switches it off. */
  readonly maxPerPass: number;
  readonly logger: Logger;
  readonly now: () => Date;
  /** Ends the work between two fits. */
  readonly signal?: AbortSignal | undefined;
}

/** A first crawl reads a hundred thousand runs: the newest of them stand for their applications. */
const MOST_KEYS = 5000;

/**
 * Keeps models up to date while a crawl goes on: after each pass it fits the applications that got new runs.
 *
 * A crawl never waits for it and never fails by it; what is not done when the process ends is done after the next pass, or when asked for.
 */
export class ModelKeeper implements CrawlObserver, AsyncDisposable {
  readonly #store: Store;
  readonly #options: ModelKeeperOptions;
  readonly #saved = new Map<string, RunKey>();
  readonly #waiting = new Set<string>();
  #work: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();
  readonly #signal: AbortSignal;

  constructor(store: Store, options: ModelKeeperOptions) {
    this.#store = store;
    this.#options = options;
    this.#signal = AbortSignal.any([this.#closing.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  }

  readonly runSaved = (key: RunKey): void => {
    if (this.#options.maxPerPass === 0) return;
    const id = documentId(key);
    this.#saved.delete(id);
    this.#saved.set(id, key);
    const [oldest] = this.#saved.keys();
    if (this.#saved.size > MOST_KEYS && oldest !== undefined) this.#saved.delete(oldest);
  };

  readonly passEnded = (): void => {
    if (this.#options.maxPerPass === 0) return;
    if (this.#saved.size === 0 && this.#waiting.size === 0) return;
    const keys = [...this.#saved.values()];
    this.#saved.clear();
    this.#work = this.#work.then(() => this.#fit(keys));
  };

  /** Resolves when everything that passes have asked for so far is done. */
  get idle(): Promise<void> {
    return this.#work;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#work;
  }

  async #fit(keys: readonly RunKey[]): Promise<void> {
    const { logger, maxPerPass } = this.#options;
    try {
      for (const key of keys) {
        if (this.#isStopped()) return;
        const tag = (await this.#store.readAggregate(key))?.app_specific_data.tag;
        // Who waits already keeps its place, so that all get their turn.
        if (tag !== undefined) this.#waiting.add(tag);
      }
    } catch (thrown) {
      logger.warn('The applications of new runs could not be read; their next run tries again.', {
        reason: toError(thrown).message,
      });
    }
    let fitted = 0;
    for (const tag of this.#waiting) {
      if (this.#isStopped() || fitted >= maxPerPass) return;
      this.#waiting.delete(tag);
      try {
        if (await this.#fitOne(tag)) fitted += 1;
      } catch (thrown) {
        if (this.#isStopped()) return;
        logger.warn('The models of an application could not be fitted; its next run tries again.', {
          tag,
          reason: toError(thrown).message,
        });
      }
    }
  }

  #isStopped(): boolean {
    return this.#signal.aborted;
  }

  async #fitOne(tag: string): Promise<boolean> {
    const { logger, minNewRuns, now } = this.#options;
    const history = await readApplication(this.#store, { tag });
    if (!(await isModelDue(this.#store, history, minNewRuns))) return false;
    await nextTurn();
    const learned = await learnAndKeep(this.#store, tag, now(), this.#signal);
    logger.debug('Models fitted.', {
      tag,
      runs: learned?.history.runs.length,
      targets: [...(learned?.models.keys() ?? [])].join(', '),
    });
    return true;
  }
}
