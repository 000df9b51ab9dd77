import { createHash } from 'node:crypto';
import type { RunSource } from '../sources/run-source.ts';
import { fingerprintOf } from '../documents/fingerprint.ts';
import { documentId, type RunKey } from '../documents/run-key.ts';
import type { ErrorDocument } from '../documents/documents.ts';
import type { ApplicationAttemptInfo, ApplicationInfo } from '../spark/rest.ts';
import type { LedgerEntry, Store } from '../store/store.ts';
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
  readonly source: Pick<RunSource, 'cluster' | 'tellsProgress' | 'contentMark'>;
  readonly now: Date;
  /** A run without an end is read again at most this often. */
  readonly liveEverySeconds: number;
  /** A run without an end that a server has listed for this long counts as over; 0: never. */
  readonly orphanAfterHours: number;
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
  /** Equal for equal lists. */
  readonly listId: string;
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
    const changed = chunk.filter((run) => isUnread(run, ledger.get(run.id), options));
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
  return {
    runs,
    listed: readable.length,
    listId: idOfList(readable),
    alreadyStored: readable.length - runs.length - parked,
    parked,
    waiting,
  };
}

function idOfList(runs: readonly ListedRun[]): string {
  const hash = createHash('sha256');
  for (const { id } of runs) hash.update(`${id}\n`);
  return hash.digest('base64url');
}

export type ReadableOptions = Pick<WorkListOptions, 'source' | 'now' | 'settleSeconds' | 'orphanAfterHours'>;

type ListedRun = Omit<RunToRead, 'storedRevision' | 'failure'>;

/**
 * The attempts worth reading: those with an end; those without one of an application that went on without them; those
 * that a log tells as far as they are; and those that a server has listed as running for too long.
 */
export function readableAttempts(application: ApplicationInfo, options: ReadableOptions): ListedRun[] {
  const { source, now, settleSeconds, orphanAfterHours } = options;
  const isOver = application.attempts[0]?.completed === true;
  const settledBefore = now.getTime() - settleSeconds * 1000;
  const orphanedBefore = orphanAfterHours === 0 ? -Infinity : now.getTime() - orphanAfterHours * 3_600_000;
  return application.attempts
    .filter((attempt) => attempt.completed || isOver || source.tellsProgress || attempt.startTimeEpoch < orphanedBefore)
    .filter((attempt) => settleSeconds === 0 || attempt.endTimeEpoch <= settledBefore)
    .map((attempt) => {
      const key = { cluster: source.cluster, appId: application.id, attemptId: attempt.attemptId };
      const mark = source.contentMark?.(application.id, attempt.attemptId);
      const fingerprint = fingerprintOf(application, attempt, source.tellsProgress, mark);
      return { key, id: documentId(key), application, attempt, fingerprint };
    });
}

/** A run that goes on changes all the time: what was stored of it a moment ago is good enough for now. */
function isUnread(run: ListedRun, stored: LedgerEntry | undefined, options: WorkListOptions): boolean {
  if (stored === undefined) return true;
  if (stored.fingerprint === run.fingerprint) return false;
  // The revision is the time of the reading.
  return run.attempt.completed || options.now.getTime() - stored.revision >= options.liveEverySeconds * 1000;
}

/**
 * A run that changed since its last failure is worth a try at once.
 *
 * So is one that failed in the future: the clock was set back since, and must not postpone it for as long.
 */
function isWaiting(run: ListedRun, { spot }: ErrorDocument, now: Date): boolean {
  return (
    spot.fingerprint === run.fingerprint && new Date(spot.error.next_try) > now && new Date(spot.time_processed) <= now
  );
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
