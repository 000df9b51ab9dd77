import { setImmediate as nextTurn } from 'node:timers/promises';
import PQueue from 'p-queue';
import type { ErrorStage } from '../documents/documents.ts';
import type { Enricher } from '../integrations/enricher.ts';
import type { Logger } from '../logging/logger.ts';
import type { AttemptParts, RunSource, RunWindow } from '../sources/run-source.ts';
import type { ApplicationInfo } from '../spark/rest.ts';
import type { RunDocuments, SaveOutcome, Store } from '../store/store.ts';
import type { SettingsOf } from '../config/section.ts';
import type { Redactor } from '../util/redaction/redactor.ts';
import { SpotError, toError } from '../util/errors.ts';
import { runLabel } from '../documents/run-key.ts';
import type { crawlerSection } from './config.ts';
import { errorDocument } from './failure.ts';
import type { CrawlObserver, PassReport } from './observer.ts';
import { patiently } from './patient-store.ts';
import { fetchRun, makeDocuments, ReadRunError } from './read-run.ts';
import { RunSaver } from './run-saver.ts';
import type { Waiting } from './sweeps.ts';
import { soonest, waitingOf, workList, type RunToRead } from './work-list.ts';

export interface CrawlContext {
  readonly source: RunSource;
  readonly store: Store;
  readonly settings: SettingsOf<typeof crawlerSection>;
  readonly enrich: Enricher;
  readonly redactor: Redactor;
  readonly keepRaw: boolean;
  readonly observer: CrawlObserver;
  readonly logger: Logger;
  readonly now: () => Date;
}

export interface PassOptions {
  readonly window: RunWindow;
  readonly signal: AbortSignal;
  /** Also tries runs whose delay after a failure has not passed. */
  readonly ignoreDelays: boolean;
  /** How long to wait for a store that does not answer. */
  readonly storePatienceSeconds: number;
}

/** After so many runs in a row that the source did not answer for, the pass ends: it is the source, not the runs. */
const SOURCE_IS_LOST_AFTER = 3;

/**
 * One pass over one source: list, leave out what is stored, read the rest oldest first, save.
 *
 * A run that fails becomes an error document and holds nothing up.
 *
 * @throws SourceError when the list cannot be had, StoreError when the store does not answer within the patience
 */
export async function crawlPass(context: CrawlContext, options: PassOptions): Promise<PassReport> {
  return await new CrawlPass(context, options).run();
}

class CrawlPass {
  readonly #context: CrawlContext;
  readonly #options: PassOptions;
  readonly #started: number;
  /** Fires when the pass has to end early; aborts what is being fetched. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #saved = 0;
  #failed = 0;
  #waiting: Waiting | undefined;
  #unansweredInARow = 0;
  #sourceIsLost = false;
  /** What went wrong beyond a single run: the store. */
  #broken: Error | undefined;

  constructor(context: CrawlContext, options: PassOptions) {
    this.#context = context;
    this.#options = options;
    this.#started = context.now().getTime();
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
  }

  async run(): Promise<PassReport> {
    const { source, store, settings, observer, now } = this.#context;
    const applications: ApplicationInfo[] = [];
    const listingFailure = await this.#list(applications);
    if (listingFailure !== undefined && applications.length === 0) throw listingFailure;

    const work = await this.#patiently(() =>
      workList(applications, store, {
        source,
        now: now(),
        liveEverySeconds: settings.live_every_seconds,
        orphanAfterHours: settings.orphan_after_hours,
        settleSeconds: settings.completion_timeout_seconds,
        ignoreDelays: this.#options.ignoreDelays,
      }),
    );
    observer.workFound?.(source.cluster, {
      toRead: work.runs.length,
      alreadyStored: work.alreadyStored,
      parked: work.parked,
    });
    this.#waiting = work.waiting;
    await this.#readAll(work.runs);
    if (listingFailure !== undefined) throw listingFailure;

