import { fingerprintOf } from '../documents/fingerprint.ts';
import { documentId, type RunKey } from '../documents/run-key.ts';
import type { ErrorDocument } from '../documents/documents.ts';
import type { ApplicationAttemptInfo, ApplicationInfo } from '../spark/rest.ts';
import type { Store } from '../store/store.ts';
import { earliest, type Waiting } from './sweeps.ts';

/** One run that the store does not hold as the source lists it now. */
export interface RunToRead {
  readonly key: RunKey;
  readonly id: string;
  readonly application: ApplicationInfo;
  readonly attempt: ApplicationAttemptInfo;
  readonly fingerprint: string;
  /** Revision of what the store holds of it, 0 when it holds nothing. */
  readonly storedRevision: number;
  /** What went wrong the last time. */
  readonly failure?: ErrorDocument | undefined;
}

export interface WorkListOptions {
  readonly cluster: string;
  readonly now: Date;
  /** Runs that ended less than this long ago are left alone. */
  readonly settleSeconds: number;
  /** Also runs whose next try is not due yet. */
  readonly ignoreDelays: boolean;
}

export interface WorkList {
  /** Oldest end first, so that a crash leaves no gap behind what is done. */
  readonly runs: readonly RunToRead[];
  /** Attempts that count as readable: completed ones, and unfinished ones of completed applications. */
  readonly listed: number;
  readonly alreadyStored: number;
  /** Waiting for their next try. */
  readonly parked: number;
  /** Of the parked ones. */
  readonly waiting: Waiting | undefined;
}

/** How many runs the store is asked about at a time. */
const CHUNK = 1000;

/** What is left to do: listed attempts minus stored attempts with the same fingerprint. */
export async function workList(
  applications: readonly ApplicationInfo[],
  store: Store,
  options: WorkListOptions,
): Promise<WorkList> {
  const readable = applications.flatMap((application) => readableAttempts(application, options));
  const runs: RunToRead[] = [];
  let parked = 0;
  let waiting: Waiting | undefined;

  for (let start = 0; start < readable.length; start += CHUNK) {
    const chunk = readable.slice(start, start + CHUNK);
    const ledger = await store.readLedger(chunk.map((run) => run.key));
    const changed = chunk.filter((run) => ledger.get(run.id)?.fingerprint !== run.fingerprint);
    if (changed.length === 0) continue;

    const failures = await store.readErrors(changed.map((run) => run.id));
    for (const run of changed) {
      const failure = failures.get(run.id);
      if (failure !== undefined && !options.ignoreDelays && isWaiting(run, failure, options.now)) {
        parked += 1;
        waiting = soonest(waiting, waitingOf(run, failure));
      } else {
        runs.push({ ...run, storedRevision: ledger.get(run.id)?.revision ?? 0, failure });
      }
    }
  }
  runs.sort((a, b) => a.attempt.endTimeEpoch - b.attempt.endTimeEpoch || compare(a.id, b.id));
  return { runs, listed: readable.length, alreadyStored: readable.length - runs.length - parked, parked, waiting };
}

type ListedRun = Omit<RunToRead, 'storedRevision' | 'failure'>;

/** An attempt that still runs is left out, unless the application went on without it (its driver was killed). */
export function readableAttempts(
  application: ApplicationInfo,
  options: Pick<WorkListOptions, 'cluster' | 'now' | 'settleSeconds'>,
): ListedRun[] {
  const isOver = application.attempts[0]?.completed === true;
  const settledBefore = options.now.getTime() - options.settleSeconds * 1000;
  return application.attempts
    .filter((attempt) => attempt.completed || isOver)
    .filter((attempt) => options.settleSeconds === 0 || attempt.endTimeEpoch <= settledBefore)
    .map((attempt) => {
      const key = { cluster: options.cluster, appId: application.id, attemptId: attempt.attemptId };
      return { key, id: documentId(key), application, attempt, fingerprint: fingerprintOf(application, attempt) };
    });
}

/** A run that changed since its last failure is worth a try at once. */
function isWaiting(run: ListedRun, failure: ErrorDocument, now: Date): boolean {
  return failure.spot.fingerprint === run.fingerprint && new Date(failure.spot.error.next_try) > now;
}

/** When a run that failed is due, and when it ended. */
export function waitingOf(run: Pick<RunToRead, 'attempt'>, failure: ErrorDocument): Waiting {
  return { nextTryAt: Date.parse(failure.spot.error.next_try), oldestEnd: run.attempt.endTimeEpoch };
}

export function soonest(a: Waiting | undefined, b: Waiting): Waiting {
  return a === undefined ? b : earliest(a, b);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
