import type { ErrorDocument } from '../documents/documents.ts';
import type { RunKey } from '../documents/run-key.ts';
import type { Sweep, Waiting } from './sweeps.ts';

/** What one pass over a source came to. */
export interface PassReport {
  /** Attempts the source listed that can be read. */
  readonly listed: number;
  /** Equal for equal lists. */
  readonly listId: string;
  readonly alreadyStored: number;
  /** Runs that failed before and are not due yet. */
  readonly parked: number;
  readonly saved: number;
  readonly failed: number;
  /** Of the runs that could not be read, now or before. */
  readonly waiting?: Waiting | undefined;
  /** `source-lost`: the source stopped answering on the way. `stopped`: somebody asked to stop. */
  readonly ended: 'complete' | 'source-lost' | 'stopped';
  readonly durationMs: number;
}

/** Who wants to know how the crawl goes: the progress display, the metrics. Every method is optional. */
export interface CrawlObserver {
  passStarted?(cluster: string, sweep: Sweep): void;
  /** The list has been compared with the store. */
  workFound?(
    cluster: string,
    work: { readonly toRead: number; readonly alreadyStored: number; readonly parked: number },
  ): void;
  /** @param tag - of the application, by which its runs belong together */
  runSaved?(key: RunKey, endTimeEpoch: number, tag?: string): void;
  runFailed?(key: RunKey, error: ErrorDocument): void;
  listingFailed?(cluster: string, error: ErrorDocument): void;
  /** `cluster`: the source whose runs could not be compared or written. */
  storeFailed?(error: Error, cluster?: string): void;
  passEnded?(cluster: string, sweep: Sweep, report: PassReport): void;
}

/** Tells several observers. */
export function allOf(observers: readonly CrawlObserver[]): CrawlObserver {
  return {
    passStarted: (...args) => {
      for (const o of observers) o.passStarted?.(...args);
    },
    workFound: (...args) => {
      for (const o of observers) o.workFound?.(...args);
    },
    runSaved: (...args) => {
      for (const o of observers) o.runSaved?.(...args);
    },
    runFailed: (...args) => {
      for (const o of observers) o.runFailed?.(...args);
    },
    listingFailed: (...args) => {
      for (const o of observers) o.listingFailed?.(...args);
    },
    storeFailed: (...args) => {
      for (const o of observers) o.storeFailed?.(...args);
    },
    passEnded: (...args) => {
      for (const o of observers) o.passEnded?.(...args);
    },
  };
}
