import type { Long } from '../../spark/rest.ts';
import { ExactSums } from './exact-sums.ts';

/**
 * The metrics of a task under the names of Spark's `StageData`, which holds their sums.
 *
 * Everywhere in this folder a metric is its index in this list.
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/status/LiveEntity.scala`, `createMetrics`
 */
export const TASK_METRICS = [
  'executorDeserializeTime',
  'executorDeserializeCpuTime',
  'executorRunTime',
  'executorCpuTime',
  'resultSize',
  'jvmGcTime',
  'resultSerializationTime',
  'memoryBytesSpilled',
  'diskBytesSpilled',
  'peakExecutionMemory',
  'inputBytes',
  'inputRecords',
  'outputBytes',
  'outputRecords',
  'shuffleRemoteBlocksFetched',
  'shuffleLocalBlocksFetched',
  'shuffleFetchWaitTime',
  'shuffleRemoteBytesRead',
  'shuffleRemoteBytesReadToDisk',
  'shuffleLocalBytesRead',
  'shuffleReadRecords',
  'shuffleCorruptMergedBlockChunks',
  'shuffleMergedFetchFallbackCount',
  'shuffleMergedRemoteBlocksFetched',
  'shuffleMergedLocalBlocksFetched',
  'shuffleMergedRemoteChunksFetched',
  'shuffleMergedLocalChunksFetched',
  'shuffleMergedRemoteBytesRead',
  'shuffleMergedLocalBytesRead',
  'shuffleRemoteReqsDuration',
  'shuffleMergedRemoteReqsDuration',
  'shuffleWriteBytes',
  'shuffleWriteTime',
  'shuffleWriteRecords',
] as const;

export type TaskMetric = (typeof TASK_METRICS)[number];

export const DESERIALIZE_TIME = 0;
export const DESERIALIZE_CPU_TIME = 1;
export const RUN_TIME = 2;
export const CPU_TIME = 3;
export const RESULT_SIZE = 4;
export const GC_TIME = 5;
export const SERIALIZATION_TIME = 6;
export const MEMORY_SPILLED = 7;
export const DISK_SPILLED = 8;
export const PEAK_MEMORY = 9;
export const INPUT_BYTES = 10;
export const INPUT_RECORDS = 11;
export const OUTPUT_BYTES = 12;
export const OUTPUT_RECORDS = 13;
export const REMOTE_BLOCKS = 14;
export const LOCAL_BLOCKS = 15;
export const FETCH_WAIT_TIME = 16;
export const REMOTE_BYTES = 17;
export const REMOTE_BYTES_TO_DISK = 18;
export const LOCAL_BYTES = 19;
export const READ_RECORDS = 20;
export const CORRUPT_MERGED_CHUNKS = 21;
export const FALLBACK_COUNT = 22;
export const MERGED_REMOTE_BLOCKS = 23;
export const MERGED_LOCAL_BLOCKS = 24;
export const MERGED_REMOTE_CHUNKS = 25;
export const MERGED_LOCAL_CHUNKS = 26;
export const MERGED_REMOTE_BYTES = 27;
export const MERGED_LOCAL_BYTES = 28;
export const REMOTE_REQS_DURATION = 29;
export const MERGED_REMOTE_REQS_DURATION = 30;
export const WRITE_BYTES = 31;
export const WRITE_TIME = 32;
export const WRITE_RECORDS = 33;

/** A metric beyond 2^53, which a column of doubles holds rounded. */
export type WideMetric = readonly [metric: number, value: bigint];

/** What `StageData` shows: the metrics, and one that is a sum of two. */
type StageMetric = TaskMetric | 'shuffleReadBytes';

/** In the order of `StageData`. An object that has all its keys is copied and filled far faster than one is built. */
const NO_SUMS = Object.fromEntries(
  TASK_METRICS.flatMap((name, metric) => (metric === READ_RECORDS ? ['shuffleReadBytes', name] : [name])).map(
    (name) => [name, 0],
  ),
) as Record<StageMetric, Long>;

/** Sums of every task metric, exact. */
export class TaskMetricSums {
  readonly #sums = new ExactSums(TASK_METRICS.length);

  add(metrics: Float64Array, wide: readonly WideMetric[]): void {
    this.#sums.addAll(metrics);
    for (const [metric, value] of wide) this.#sums.addExact(metric, value - BigInt(metrics[metric] ?? 0));
  }

  get(metric: number): Long {
    return this.#sums.get(metric);
  }

  /** Bytes read from shuffles, from other executors and from the own one. */
  shuffleReadBytes(): Long {
    return plus(this.get(LOCAL_BYTES), this.get(REMOTE_BYTES));
  }

  /** In the order and under the names of `StageData`. */
  toRest(): Record<StageMetric, Long> {
    const row: Record<StageMetric, Long> = { ...NO_SUMS };
    for (let metric = 0; metric < TASK_METRICS.length; metric++) {
      const name = TASK_METRICS[metric];
      if (name !== undefined) row[name] = this.get(metric);
    }
    row.shuffleReadBytes = this.shuffleReadBytes();
    return row;
  }
}

function plus(left: Long, right: Long): Long {
  if (typeof left === 'number' && typeof right === 'number' && Number.isSafeInteger(left + right)) return left + right;
  return BigInt(left) + BigInt(right);
}
