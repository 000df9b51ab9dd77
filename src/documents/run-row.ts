import type { AggregateDocument, ArrayAggregate } from './documents.ts';

/** A run on one line: what a person wants to see first. A value that was not measured is null. */
export interface RunRow {
  /** What `spot show` takes: `appId` or `appId/attemptId`. */
  readonly run: string;
  readonly cluster: string;
  readonly name: string;
  readonly user: string;
  readonly tag: string;
  readonly startTime: string;
  readonly endTime: string | null;
  readonly durationMs: number | null;
  readonly completed: boolean;
  readonly isFinalAttempt: boolean;
  readonly executors: number;
  readonly executorCores: number | null;
  /** Core time the executors were allocated. */
  readonly allocatedCoreMs: number | null;
  /** Share of the allocated core time that ran tasks. */
  readonly coreEfficiencyRatio: number | null;
  /** How many times longer the run would have taken on one core. */
  readonly estimatedSpeedup: number | null;
  readonly inputBytes: number | null;
  readonly outputBytes: number | null;
  readonly shuffleBytes: number | null;
  readonly spilledBytes: number | null;
  readonly failedTasks: number | null;
  readonly flags: readonly string[];
}

/** The row of an aggregate document. */
export function toRunRow(document: AggregateDocument): RunRow {
  const { attempt, spot } = document;
  const { allexecutors, stages, summary } = attempt.aggs;
  return {
    run: attempt.attemptId === undefined ? document.id : `${document.id}/${attempt.attemptId}`,
    cluster: spot.cluster,
    name: document.name,
    user: attempt.sparkUser,
    tag: document.app_specific_data.tag,
    startTime: attempt.startTime,
    endTime: attempt.endTime ?? null,
    durationMs: attempt.duration ?? null,
    completed: attempt.completed,
    isFinalAttempt: document.isFinalAttempt,
    executors: allexecutors.executors.elements_count,
    executorCores: sum(allexecutors.executors, 'totalCores'),
    allocatedCoreMs: measured(summary.core_cost) ?? sum(allexecutors.executors, 'x_coreCost'),
    coreEfficiencyRatio: measured(summary.estimated_core_efficiency),
    estimatedSpeedup: measured(summary.estimated_speedup),
    inputBytes: sum(stages, 'inputBytes'),
    outputBytes: sum(stages, 'outputBytes'),
    shuffleBytes: sum(stages, 'shuffleReadBytes'),
    spilledBytes: sum(stages, 'diskBytesSpilled'),
    failedTasks: sum(stages, 'numFailedTasks'),
    flags: spot.flags,
  };
}

function sum(array: ArrayAggregate, column: string): number | null {
  const aggregate = array[column];
  if (typeof aggregate !== 'object' || !('count_not_null' in aggregate)) return null;
  return Number(aggregate.sum);
}

function measured(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
