import { parseRestTime } from '../spark/rest-time.ts';
import type { ApplicationAttemptInfo } from '../spark/rest.ts';
import type { RunParts } from './run-parts.ts';

/**
 * What can be odd about a run, so that its numbers are read with care.
 *
 * `negative_seq_part` is found by the aggregation, all others when the run is read.
 */
export type RunFlag =
  | 'incomplete'
  | 'clock_skew'
  | 'future_end'
  | 'property_collision'
  | 'lost_events'
  | 'skipped_lines'
  | 'compacted_log'
  | 'partial_stages'
  | 'negative_seq_part';

/** Clocks of a cluster that agree differ by seconds; an end this far ahead of Spot's own clock is no such difference. */
const CLOCK_TOLERANCE_MS = 60_000;

/** True when Spark says that the attempt ended: without an end its time is -1, in damaged logs 0. */
export function hasEnd(attempt: ApplicationAttemptInfo): boolean {
  const end = parseRestTime(attempt.endTime);
  return end === undefined || end > 0;
}

/** The flags that can be told from Spark's answers, in a fixed order. */
export function flagsOf(attempt: ApplicationAttemptInfo, parts: RunParts, processedAt: Date): readonly RunFlag[] {
  const quality = parts.detail?.quality;
  const found: readonly (readonly [RunFlag, boolean])[] = [
    ['incomplete', !attempt.completed || !hasEnd(attempt)],
    ['clock_skew', hasReversedTimes(attempt, parts) || (quality?.negativeTimes ?? 0) > 0],
    ['future_end', (parseRestTime(attempt.endTime) ?? 0) > processedAt.getTime() + CLOCK_TOLERANCE_MS],
    ['lost_events', (quality?.lostTaskEnds ?? 0) > 0],
    ['skipped_lines', (quality?.skippedLines ?? 0) > 0],
    ['compacted_log', quality?.compacted === true],
    ['partial_stages', lacksFirstStages(parts)],
  ];
  return found.filter(([, present]) => present).map(([flag]) => flag);
}

/** Whether anything ends before it starts. The server's times have one width, so their text compares as they do. */
function hasReversedTimes(attempt: ApplicationAttemptInfo, { allexecutors, stages }: RunParts): boolean {
  const ended = hasEnd(attempt);
  if (ended && (attempt.duration < 0 || attempt.endTime < attempt.startTime)) return true;
  const attemptEnd = ended ? attempt.endTime : undefined;
  return (
    allexecutors.some((executor) => isReversed(executor.addTime, executor.removeTime ?? attemptEnd)) ||
    stages.some((stage) => isReversed(stage.firstTaskLaunchedTime, stage.completionTime))
  );
}

/** Stages are counted from 0, and Spark forgets the oldest when it has more than `spark.ui.retainedStages` of them. */
function lacksFirstStages({ stages }: RunParts): boolean {
  return stages.length > 0 && stages.every(({ stageId }) => stageId > 0);
}

function isReversed(start: string | undefined, end: string | undefined): boolean {
  return start !== undefined && end !== undefined && end < start;
}
