import type { ExecutorSummary, Long, RestTime } from '../../../spark/rest.ts';
import { formatRestTime } from '../../../spark/rest-time.ts';
import { gettingResultTime } from '../scheduler-delay.ts';
import type { AccumulatorUpdate } from '../stage-info.ts';
import * as metric from '../task-metrics.ts';
import { valueAt } from './packed-column.ts';
import { shownMetric } from './stored-metric.ts';
import type { TaskState, TaskTable } from './task-table.ts';
import { stateAt, textAt } from './task-table.ts';

/** A row of `/taskList`. */
export interface TaskData {
  readonly taskId: number;
  readonly index: number;
  readonly attempt: number;
  /** -1 in logs before Spark 3.3. */
  readonly partitionId: number;
  readonly launchTime: RestTime;
  readonly resultFetchStart?: RestTime;
  /** Absent when it is not above zero. */
  readonly duration?: number;
  readonly executorId: string;
  readonly host: string;
  readonly status: TaskState;
  readonly taskLocality: string;
  readonly speculative: boolean;
  readonly accumulatorUpdates: readonly AccumulatorUpdate[];
  readonly errorMessage?: string;
  /** Absent while the task runs. */
  readonly taskMetrics?: Readonly<Record<string, unknown>>;
  readonly executorLogs: Readonly<Record<string, string>>;
  readonly schedulerDelay: number;
  readonly gettingResultTime: number;
}

/** Where the logs of each executor are. */
export type LogsOf = (executorId: string) => Readonly<Record<string, string>>;

export function logsOf(executors: readonly ExecutorSummary[]): LogsOf {
  const logs = new Map(executors.map((one) => [one.id, one['executorLogs'] as Readonly<Record<string, string>>]));
  return (executorId) => logs.get(executorId) ?? {};
}

/** @see Spark, `core/src/main/scala/org/apache/spark/status/storeTypes.scala`, `TaskDataWrapper.toApi` */
export function taskData(table: TaskTable, row: number, executorLogs: LogsOf): TaskData {
  const duration = valueAt(table.duration, row);
  const fetchStart = valueAt(table.resultFetchStart, row);
  const launchTime = table.origin + valueAt(table.launch, row);
  const hasMetrics = valueAt(table.hasMetrics, row) === 1;
  const errorMessage = textAt(table, table.error, row);
  const executorId = textAt(table, table.executor, row);
  return {
    taskId: valueAt(table.taskId, row),
    index: valueAt(table.index, row),
    attempt: valueAt(table.attempt, row),
    partitionId: valueAt(table.partitionId, row),
    launchTime: formatRestTime(launchTime),
    ...(fetchStart > 0 ? { resultFetchStart: formatRestTime(fetchStart) } : {}),
    ...(duration > 0 ? { duration } : {}),
    executorId,
    host: textAt(table, table.host, row),
    status: stateAt(table, row),
    taskLocality: textAt(table, table.locality, row),
    speculative: valueAt(table.speculative, row) === 1,
    accumulatorUpdates: table.accumulators.get(row) ?? [],
    ...(errorMessage === '' ? {} : { errorMessage }),
    ...(hasMetrics ? { taskMetrics: taskMetrics(table, row) } : {}),
    executorLogs: executorLogs(executorId),
    schedulerDelay: hasMetrics && duration > 0 && isFinished(table, row) ? schedulerDelayAt(table, row) : 0,
    gettingResultTime: gettingResultTime(launchTime, fetchStart, duration),
  };
}

/** Slot time in which the task did not run; never negative. Only for a task that has metrics. */
export function schedulerDelayAt(table: TaskTable, row: number): number {
  const duration = valueAt(table.duration, row);
  const busy =
    Number(shownMetric(table, row, metric.RUN_TIME)) +
    Number(shownMetric(table, row, metric.DESERIALIZE_TIME)) +
    Number(shownMetric(table, row, metric.SERIALIZATION_TIME));
  return Math.max(0, duration - busy - gettingResultTimeAt(table, row));
}

export function gettingResultTimeAt(table: TaskTable, row: number): number {
  const launchTime = table.origin + valueAt(table.launch, row);
  return gettingResultTime(launchTime, valueAt(table.resultFetchStart, row), valueAt(table.duration, row));
}

function isFinished(table: TaskTable, row: number): boolean {
  const state = stateAt(table, row);
  return state === 'SUCCESS' || state === 'FAILED' || state === 'KILLED';
}

function taskMetrics(table: TaskTable, row: number): Readonly<Record<string, unknown>> {
  const of = (wanted: number): Long => shownMetric(table, row, wanted);
  return {
    executorDeserializeTime: of(metric.DESERIALIZE_TIME),
    executorDeserializeCpuTime: of(metric.DESERIALIZE_CPU_TIME),
    executorRunTime: of(metric.RUN_TIME),
    executorCpuTime: of(metric.CPU_TIME),
    resultSize: of(metric.RESULT_SIZE),
    jvmGcTime: of(metric.GC_TIME),
    resultSerializationTime: of(metric.SERIALIZATION_TIME),
    memoryBytesSpilled: of(metric.MEMORY_SPILLED),
    diskBytesSpilled: of(metric.DISK_SPILLED),
    peakExecutionMemory: of(metric.PEAK_MEMORY),
    inputMetrics: { bytesRead: of(metric.INPUT_BYTES), recordsRead: of(metric.INPUT_RECORDS) },
    outputMetrics: { bytesWritten: of(metric.OUTPUT_BYTES), recordsWritten: of(metric.OUTPUT_RECORDS) },
    shuffleReadMetrics: {
      remoteBlocksFetched: of(metric.REMOTE_BLOCKS),
      localBlocksFetched: of(metric.LOCAL_BLOCKS),
      fetchWaitTime: of(metric.FETCH_WAIT_TIME),
      remoteBytesRead: of(metric.REMOTE_BYTES),
      remoteBytesReadToDisk: of(metric.REMOTE_BYTES_TO_DISK),
      localBytesRead: of(metric.LOCAL_BYTES),
      recordsRead: of(metric.READ_RECORDS),
      remoteReqsDuration: of(metric.REMOTE_REQS_DURATION),
      shufflePushReadMetrics: {
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
      bytesWritten: of(metric.WRITE_BYTES),
      writeTime: of(metric.WRITE_TIME),
      recordsWritten: of(metric.WRITE_RECORDS),
    },
  };
}
