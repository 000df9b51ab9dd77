import { withoutTinyTasks } from '../../simulation/remedies.ts';
import { sizingOf, type Sizing } from '../computed/stage-sizing.ts';
import { stageSpanMs, stagesSubject } from '../computed/stage-text.ts';
import { isAdaptive, isParallelismFirst } from '../computed/effective.ts';
import type { Fix } from '../finding.ts';
import { defineHeuristic, severityOf, type Observation } from '../heuristic.ts';
import type { MeasuredStage, Properties, RunSpan } from '../inputs.ts';

/**
 * Finds stages cut into so many short tasks that handling them costs more than the work.
 *
 * Every task is serialised, sent, launched and answered for: milliseconds of the driver and of a slot, whatever it does.
 * What a task ran itself is what counts: on a busy cluster its handling may take longer, which makes it no better.
 *
 * @see https://spark.apache.org/docs/latest/tuning.html#level-of-parallelism tasks as short as 200 ms are fine
 */
export const tinyTasks = defineHeuristic({
  id: 'tiny-tasks',
  title: 'Tasks are long enough to be worth launching',
  failureTitle: 'Stages are cut into too many tiny tasks',
  inputs: ['run', 'properties', 'spread'],
  alsoUses: ['sql', 'jobs'],
  thresholds: {
    medianTaskMs: { low: 200, moderate: 100, severe: 50, critical: 20, unit: 'ms' },
    leastTasks: { value: 100, unit: 'tasks' },
    leastWaves: { value: 4, unit: 'tasks per slot' },
  },
  evaluate({ run, properties, spread, sql, jobs }, { medianTaskMs, leastTasks, leastWaves }) {
    const found = spread.filter(
      (stage) =>
        stage.numTasks >= leastTasks.value &&
        stage.numTasks >= leastWaves.value * run.slots &&
        severityOf(stage.quantiles.executorRunTime[3], medianTaskMs) !== 'none',
    );
    const bySizing = Map.groupBy(found, (stage) => sizingOf(stage, { run, properties, sql, jobs }));
    return [...bySizing].map(([sizing, stages]): Observation => {
      const sorted = stages.toSorted((a, b) => stageSpanMs(b) - stageSpanMs(a));
      const worst = sorted[0];
      const ids = new Set(stages.map(({ stageId }) => stageId));
      return {
        severity: severityOf(worst?.quantiles.executorRunTime[3] ?? Infinity, medianTaskMs),
        subject: stagesSubject(sorted),
        facts: {
          stages: [...ids],
          tasks: stages.reduce((sum, { numTasks }) => sum + numTasks, 0),
          medianTaskMs: worst?.quantiles.duration[3] ?? 0,
          medianRunTimeMs: worst?.quantiles.executorRunTime[3] ?? 0,
          slots: run.slots,
          sizedBy: sizing,
        },
        gain: {
          kind: 'time',
          claimMs: { low: 0, high: sorted.reduce((sum, stage) => sum + handlingMs(stage, run), 0) },
          remedy: (id) => withoutTinyTasks(id, ({ stageId }) => ids.has(stageId), ENOUGH_MS),
        },
        fix: fixOf(sizing, worst, run, properties),
      };
    });
  },
});

/** Tasks merged until they last this long. */
const ENOUGH_MS = 500;

/** What the stage took beyond its tasks' own work. */
function handlingMs(stage: MeasuredStage, { slots }: RunSpan): number {
  return Math.max(0, stageSpanMs(stage) - (stage.sums['executorRunTime'] ?? 0) / slots);
}

function fixOf(sizing: Sizing, stage: MeasuredStage | undefined, run: RunSpan, properties: Properties): Fix {
  const work = stage?.sums['executorRunTime'] ?? 0;
  const wanted = String(Math.max(2 * run.slots, Math.ceil(work / ENOUGH_MS)));
  switch (sizing) {
    case 'shuffle-partitions':
      return isAdaptive(stage, properties, run) || (run.sparkVersion ?? 3.2) < 3
        ? { text: 'Cut the shuffle into fewer partitions.', set: { 'spark.sql.shuffle.partitions': wanted } }
        : { text: 'Let adaptive execution merge small partitions.', set: { 'spark.sql.adaptive.enabled': 'true' } };
    case 'initial-partitions':
    case 'adaptive':
      if (!isParallelismFirst(stage, properties)) {
        return {
          text: 'Adaptive execution aims at small partitions: let it aim at larger ones.',
          set: { 'spark.sql.adaptive.advisoryPartitionSizeInBytes': '128m' },
        };
      }
      return {
        text: 'Adaptive execution keeps partitions small to use all cores: let it aim at their size instead.',
        set: { 'spark.sql.adaptive.coalescePartitions.parallelismFirst': 'false' },
      };
    case 'scan':
      return {
        text: 'The input is cut finer than it needs: larger splits, and files of 128 MB or more. A higher maxPartitionBytes alone does nothing while the bytes per core are what cuts.',
        set: { 'spark.sql.files.maxPartitionBytes': '256m', 'spark.sql.files.minPartitionNum': String(2 * run.slots) },
      };
    case 'default-parallelism':
      return { text: 'Lower the default number of partitions.', set: { 'spark.default.parallelism': wanted } };
    default:
      return {
        text: `The code asks for this number of partitions (repartition, parallelize, range): ${wanted} would do.`,
      };
  }
}
