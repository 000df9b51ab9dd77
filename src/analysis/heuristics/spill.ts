import { timing } from '../../simulation/remedies.ts';
import type { StageDetail } from '../../documents/run-detail.ts';
import type { StageNode } from '../../simulation/run-model.ts';
import { sizingOf, type Sizing, type SizingContext } from '../computed/stage-sizing.ts';
import { shorterTasks } from '../computed/shorter-tasks.ts';
import { asWallClock, offCpuMs } from '../computed/off-cpu.ts';
import { stagesSubject } from '../computed/stage-text.ts';
import type { Fix } from '../finding.ts';
import { defineHeuristic, severityOf, type Observation } from '../heuristic.ts';

/**
 * Finds stages whose tasks had too little execution memory and wrote what they held to disk.
 *
 * The same bytes are serialised, written, read and merged again. Told apart: nearly every task spilled (too little memory
 * for what a task holds), or a few large ones did (skew), which more memory per task hardly cures.
 */
export const spill = defineHeuristic({
  id: 'spill',
  title: 'Tasks keep what they work on in memory',
  failureTitle: 'Tasks spilled to disk for want of memory',
  inputs: ['run', 'properties', 'stages'],
  alsoUses: ['tasks', 'sql', 'jobs'],
  thresholds: {
    // Dr. Elephant's, branch customSHSWork: memory spilled per byte that the stage read or wrote.
    spilledToProcessed: { low: 0.01, moderate: 0.1, severe: 0.25, critical: 0.5, unit: 'ratio' },
    leastSpilledBytes: { value: 16 * 1024 ** 2, unit: 'bytes' },
    skewedShare: { value: 0.25, unit: 'ratio of tasks' },
  },
  evaluate({ run, properties, stages, tasks, sql, jobs }, { spilledToProcessed, leastSpilledBytes, skewedShare }) {
    const context: SizingContext = { run, properties, sql, jobs };
    const found = stages.flatMap((stage) => {
      const { sums } = stage;
      const spilled = sums['memoryBytesSpilled'] ?? 0;
      if (spilled < leastSpilledBytes.value) return [];
      const processed = Math.max(
        1,
        ...['inputBytes', 'outputBytes', 'shuffleReadBytes', 'shuffleWriteBytes'].map((name) => sums[name] ?? 0),
      );
      const listed = tasks?.find(
        ({ stageId, attemptId }) => stageId === stage.stageId && attemptId === stage.attemptId,
      );
      const spilling = listed?.tasks.memoryBytesSpilled.filter((bytes) => bytes > 0).length;
      const isSkewed = spilling !== undefined && stage.numTasks >= 4 && spilling <= skewedShare.value * stage.numTasks;
      const severity = severityOf(spilled / processed, spilledToProcessed);
      return [
        { stage, spilled, processed, spilling, kind: isSkewed ? ('skewed' as const) : ('general' as const), severity },
      ];
    });
    return [...Map.groupBy(found, ({ kind }) => kind)].map(([kind, of]): Observation => {
      const sorted = of.toSorted((a, b) => b.spilled - a.spilled);
      const worst = sorted[0];
      const ids = new Set(of.map(({ stage }) => stage.stageId));
      const sizing = worst === undefined ? 'unknown' : sizingOf(worst.stage, context);
      return {
        severity: worst?.severity ?? 'none',
        subject: stagesSubject(sorted.map(({ stage }) => stage)),
        facts: {
          kind,
          stages: [...ids],
          memoryBytesSpilled: of.reduce((sum, { spilled }) => sum + spilled, 0),
          diskBytesSpilled: of.reduce((sum, { stage }) => sum + (stage.sums['diskBytesSpilled'] ?? 0), 0),
          spilledToProcessedRatio: (worst?.spilled ?? 0) / (worst?.processed ?? 1),
          ...(worst?.spilling === undefined ? {} : { spillingTasks: worst.spilling }),
          tasks: worst?.stage.numTasks ?? 0,
          sizedBy: sizing,
        },
        gain: {
          kind: 'time',
          claimMs: {
            low: 0,
            high: of.reduce((sum, { stage }) => sum + asWallClock(offCpuMs(stage), stage, run.slots), 0),
          },
          remedy: (id) =>
            tasks === undefined
              ? shorterTasks(
                  id,
                  new Map(
                    of.map(({ stage }) => [
                      stage.stageId,
                      offCpuMs(stage) / Math.max(1, stage.sums['executorRunTime'] ?? 0),
                    ]),
                  ),
                )
              : timing(id, ({ stageId }) => ids.has(stageId), 'upper', withoutWaiting),
        },
        fix: fixOf(kind, sizing, worst?.stage, properties),
      };
    });
  },
});

/** At most the time that a spilling task was neither computing nor collecting garbage went into its spill. */
function withoutWaiting({ runTimes, measured }: StageNode): Float64Array {
  return runTimes.map((time, i) => {
    const cpu = measured.cpuTimes[i] ?? 0;
    const isSpilling = (measured.spilledBytes[i] ?? 0) > 0 && cpu > 0;
    return isSpilling ? Math.min(time, cpu + (measured.gcTimes[i] ?? 0)) : time;
  });
}

/** A partition of this size is usual without adaptive execution. */
const TARGET_BYTES = 128 * 1024 ** 2;
const DEFAULT_FRACTION = 0.6;

function fixOf(
  kind: string,
  sizing: Sizing,
  stage: StageDetail | undefined,
  properties: Readonly<Record<string, string>>,
): Fix {
  const fraction = Number(properties['spark.memory.fraction'] ?? DEFAULT_FRACTION);
  if (fraction < DEFAULT_FRACTION) {
    return {
      text: `spark.memory.fraction is ${fraction}, below the default: tasks get a sliver of the heap. Put it back first.`,
      set: { 'spark.memory.fraction': String(DEFAULT_FRACTION) },
    };
  }
  if (kind === 'skewed')
    return { text: 'Few tasks hold far more than the others: cure the skew; more memory or partitions hardly help.' };
  const read = stage?.sums['shuffleReadBytes'] ?? 0;
  const wanted = Math.max(2 * (stage?.numTasks ?? 1), Math.ceil(read / TARGET_BYTES));
  switch (sizing) {
    case 'shuffle-partitions':
      return {
        text: 'Cut the shuffle into more partitions, so that a task holds less.',
        set: { 'spark.sql.shuffle.partitions': String(wanted) },
      };
    case 'initial-partitions':
      return {
        text: 'Cut the shuffle into more partitions; with initialPartitionNum set, spark.sql.shuffle.partitions does nothing.',
        set: { 'spark.sql.adaptive.coalescePartitions.initialPartitionNum': String(wanted) },
      };
    case 'adaptive':
      return {
        text: 'Adaptive execution merged the partitions into large ones: let it aim at smaller ones, or give each core more memory.',
        set: { 'spark.sql.adaptive.advisoryPartitionSizeInBytes': '32m' },
      };
    case 'repartition':
      return { text: 'The code asks for this number of partitions: raise it there; no property does.' };
    default:
      return {
        text: 'Give each core more memory (spark.executor.memory up, or spark.executor.cores down), or cut the data finer where it is read.',
      };
  }
}
