import type { ArrayAggregate, JsonObject } from '../documents/documents.ts';
import { parseIsoTime } from '../spark/rest-time.ts';
import { STAGE_TIMES } from '../spark/time-fields.ts';
import { aggregateRows } from './column-aggregates.ts';
import type { Interval } from './intervals.ts';
import { STAGE_PERCENTILES } from './percentiles.ts';
import { numberOf, textOf } from './values.ts';

const NS_PER_MS = 1e6;
const TIMES: ReadonlySet<string> = new Set(STAGE_TIMES);
/**
 * The aggregates of all stage attempts as `/stages` lists them: skipped, failed and repeated ones count as well.
 *
 * @returns `{ elements_count: 0 }` without stages
 * @see Spark, `core/src/main/scala/org/apache/spark/status/api/v1/api.scala`, `StageData`
 */
export function aggregateStages(stages: readonly JsonObject[]): ArrayAggregate {
  return aggregateRows({
    rows: stages,
    derive: stageTimes,
    times: TIMES,
    percentiles: STAGE_PERCENTILES,
  });
}

/**
 * What follows from a stage's own numbers.
 *
 * A stage that never ran, or whose tasks took less than a millisecond, has neither duration nor throughput: 0 ms would pull the mean
 * down, and bytes per 0 ms are no number.
 *
 * @returns
 *   - `x_scheduling_overhead`: ms from submission to the first task, 0 for a stage that did not run to an end (as the original had it)
 *   - `x_duration`: ms from the first task to the stage's end
 *   - `throughput_bytes`, `throughput_records`: input per millisecond of `x_duration`
 *   - `x_executorCpuTime_ms`
 *   - `x_average_task_input_bytes`, `x_average_task_output_bytes`: per completed task; absent when none completed
 */
export function stageTimes(stage: JsonObject): JsonObject {
  return { ...spanOf(stage), ...cpuOf(stage), ...averagesOf(stage) };
}

/**
 * From the first task of a stage to its end.
 *
 * @returns `undefined` when one of the two is missing, or the end lies before the start (`clock_skew`)
 */
export function stageInterval(stage: JsonObject): Interval | undefined {
  const start = timeOf(stage, 'firstTaskLaunchedTime');
  const end = timeOf(stage, 'completionTime');
  return start === undefined || end === undefined || end < start ? undefined : { start, end };
}

function spanOf(stage: JsonObject): JsonObject {
  const interval = stageInterval(stage);
  if (interval === undefined) return { x_scheduling_overhead: 0 };

  const submitted = timeOf(stage, 'submissionTime');
  const overhead = submitted === undefined ? {} : { x_scheduling_overhead: interval.start - submitted };
  const duration = interval.end - interval.start;
  if (duration === 0) return overhead;

  return {
    ...overhead,
    x_duration: duration,
    ...quotient('throughput_bytes', numberOf(stage['inputBytes']), duration),
    ...quotient('throughput_records', numberOf(stage['inputRecords']), duration),
  };
}

function cpuOf(stage: JsonObject): JsonObject {
  return quotient('x_executorCpuTime_ms', numberOf(stage['executorCpuTime']), NS_PER_MS);
}

function averagesOf(stage: JsonObject): JsonObject {
  const tasks = numberOf(stage['numCompleteTasks']) ?? 0;
  if (tasks === 0) return {};
  return {
    ...quotient('x_average_task_input_bytes', numberOf(stage['inputBytes']), tasks),
    ...quotient('x_average_task_output_bytes', numberOf(stage['outputBytes']), tasks),
  };
}

function quotient(name: string, amount: number | undefined, divisor: number): JsonObject {
  return amount === undefined ? {} : { [name]: amount / divisor };
}

function timeOf(stage: JsonObject, field: string): number | undefined {
  const text = textOf(stage[field]);
  return text === undefined ? undefined : parseIsoTime(text);
}
