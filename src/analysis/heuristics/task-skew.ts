import { withoutSkew } from '../../simulation/remedies.ts';
import { stageSpanMs, stagesSubject } from '../computed/stage-text.ts';
import { longTasks, type LongTasks } from '../computed/long-tasks.ts';
import { isAdaptive } from '../computed/effective.ts';
import type { Fix } from '../finding.ts';
import { defineHeuristic, severityOf, type Observation } from '../heuristic.ts';
import type { MeasuredStage, Properties, RunSpan } from '../inputs.ts';

/**
 * Finds stages that wait for a few tasks which run far longer than the typical one.
 *
 * While they run, the other slots are paid and idle. Told apart: the long tasks read more than their siblings (data), or
 * they do not. Tasks that are long because their JVM was young are not meant.
 *
 * @see https://spark.apache.org/docs/latest/sql-performance-tuning.html#optimizing-skew-join
 */
export const taskSkew = defineHeuristic({
  id: 'task-skew',
  title: 'Tasks of each stage take a similar time',
  failureTitle: 'A few long tasks hold their stage back',
  inputs: ['run', 'properties', 'spread'],
  alsoUses: ['tasks', 'executors'],
  thresholds: {
    // Dr. Elephant's, branch tuning_20190221.
    maxToMedian: { low: 2, moderate: 4, severe: 8, critical: 16, unit: 'ratio' },
    leastTaskMs: { value: 500, unit: 'ms' },
    leastTasks: { value: 4, unit: 'tasks' },
    // Bytes of a join are those of both its sides, and mostly one of them is skewed.
    dataExplains: { value: 0.3, unit: 'ratio' },
  },
  evaluate(
    { run, properties, spread, tasks = [], executors = [] },
    { maxToMedian, leastTaskMs, leastTasks, dataExplains },
  ) {
    const listed = new Map(tasks.map((stage) => [`${stage.stageId}/${stage.attemptId}`, stage]));
    const found = spread.flatMap((stage) => {
      if (stage.succeededTasks < leastTasks.value) return [];
      const tasksOfStage = listed.get(`${stage.stageId}/${stage.attemptId}`);
      const long = longTasks(stage, tasksOfStage, run, dataExplains.value, executors);
      if (long === undefined || long.maxMs < leastTaskMs.value) return [];
      const severity = severityOf(long.maxMs / Math.max(1, long.medianMs), maxToMedian);
      return severity === 'none' ? [] : [{ stage, long, severity }];
    });
    const byCause = Map.groupBy(found, ({ long }) => long.cause);
    return [...byCause].map(([cause, stages]): Observation => {
      const sorted = stages.toSorted((a, b) => b.long.maxMs - b.long.medianMs - (a.long.maxMs - a.long.medianMs));
      const worst = sorted[0] ?? stages[0];
      const ids = new Set(stages.map(({ stage }) => stage.stageId));
      return {
        severity: worst?.severity ?? 'none',
        subject: stagesSubject(sorted.map(({ stage }) => stage)),
        facts: {
          cause,
          stages: [...ids],
          longestTaskMs: worst?.long.maxMs ?? 0,
          medianTaskMs: worst?.long.medianMs ?? 0,
          maxToMedianRatio: (worst?.long.maxMs ?? 0) / Math.max(1, worst?.long.medianMs ?? 0),
          longestTaskBytes: worst?.long.maxBytes ?? 0,
          medianTaskBytes: worst?.long.medianBytes ?? 0,
          tasks: worst?.stage.numTasks ?? 0,
        },
        gain: {
          kind: 'time',
          claimMs: claimOf(sorted),
          remedy: (id) => withoutSkew(id, ({ stageId }) => ids.has(stageId), 'everywhere'),
        },
        fix: fixOf(cause, worst?.stage, properties, run),
      };
    });
  },
});

/** The stage cannot get shorter by more than the longest task is above the typical one, nor than all of it. */
function claimOf(stages: readonly { readonly stage: MeasuredStage; readonly long: LongTasks }[]) {
  const high = stages.reduce(
    (sum, { stage, long }) => sum + Math.min(long.maxMs - long.medianMs, stageSpanMs(stage)),
    0,
  );
  return { low: 0, high };
}

function fixOf(cause: LongTasks['cause'], stage: MeasuredStage | undefined, properties: Properties, run: RunSpan): Fix {
  if (cause !== 'data') {
    return {
      text: 'The long tasks read no more than the others: look into what they do (a slow call, one expensive record, a bad host). More partitions do not help.',
    };
  }
  if ((stage?.sums['shuffleReadBytes'] ?? 0) === 0)
    return { text: 'The input is cut unevenly: write it in files of even size, in a format that can be split.' };
  if (stage !== undefined && !isAdaptive(stage, properties, run)) {
    const canAdapt = (run.sparkVersion ?? 3.2) >= 3;
    return canAdapt
      ? {
          text: 'Let adaptive execution split the skewed partitions of joins. An aggregation or window over a hot key needs salting in the code.',
          set: { 'spark.sql.adaptive.enabled': 'true', 'spark.sql.adaptive.skewJoin.enabled': 'true' },
        }
      : { text: 'Salt the hot keys in the code, or broadcast the small side of the join.' };
  }
  return {
    text: 'Adaptive execution was on and did not split it: it splits only joins, above 256 MB and 5 times the median. Lower spark.sql.adaptive.skewJoin.skewedPartitionThresholdInBytes if it is a join; else salt the hot keys.',
  };
}
