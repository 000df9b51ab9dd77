import type { Long } from '../spark/rest.ts';

/**
 * The columns that get `p50` and `p95`: those whose spread tells skew between stages or executors.
 *
 * A chosen list, because every column more is two fields more in the index of each store.
 */
export const STAGE_PERCENTILES: ReadonlySet<string> = new Set([
  'numTasks',
  'executorRunTime',
  'executorCpuTime',
  'jvmGcTime',
  'memoryBytesSpilled',
  'diskBytesSpilled',
  'peakExecutionMemory',
  'inputBytes',
  'outputBytes',
  'shuffleReadBytes',
  'shuffleWriteBytes',
  'shuffleFetchWaitTime',
  'x_scheduling_overhead',
  'x_duration',
  'x_executorCpuTime_ms',
  'throughput_bytes',
  'x_average_task_input_bytes',
]);
export const EXECUTOR_PERCENTILES: ReadonlySet<string> = new Set([
  'totalTasks',
  'failedTasks',
  'totalDuration',
  'totalGCTime',
  'totalInputBytes',
  'totalShuffleRead',
  'totalShuffleWrite',
  'x_durationMilliseconds',
  'x_coreCost',
  'peakMemoryMetrics.JVMHeapMemory',
  'peakMemoryMetrics.ProcessTreeJVMRSSMemory',
]);

/**
 * The value at index `min(floor(q × n), n − 1)` of the sorted values: Spark's own rule, so it is always a value that occurred.
 *
 * @param sorted - ascending
 * @returns `NaN` of no values
 */
export function percentile(sorted: readonly Long[], q: number): Long {
  return sorted[Math.min(Math.floor(q * sorted.length), sorted.length - 1)] ?? NaN;
}

/** Compares as numbers do, whether `number` or `bigint`. */
export function ascending(left: Long, right: Long): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
