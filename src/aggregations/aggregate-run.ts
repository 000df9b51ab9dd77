import type {
  AggregateAttempt,
  AggregateDocument,
  Aggregates,
  Json,
  RawAttempt,
  RawDocument,
  SpotMarks,
} from '../documents/documents.ts';
import { omit } from '../documents/own-properties.ts';
import type { RunFlag } from '../documents/run-flags.ts';
import { aggregateExecutors } from './executors.ts';
import { aggregateStages, stageInterval } from './stages.ts';
import { summarize } from './summary.ts';

/** What has aggregates instead, or stays in the raw document. */
const ROWS: ReadonlySet<string> = new Set(['allexecutors', 'stages', 'jobs', 'sql', 'environment']);
/** These were three quarters of an aggregate document of the original. */
const LONG_LISTS: ReadonlySet<string> = new Set([
  'hadoopProperties',
  'metricsProperties',
  'systemProperties',
  'classpathEntries',
]);

/**
 * What a run amounts to: its raw document without the rows and the long lists of properties, with aggregates of the rows.
 *
 * @param raw - as `buildRawDocument` makes it, fresh or read back from a store
 */
export function aggregateRun(raw: RawDocument): AggregateDocument {
  const { attempts, ...application } = raw;
  const [rawAttempt] = attempts;
  const aggs = aggregateAttempt(rawAttempt);
  const attempt = {
    ...omit<Json | undefined>(rawAttempt, ROWS),
    environment: omit(rawAttempt.environment, LONG_LISTS),
    aggs,
  };
  // The attempt's own fields are those of the raw one, so the copy has what the type asks for.
  return { ...application, spot: withFlags(raw.spot, aggs), attempt: attempt as unknown as AggregateAttempt };
}

function aggregateAttempt(attempt: RawAttempt): Aggregates {
  const allexecutors = aggregateExecutors(attempt);
  const stages = aggregateStages(attempt.stages);
  const summary = summarize({
    executors: allexecutors.executors,
    stages,
    stageIntervals: attempt.stages.map(stageInterval).filter((interval) => interval !== undefined),
    duration: attempt.duration,
  });
  return { allexecutors, stages, summary };
}

/** A negative sequential part is kept as it is and said aloud: stages ran longer than the attempt, so its times contradict each other. */
function withFlags(spot: SpotMarks, { summary }: Aggregates): SpotMarks {
  const flag: RunFlag = 'negative_seq_part';
  return (summary.seq_part ?? 0) < 0 ? { ...spot, flags: [...spot.flags, flag] } : spot;
}