    const { listed, listId, alreadyStored, parked } = work;
    const ended = this.#sourceIsLost ? 'source-lost' : this.#options.signal.aborted ? 'stopped' : 'complete';
    return {
      listed,
      listId,
      alreadyStored,
      parked,
      saved: this.#saved,
      failed: this.#failed,
      waiting: this.#waiting,
      ended,
      durationMs: now().getTime() - this.#started,
    };
  }

  /** A list that breaks off in the middle does not hide what came before. */
  async #list(applications: ApplicationInfo[]): Promise<Error | undefined> {
    try {
      const list = this.#context.source.listApplications(this.#options.window, { signal: this.#signal });
      for await (const application of list) applications.push(application);
      return undefined;
    } catch (error) {
      return toError(error);
    }
  }

  async #readAll(runs: readonly RunToRead[]): Promise<void> {
    const concurrency = this.#context.source.concurrency ?? this.#context.settings.concurrency;
    const saver = new RunSaver({
      batchRuns: this.#context.settings.batch_runs,
      now: this.#context.now,
      save: (batch) => this.#save(batch),
      onOutcome: (run, { aggregate }, outcome) => this.#settle(run, outcome, aggregate.app_specific_data.tag),
    });

    const fetching = new PQueue({ concurrency });
    const making = new PQueue({ concurrency });
    for (const run of runs) {
      if (this.#isStopping()) break;
      await fetching.onSizeLessThan(concurrency);
      const finish = (parts: AttemptParts): void => {
        void making.add(() => this.#orBreak(() => this.#make(run, parts, saver)));
      };
      void fetching.add(() => this.#orBreak(() => this.#fetch(run, finish, () => making.onSizeLessThan(concurrency))));
    }
    await fetching.onIdle();
    await making.onIdle();
    if (this.#broken !== undefined) throw this.#broken;
    await saver.flush();
  }

  /** What goes wrong beyond a single run ends the pass. */
  async #orBreak(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#broken ??= toError(error);
      this.#stop.abort();
    }
  }

  /** The next run is fetched while this one's documents are made and written; `room` holds that back when they fall behind. */
  async #fetch(run: RunToRead, finish: (parts: AttemptParts) => void, room: () => Promise<void>): Promise<void> {
    if (this.#isStopping()) return;
    try {
      finish(await fetchRun(run, this.#context, this.#signal));
      this.#unansweredInARow = 0;
    } catch (thrown) {
      if (!this.#isStopping()) await this.#readFailed(run, thrown);
      return;
    }
    await room();
  }

  async #make(run: RunToRead, parts: AttemptParts, saver: RunSaver): Promise<void> {
    // The question about the next run goes out first, so that the source is at work while this thread makes documents.
    await nextTurn();
    if (this.#broken !== undefined) return;
    let documents: RunDocuments;
    try {
      documents = await makeDocuments(run, parts, this.#context, this.#signal);
    } catch (thrown) {
      if (!this.#isStopping()) await this.#readFailed(run, thrown);
      return;
    }
    await saver.add(run, documents);
  }

  async #readFailed(run: RunToRead, thrown: unknown): Promise<void> {
    const [stage, error] =
      thrown instanceof ReadRunError ? [thrown.stage, toError(thrown.cause)] : ['raw' as const, toError(thrown)];
    await this.#fail(run, stage, error);
    const isUnanswered = error instanceof SpotError && error.code === 'SOURCE_UNAVAILABLE';
    this.#unansweredInARow = isUnanswered ? this.#unansweredInARow + 1 : 0;
    if (this.#unansweredInARow >= SOURCE_IS_LOST_AFTER) {
      this.#sourceIsLost = true;
      this.#stop.abort();
    }
  }

  #save(batch: readonly RunDocuments[]): Promise<readonly SaveOutcome[]> {
    return this.#patiently(() => this.#context.store.saveRuns(batch));
  }

  async #settle(run: RunToRead, outcome: SaveOutcome, tag: string): Promise<void> {
    if (outcome.status === 'rejected') {
      await this.#fail(run, 'store', outcome.error);
      return;
    }
    this.#saved += 1;
    if (run.failure !== undefined) await this.#patiently(() => this.#context.store.clearErrors([run.id]));
    this.#context.observer.runSaved?.(run.key, run.attempt.endTimeEpoch, tag);
  }

  async #fail(run: RunToRead, stage: ErrorStage, error: Error): Promise<void> {
    const { source, store, settings, redactor, observer, logger, now } = this.#context;
    const document = errorDocument(stage, error, {
      cluster: source.cluster,
      host: source.host,
      appId: run.key.appId,
      attemptId: run.key.attemptId,
      fingerprint: run.fingerprint,
      now: now(),
      retryDelaySeconds: settings.retry_delay_seconds,
      retryMaxDelaySeconds: settings.retry_max_delay_seconds,
      previous: run.failure,
      redact: (text) => redactor.text(text),
    });
    await this.#patiently(() => store.saveErrors([document]));
    this.#failed += 1;
    this.#waiting = soonest(this.#waiting, waitingOf(run, document));
    const { code, message, count, next_try } = document.spot.error;
    logger.warn('Run could not be read, it will be tried again.', {
      runId: runLabel(run.key),
      cluster: source.cluster,
      stage,
      code,
      reason: message,
      count,
      nextTry: next_try,
    });
    observer.runFailed?.(run.key, document);
  }

  #isStopping(): boolean {
    return this.#signal.aborted;
  }

  #patiently<T>(operation: () => Promise<T>): Promise<T> {
    return patiently(operation, {
      seconds: this.#options.storePatienceSeconds,
      signal: this.#options.signal,
      now: this.#context.now,
      onFailure: (error) => {
        this.#context.logger.warn('The store does not answer, waiting for it.', { reason: error.message });
        this.#context.observer.storeFailed?.(error, this.#context.source.cluster);
      },
    });
  }
}
