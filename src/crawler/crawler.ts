import { setTimeout as sleep } from 'node:timers/promises';
import { documentId } from '../documents/run-key.ts';
import { SpotError, toError } from '../util/errors.ts';
import { crawlPass, type CrawlContext } from './crawl-pass.ts';
import { errorDocument, LISTING } from './failure.ts';
import { clearLeftoverErrors } from './leftover-errors.ts';
import type { PassReport } from './observer.ts';
import { patiently } from './patient-store.ts';
import { SweepPlan, type Sweep } from './sweeps.ts';

export interface CrawlOptions {
  readonly signal: AbortSignal;
  /** Nothing that ended before it is read. */
  readonly minEndDate?: Date | undefined;
  /** How the daemon waits between two polls, at most until the signal fires; default: in real time. */
  readonly pause?: (seconds: number, signal: AbortSignal) => Promise<void>;
}

/** What a single pass over all sources came to; `unreachable` holds the error of each source that could not be listed. */
export interface OnceReport {
  readonly reports: readonly PassReport[];
  readonly unreachable: readonly Error[];
}

/** A list that keeps growing is followed this often, then the next call takes over. */
const MAX_PASSES = 50;

/**
 * Reads everything that is listed and not stored, then ends.
 *
 * The list is asked for again until it brings nothing new: a server that has just started lists a part of its runs,
 * and others end while the first are read.
 */
export async function crawlOnce(contexts: readonly CrawlContext[], options: CrawlOptions): Promise<OnceReport> {
  const reports: PassReport[] = [];
  const unreachable: Error[] = [];
  await Promise.all(
    contexts.map(async (context) => {
      const window = { endedAfter: options.minEndDate };
      for (let pass = 0; pass < MAX_PASSES; pass += 1) {
        const report = await observedPass(context, 'cold', {
          ...options,
          window,
          ignoreDelays: pass === 0,
          storePatienceSeconds: context.settings.store_patience_seconds,
        });
        if (report instanceof Error) unreachable.push(report);
        else reports.push(report);
        if (report instanceof Error || report.saved === 0 || report.ended !== 'complete') break;
      }
    }),
  );
  return { reports, unreachable };
}

/**
 * The daemon: follows every source in a loop of its own until the signal fires, so that one that hangs holds up no other.
 *
 * @param onReady - called once, when each source has been swept for the first time
 */
export async function crawlForever(
  contexts: readonly CrawlContext[],
  options: CrawlOptions,
  onReady: () => void,
): Promise<void> {
  let unswept = contexts.length;
  const swept = (): void => {
    unswept -= 1;
    if (unswept === 0) onReady();
  };
  await Promise.all(contexts.map((context) => followSource(context, options, swept)));
}

async function followSource(context: CrawlContext, options: CrawlOptions, onFirstSweep: () => void): Promise<void> {
  const plan = new SweepPlan(context.settings, options.minEndDate);
  let isFirst = true;
  while (!options.signal.aborted) {
    const planned = plan.next(context.now());
    const report = await survivedPass(context, planned.sweep, {
      signal: options.signal,
      window: planned.window,
      ignoreDelays: false,
      storePatienceSeconds: Infinity,
    });
    if (report instanceof Error || report.ended === 'source-lost') {
      plan.interrupted();
    } else if (report.ended === 'complete') {
      plan.completed(planned, report, context.now());
      if (isFirst) onFirstSweep();
      isFirst = false;
    }
    await (options.pause ?? sleepFor)(context.settings.sleep_seconds, options.signal);
  }
}

async function sleepFor(seconds: number, signal: AbortSignal): Promise<void> {
  await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
}

/** A daemon outlives whatever a pass throws: it says so, and the next poll starts from what the store holds. */
async function survivedPass(
  context: CrawlContext,
  sweep: Sweep,
  options: ObservedPassOptions,
): Promise<PassReport | Error> {
  try {
    return await observedPass(context, sweep, options);
  } catch (thrown) {
    const error = toError(thrown);
    context.logger.error('Sweep failed, the next poll tries again.', {
      cluster: context.source.cluster,
      sweep,
      reason: error.message,
      stack: error.stack,
    });
    context.observer.storeFailed?.(error, context.source.cluster);
    return error;
  }
}

type ObservedPassOptions = Parameters<typeof crawlPass>[1];

/** A pass with its log lines; an unreachable source becomes an error document and is returned, not thrown. */
async function observedPass(
  context: CrawlContext,
  sweep: Sweep,
  options: ObservedPassOptions,
): Promise<PassReport | Error> {
  const { source, observer, logger } = context;
  observer.passStarted?.(source.cluster, sweep);
  try {
    const report = await crawlPass(context, options);
    const level = report.saved + report.failed > 0 || report.ended !== 'complete' ? 'info' : 'debug';
    const { waiting, listId: _listId, ...counts } = report;
    logger[level]('Sweep ended.', {
      cluster: source.cluster,
      sweep,
      ...counts,
      ...(waiting && { nextTry: new Date(waiting.nextTryAt).toISOString() }),
    });
    await patiently(() => clearOvercomeErrors(context, sweep, report), {
      seconds: options.storePatienceSeconds,
      signal: options.signal,
      now: context.now,
      onFailure: (error) => observer.storeFailed?.(error, source.cluster),
    });
    observer.passEnded?.(source.cluster, sweep, report);
    return report;
  } catch (thrown) {
    const error = toError(thrown);
    if (options.signal.aborted)
      return {
        listed: 0,
        listId: '',
        alreadyStored: 0,
        parked: 0,
        saved: 0,
        failed: 0,
        ended: 'stopped',
        durationMs: 0,
      };
    if (!(error instanceof SpotError) || !error.code.startsWith('SOURCE_')) throw error;
    await listingFailed(context, error);
    return error;
  }
}

async function listingFailed(context: CrawlContext, error: Error): Promise<void> {
  const { source, store, settings, redactor, observer, logger, now } = context;
  const id = documentId({ cluster: source.cluster, appId: LISTING });
  const previous = (await store.readErrors([id])).get(id);
  const document = errorDocument('listing', error, {
    cluster: source.cluster,
    host: source.host,
    now: now(),
    retryDelaySeconds: settings.sleep_seconds,
    retryMaxDelaySeconds: settings.sleep_seconds,
    previous,
    redact: (text) => redactor.text(text),
  });
  const { code, message, count } = document.spot.error;
  logger.error('The source could not be listed.', {
    cluster: source.cluster,
    source: source.description,
    code,
    reason: message,
    count,
  });
  await store.saveErrors([document]);
  observer.listingFailed?.(source.cluster, document);
}

/** What a pass has shown to be over: the error of the list, and of runs that are stored. */
async function clearOvercomeErrors(context: CrawlContext, sweep: Sweep, { ended }: PassReport): Promise<void> {
  if (ended !== 'source-lost') await clearListingError(context);
  if (sweep === 'cold' && ended === 'complete') await clearLeftoverErrors(context.store, context.source.cluster);
}

async function clearListingError(context: CrawlContext): Promise<void> {
  const id = documentId({ cluster: context.source.cluster, appId: LISTING });
  const stored = await context.store.readErrors([id]);
  if (stored.size > 0) await context.store.clearErrors([id]);
}
