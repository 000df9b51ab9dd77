import { cutForAllSlots } from '../computed/finer-cut.ts';
import { isParallelismFirst } from '../computed/effective.ts';
import { sizingOf, type Sizing } from '../computed/stage-sizing.ts';
import { stageSpanMs, stagesSubject } from '../computed/stage-text.ts';
import type { Fix } from '../finding.ts';
import { defineHeuristic, severityOf, type Observation } from '../heuristic.ts';
import type { MeasuredStage, Properties, RunSpan } from '../inputs.ts';

/**
 * Finds long stages with fewer tasks than slots: the slots without a task wait, however fast they are.
 *
 * Short ones are left alone: to cut a second of work anew costs more than it gives.
 */
export const fewPartitions = defineHeuristic({
  id: 'few-partitions',
  title: 'Long stages have a task for every slot',
  failureTitle: 'Long stages have too few tasks for the slots',
  inputs: ['run', 'properties', 'spread'],
  alsoUses: ['sql', 'jobs'],
  thresholds: {
    slotsPerTask: { low: 2, moderate: 4, severe: 8, critical: 16, unit: 'ratio' },
    leastTaskMs: { value: 3000, unit: 'ms' },
  },
  evaluate({ run, properties, spread, sql, jobs }, { slotsPerTask, leastTaskMs }) {
    if (run.isStreaming) return [];
    const found = spread.filter(
      (stage) =>
        stage.numTasks > 0 &&
        severityOf(run.slots / stage.numTasks, slotsPerTask) !== 'none' &&
        stage.quantiles.executorRunTime[3] >= leastTaskMs.value,
    );
    const bySizing = Map.groupBy(found, (stage) => sizingOf(stage, { run, properties, sql, jobs }));
    return [...bySizing].map(([sizing, stages]): Observation => {
      const sorted = stages.toSorted((a, b) => stageSpanMs(b) - stageSpanMs(a));
      const worst = sorted[0];
      const ids = new Set(stages.map(({ stageId }) => stageId));
      return {
        severity: severityOf(run.slots / (worst?.numTasks ?? Infinity), slotsPerTask),
        subject: stagesSubject(sorted),
        facts: {
          stages: [...ids],
          tasks: worst?.numTasks ?? 0,
          slots: run.slots,
          medianTaskMs: worst?.quantiles.executorRunTime[3] ?? 0,
          sizedBy: sizing,
        },
        gain: {
          kind: 'time',
          claimMs: {
            low: 0,
            high: sorted.reduce((sum, stage) => sum + stageSpanMs(stage) * (1 - stage.numTasks / run.slots), 0),
          },
          remedy: (id) => cutForAllSlots(id, ids, run.slots),
        },
        fix: fixOf(sizing, worst, run, properties),
      };
    });
  },
});

function fixOf(sizing: Sizing, stage: MeasuredStage | undefined, { slots }: RunSpan, properties: Properties): Fix {
  switch (sizing) {
    case 'scan':
      return {
        text: 'Cut the input finer. A gzip file or one Parquet row group cannot be cut: write it in more files, or repartition after reading.',
        set: { 'spark.sql.files.minPartitionNum': String(2 * slots) },
      };
    case 'adaptive':
      // Few bytes, much work: with parallelismFirst the least size is what merged them, without it the advisory one.
      return {
        text: 'Adaptive execution merged a small shuffle into few partitions: let it keep smaller ones.',
        set: isParallelismFirst(stage, properties)
          ? { 'spark.sql.adaptive.coalescePartitions.minPartitionSize': '64k' }
          : { 'spark.sql.adaptive.advisoryPartitionSizeInBytes': '4m' },
      };
    case 'shuffle-partitions':
      return {
        text: 'Cut the shuffle into more partitions.',
        set: { 'spark.sql.shuffle.partitions': String(2 * slots) },
      };
    case 'initial-partitions':
      return {
        text: 'Cut the shuffle into more partitions.',
        set: { 'spark.sql.adaptive.coalescePartitions.initialPartitionNum': String(2 * slots) },
      };
    case 'default-parallelism':
      return {
        text: 'Raise the default number of partitions.',
        set: { 'spark.default.parallelism': String(2 * slots) },
      };
    default:
      return {
        text: `The code decides the number of partitions (repartition, coalesce, range, parallelize, a global sort or window without partitionBy): at least ${slots} would use all slots.`,
      };
  }
}
