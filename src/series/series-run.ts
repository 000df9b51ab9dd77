import type { AggregateDocument } from '../documents/documents.ts';
import { documentId, runLabel, type RunKey } from '../documents/run-key.ts';
import { toRunRow } from '../documents/run-row.ts';
import { parseIsoTime } from '../spark/rest-time.ts';

/** A run as its series sees it. */
export interface SeriesRun {
  readonly key: RunKey;
  /** `appId` or `appId/attemptId`. */
  readonly run: string;
  /** Milliseconds since 1970. */
  readonly endedAt: number;
  readonly durationMs: number;
  /** What it read; 0 where it read nothing that Spark counts. */
  readonly inputBytes: number;
}

/** @returns `undefined` for a run that is evidence of nothing: without an end or a duration, or one that a later attempt replaced */
export function seriesRunOf(document: AggregateDocument): SeriesRun | undefined {
  const { attempt, spot, id: appId, isFinalAttempt } = document;
  const endedAt = attempt.endTime === undefined ? undefined : parseIsoTime(attempt.endTime);
  const { duration } = attempt;
  if (endedAt === undefined || duration === undefined || duration <= 0) return undefined;
  if (spot.status !== 'completed' || !isFinalAttempt) return undefined;
  const key: RunKey = { cluster: spot.cluster, appId, attemptId: attempt.attemptId };
  return { key, run: runLabel(key), endedAt, durationMs: duration, inputBytes: toRunRow(document).inputBytes ?? 0 };
}

/** Oldest first, each run once; equal ends by id, so that the order in which they came changes nothing. */
export function inOrder(runs: Iterable<SeriesRun>): SeriesRun[] {
  const byId = new Map([...runs].map((run) => [documentId(run.key), run]));
  return [...byId].sort(([idA, a], [idB, b]) => a.endedAt - b.endedAt || (idA < idB ? -1 : 1)).map(([, run]) => run);
}
