import type { RunDetail, StageDetail } from '../documents/run-detail.ts';
import { sumOf, type ComparedRun } from './compared-run.ts';
import { cutWallClock } from './wall-clock.ts';

/** A stage attempt with its part of the run's time. */
export interface TimedStage {
  readonly stage: StageDetail;
  /** Wall-clock milliseconds that are its own: what several share at one moment is divided among them. */
  readonly ownMs: number;
  /** Task slots there were on average during that. */
  readonly slots: number;
}

/** A run's time in parts that add up to it. */
export interface RunClock {
  readonly durationMs: number;
  readonly startMs: number;
  readonly driverMs: number;
  readonly stages: readonly TimedStage[];
}

/** Of a run whose stages are known. */
export function clockOf({ durationMs, properties }: ComparedRun, detail: RunDetail): RunClock {
  const stages = detail.stages.filter(({ submitted }) => submitted !== undefined);
  const spans = stages.map(({ submitted = 0, completed = durationMs, sums }) => ({
    start: submitted,
    end: completed,
    weight: (sums['executorRunTime'] ?? 0) / Math.max(1, completed - submitted),
  }));
  const taskCpus = Number(properties['spark.task.cpus'] ?? 1) || 1;
  const workers = detail.executors.filter(({ id }) => id !== 'driver');
  const slots = (workers.length > 0 ? workers : detail.executors).map(({ added, removed = durationMs, cores }) => ({
    from: added,
    to: removed,
    slots: Math.floor(cores / taskCpus),
  }));
  const { startMs, driverMs, spanMs, spanSlots } = cutWallClock(durationMs, spans, slots);
  return {
    durationMs,
    startMs,
    driverMs,
    stages: stages.map((stage, i) => ({ stage, ownMs: spanMs[i] ?? 0, slots: spanSlots[i] ?? 0 })),
  };
}

/** All stages as one, from the aggregates alone; undefined where they do not tell when stages ran. */
export function clockOfAggregates({ aggregate, durationMs }: ComparedRun): RunClock | undefined {
  const { stages, summary, allexecutors } = aggregate.attempt.aggs;
  const ranMs = summary.parallel_part;
  if (ranMs === undefined || durationMs <= 0) return undefined;
  const sums = Object.fromEntries(AGGREGATED.map((name) => [name, sumOf(stages, name) ?? 0]));
  const cores = summary.core_cost ?? sumOf(allexecutors.executors, 'x_coreCost');
  const ownMs = Math.min(Math.max(0, ranMs), durationMs);
  const all: StageDetail = { ...NOTHING, name: 'all stages', sums, completed: ownMs };
  return {
    durationMs,
    startMs: 0,
    driverMs: durationMs - ownMs,
    stages: [{ stage: all, ownMs, slots: cores === undefined ? 0 : cores / durationMs }],
  };
}

const AGGREGATED = [
  'executorRunTime',
  'executorCpuTime',
  'jvmGcTime',
  'shuffleFetchWaitTime',
  'inputBytes',
  'inputRecords',
  'shuffleReadBytes',
  'shuffleReadRecords',
] as const;

const NOTHING: StageDetail = {
  stageId: 0,
  attemptId: 0,
  name: '',
  parentIds: [],
  numTasks: 0,
  submitted: 0,
  resourceProfileId: 0,
  cached: { memoryBytes: 0, diskBytes: 0, partitions: 0, ofPartitions: 0 },
  launchedTasks: 0,
  succeededTasks: 0,
  failedTasks: 0,
  killedTasks: 0,
  speculativeTasks: 0,
  locality: {},
  sums: {},
  properties: {},
};
