import * as metric from './task-metrics.ts';

/** Keys of the `Task Metrics` of an event, in the order in which Spark writes them, and the metric each is. */
export type MetricField = readonly [key: string, metric: number];

export const TOP_LEVEL: readonly MetricField[] = [
  ['Executor Deserialize Time', metric.DESERIALIZE_TIME],
  ['Executor Deserialize CPU Time', metric.DESERIALIZE_CPU_TIME],
  ['Executor Run Time', metric.RUN_TIME],
  ['Executor CPU Time', metric.CPU_TIME],
  ['Peak Execution Memory', metric.PEAK_MEMORY],
  ['Result Size', metric.RESULT_SIZE],
  ['JVM GC Time', metric.GC_TIME],
  ['Result Serialization Time', metric.SERIALIZATION_TIME],
  ['Memory Bytes Spilled', metric.MEMORY_SPILLED],
  ['Disk Bytes Spilled', metric.DISK_SPILLED],
];

export const SHUFFLE_READ: readonly MetricField[] = [
  ['Remote Blocks Fetched', metric.REMOTE_BLOCKS],
  ['Local Blocks Fetched', metric.LOCAL_BLOCKS],
  ['Fetch Wait Time', metric.FETCH_WAIT_TIME],
  ['Remote Bytes Read', metric.REMOTE_BYTES],
  ['Remote Bytes Read To Disk', metric.REMOTE_BYTES_TO_DISK],
  ['Local Bytes Read', metric.LOCAL_BYTES],
  ['Total Records Read', metric.READ_RECORDS],
  ['Remote Requests Duration', metric.REMOTE_REQS_DURATION],
];

export const SHUFFLE_PUSH: readonly MetricField[] = [
  ['Corrupt Merged Block Chunks', metric.CORRUPT_MERGED_CHUNKS],
  ['Merged Fallback Count', metric.FALLBACK_COUNT],
  ['Merged Remote Blocks Fetched', metric.MERGED_REMOTE_BLOCKS],
  ['Merged Local Blocks Fetched', metric.MERGED_LOCAL_BLOCKS],
  ['Merged Remote Chunks Fetched', metric.MERGED_REMOTE_CHUNKS],
  ['Merged Local Chunks Fetched', metric.MERGED_LOCAL_CHUNKS],
  ['Merged Remote Bytes Read', metric.MERGED_REMOTE_BYTES],
  ['Merged Local Bytes Read', metric.MERGED_LOCAL_BYTES],
  ['Merged Remote Requests Duration', metric.MERGED_REMOTE_REQS_DURATION],
];

export const SHUFFLE_WRITE: readonly MetricField[] = [
  ['Shuffle Bytes Written', metric.WRITE_BYTES],
  ['Shuffle Write Time', metric.WRITE_TIME],
  ['Shuffle Records Written', metric.WRITE_RECORDS],
];

export const INPUT: readonly MetricField[] = [
  ['Bytes Read', metric.INPUT_BYTES],
  ['Records Read', metric.INPUT_RECORDS],
];

export const OUTPUT: readonly MetricField[] = [
  ['Bytes Written', metric.OUTPUT_BYTES],
  ['Records Written', metric.OUTPUT_RECORDS],
];
