import { DESERIALIZE_TIME, RUN_TIME, SERIALIZATION_TIME } from './task-metrics.ts';
import type { TaskRecord } from './task-record.ts';

/**
 * How long the driver took to fetch a large result, in milliseconds; 0 when the result came with the end of the task.
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/status/AppStatusUtils.scala`
 */
export function gettingResultTime(launchTime: number, gettingResultStart: number, duration: number): number {
  return gettingResultStart > 0 && duration > 0 ? launchTime + duration - gettingResultStart : 0;
}

/** Slot time in which the task did not run: waiting to start, and its result travelling. Never negative. */
export function schedulerDelay(task: TaskRecord): number {
  const { duration, metrics } = task;
  const busy =
    (metrics[RUN_TIME] ?? 0) +
    (metrics[DESERIALIZE_TIME] ?? 0) +
    (metrics[SERIALIZATION_TIME] ?? 0) +
    gettingResultTime(task.launchTime, task.gettingResultTime, duration);
  return Math.max(0, duration - busy);
}
