import * as metric from '../task-metrics.ts';
import { valueAt } from './packed-column.ts';
import type { RestDouble } from './quantiles.ts';
import { quantileIndices, restDouble, sortQuantiles, walk } from './quantiles.ts';
import { storedMetric } from './stored-metric.ts';
import { gettingResultTimeAt, schedulerDelayAt } from './task-data.ts';
import type { TaskTable } from './task-table.ts';

type Values = readonly RestDouble[];

/** The answer of `/taskSummary`: for each metric its values at the quantiles. */
export type TaskMetricDistributions = Readonly<Record<string, unknown>>;

/**
 * Quantiles over the tasks that succeeded; those of duration, scheduler delay and result fetching take the others in as
 * well, as the server does.
 *
 * @param quantiles - in any order; the answer has them sorted
 * @returns `undefined` when no task succeeded
 * @see Spark, `core/src/main/scala/org/apache/spark/status/AppStatusStore.scala`, `taskSummary`
 */
export function taskSummary(table: TaskTable, quantiles: readonly number[]): TaskMetricDistributions | undefined {
  const count = ascending(table, (row) => storedMetric(table, row, metric.RUN_TIME)).length;
  if (count === 0) return undefined;
  const sorted = sortQuantiles(quantiles);
  const indices = quantileIndices(sorted, count);
  const over = (valueOf: (row: number) => number): Values => walk(ascending(table, valueOf), indices);
  const of = (wanted: number): Values => over((row) => storedMetric(table, row, wanted));
  const sumOf = (first: number, second: number): Values =>
    over((row) =>
      valueAt(table.hasMetrics, row) === 0 ? -1 : storedMetric(table, row, first) + storedMetric(table, row, second),
    );
  const measured = (valueOf: (table: TaskTable, row: number) => number): Values =>
    over((row) => (valueAt(table.hasMetrics, row) === 0 ? -1 : valueOf(table, row)));
  return {
    quantiles: sorted.map(restDouble),
    duration: over((row) => valueAt(table.duration, row)),
    executorDeserializeTime: of(metric.DESERIALIZE_TIME),
    executorDeserializeCpuTime: of(metric.DESERIALIZE_CPU_TIME),
    executorRunTime: of(metric.RUN_TIME),
    executorCpuTime: of(metric.CPU_TIME),
    resultSize: of(metric.RESULT_SIZE),
    jvmGcTime: of(metric.GC_TIME),
    resultSerializationTime: of(metric.SERIALIZATION_TIME),
    gettingResultTime: measured(gettingResultTimeAt),
    schedulerDelay: measured(schedulerDelayAt),
    peakExecutionMemory: of(metric.PEAK_MEMORY),
    memoryBytesSpilled: of(metric.MEMORY_SPILLED),
    diskBytesSpilled: of(metric.DISK_SPILLED),
    inputMetrics: { bytesRead: of(metric.INPUT_BYTES), recordsRead: of(metric.INPUT_RECORDS) },
    outputMetrics: { bytesWritten: of(metric.OUTPUT_BYTES), recordsWritten: of(metric.OUTPUT_RECORDS) },
    shuffleReadMetrics: {
      readBytes: sumOf(metric.LOCAL_BYTES, metric.REMOTE_BYTES),
      readRecords: of(metric.READ_RECORDS),
      remoteBlocksFetched: of(metric.REMOTE_BLOCKS),
      localBlocksFetched: of(metric.LOCAL_BLOCKS),
      fetchWaitTime: of(metric.FETCH_WAIT_TIME),
      remoteBytesRead: of(metric.REMOTE_BYTES),
      remoteBytesReadToDisk: of(metric.REMOTE_BYTES_TO_DISK),
      totalBlocksFetched: sumOf(metric.LOCAL_BLOCKS, metric.REMOTE_BLOCKS),
      remoteReqsDuration: of(metric.REMOTE_REQS_DURATION),
      shufflePushReadMetricsDist: {
        corruptMergedBlockChunks: of(metric.CORRUPT_MERGED_CHUNKS),
        mergedFetchFallbackCount: of(metric.FALLBACK_COUNT),
        remoteMergedBlocksFetched: of(metric.MERGED_REMOTE_BLOCKS),
        localMergedBlocksFetched: of(metric.MERGED_LOCAL_BLOCKS),
        remoteMergedChunksFetched: of(metric.MERGED_REMOTE_CHUNKS),
        localMergedChunksFetched: of(metric.MERGED_LOCAL_CHUNKS),
        remoteMergedBytesRead: of(metric.MERGED_REMOTE_BYTES),
        localMergedBytesRead: of(metric.MERGED_LOCAL_BYTES),
        remoteMergedReqsDuration: of(metric.MERGED_REMOTE_REQS_DURATION),
      },
    },
    shuffleWriteMetrics: {
      writeBytes: of(metric.WRITE_BYTES),
      writeRecords: of(metric.WRITE_RECORDS),
      writeTime: of(metric.WRITE_TIME),
    },
  };
}

/** The values from zero up: Spark's store holds what must not count as less. */
function ascending({ rows }: TaskTable, valueOf: (row: number) => number): Float64Array {
  const values = new Float64Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const value = valueOf(row);
    if (value >= 0) values[count++] = value;
  }
  return values.subarray(0, count).sort();
}
