import { EXECUTOR_PERCENTILES, STAGE_PERCENTILES } from '../../../aggregations/percentiles.ts';
import { boolean, date, double, each, long, text, type Properties } from './field-types.ts';

/**
 * The fields under `attempt.aggs`, as flat names: the object has `subobjects: false`, so that `peakMemoryMetrics.JVMHeapMemory.max`
 * costs one field instead of three, and no name can be a field and an object at once.
 *
 * The set is closed and the same in every index, so a dashboard finds the same fields everywhere and no run can add one.
 */
const NUMBER_STATS = ['min', 'max', 'sum', 'mean', 'count_zeroes', 'count_not_null'];
/** A sum of peaks, or a count of them, means nothing; the fields are better spent. They stay in the document. */
const PEAK_STATS = ['min', 'max', 'mean'];
/** Numbers that name something. */
const ID_STATS = ['min', 'max'];
const PERCENTILES = ['p50', 'p95'];

/** @see Spark, `core/src/main/scala/org/apache/spark/metrics/ExecutorMetricType.scala` */
const PEAKS = [
  'JVMHeapMemory',
  'JVMOffHeapMemory',
  'OnHeapExecutionMemory',
  'OffHeapExecutionMemory',
  'OnHeapStorageMemory',
  'OffHeapStorageMemory',
  'OnHeapUnifiedMemory',
  'OffHeapUnifiedMemory',
  'DirectPoolMemory',
  'MappedPoolMemory',
  'ProcessTreeJVMVMemory',
  'ProcessTreeJVMRSSMemory',
  'ProcessTreePythonVMemory',
  'ProcessTreePythonRSSMemory',
  'ProcessTreeOtherVMemory',
  'ProcessTreeOtherRSSMemory',
  'MinorGCCount',
  'MinorGCTime',
  'MajorGCCount',
  'MajorGCTime',
  'TotalGCTime',
  'ConcurrentGCCount',
  'ConcurrentGCTime',
];
const MEMORY = [
  'usedOnHeapStorageMemory',
  'usedOffHeapStorageMemory',
  'totalOnHeapStorageMemory',
  'totalOffHeapStorageMemory',
];

/** @see Spark, `core/src/main/scala/org/apache/spark/status/api/v1/api.scala`, `ExecutorSummary` */
const EXECUTOR_COUNTS = [
  'rddBlocks',
  'memoryUsed',
  'diskUsed',
  'totalCores',
  'maxTasks',
  'activeTasks',
  'failedTasks',
  'completedTasks',
  'totalTasks',
  'totalDuration',
  'totalGCTime',
  'totalInputBytes',
  'totalShuffleRead',
  'totalShuffleWrite',
  'maxMemory',
];
const EXECUTOR_COSTS = [
  'x_durationMilliseconds',
  'x_durationHours',
  'x_coreCost',
  'x_storageCost',
  'x_coreCost_hours',
  'x_storageCost_GbHours',
];
const EXECUTOR_BOOLEANS = ['isActive', 'isBlacklisted', 'isExcluded'];

/** @see Spark, `core/src/main/scala/org/apache/spark/status/api/v1/api.scala`, `StageData` */
const STAGE_NUMBERS = [
  'numTasks',
  'numActiveTasks',
  'numCompleteTasks',
  'numFailedTasks',
  'numKilledTasks',
  'numCompletedIndices',
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
  'shuffleReadBytes',
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
  'shuffleMergersCount',
  'x_scheduling_overhead',
  'x_duration',
  'x_executorCpuTime_ms',
  'throughput_bytes',
  'throughput_records',
  'x_average_task_input_bytes',
  'x_average_task_output_bytes',
];

const SUMMARY_NUMBERS = [
  'parallel_work',
  'parallel_part',
  'seq_part',
  'est_seq_time',
  'core_cost',
  'stages_sum',
  'stages_interval',
  'unused_storage_memory',
  'estimated_speedup',
  'parallel_fraction',
  'seq_fraction',
  'average_throughput',
  'estimated_core_efficiency',
  'unused_core_cost',
  'x_unused_core_cost_hours',
  'est_peak_memory_usage',
  'storage_memory_usage',
  'x_unused_storage_memory_bytes',
  ...[
    'input_in_storage_HDFS_blocks',
    'output_in_storage_HDFS_blocks',
    'input_deserialization_factor',
    'output_deserialization_factor',
  ].map(postprocessing),
  ...['peak_to_input_memory_factor', 'peak_to_output_memory_factor', 'output_to_input_storage_size_ratio'].map(
    postprocessing,
  ),
];

export const aggColumns: Properties = {
  ...below('allexecutors.driver', {
    id: text,
    ...each(['addTime', 'removeTime', 'x_startTime', 'x_stopTime'], date),
    ...each(EXECUTOR_BOOLEANS, boolean),
    ...each(
      [
        ...EXECUTOR_COUNTS,
        'resourceProfileId',
        ...MEMORY.map(under('memoryMetrics')),
        ...PEAKS.map(under('peakMemoryMetrics')),
      ],
      long,
    ),
    ...each(EXECUTOR_COSTS, double),
  }),
  ...below('allexecutors.executors', {
    elements_count: long,
    ...stats([...EXECUTOR_COUNTS, ...EXECUTOR_COSTS, ...MEMORY.map(under('memoryMetrics'))], NUMBER_STATS),
    ...stats(PEAKS.map(under('peakMemoryMetrics')), PEAK_STATS),
    ...stats(['resourceProfileId'], ID_STATS),
    ...stats([...EXECUTOR_PERCENTILES], PERCENTILES),
    ...dates(['addTime', 'removeTime', 'x_startTime', 'x_stopTime']),
    ...booleans(EXECUTOR_BOOLEANS),
  }),
  ...below('stages', {
    elements_count: long,
    ...stats(STAGE_NUMBERS, NUMBER_STATS),
    ...stats(PEAKS.map(under('peakExecutorMetrics')), PEAK_STATS),
    ...stats(['stageId', 'attemptId', 'resourceProfileId'], ID_STATS),
    ...stats([...STAGE_PERCENTILES], PERCENTILES),
    ...dates(['submissionTime', 'firstTaskLaunchedTime', 'completionTime']),
    ...booleans(['isShufflePushEnabled']),
  }),
  ...below('summary', {
    ...each(SUMMARY_NUMBERS, double),
    ...each(['stages_max_input_blocks', 'executors_total_input_blocks'], long),
    stages_in_parallel: boolean,
  }),
};

function postprocessing(name: string): string {
  return `postprocessing.${name}`;
}

function under(group: string): (name: string) => string {
  return (name) => `${group}.${name}`;
}

function stats(columns: readonly string[], names: readonly string[]): Properties {
  return each(
    columns.flatMap((column) => names.map(under(column))),
    double,
  );
}

function dates(columns: readonly string[]): Properties {
  return each(
    columns.flatMap((column) => ['min', 'max'].map(under(column))),
    date,
  );
}

function booleans(columns: readonly string[]): Properties {
  return {
    ...each(
      columns.flatMap((column) => ['any', 'all'].map(under(column))),
      boolean,
    ),
    ...each(
      columns.map((column) => `${column}.sum`),
      long,
    ),
  };
}

function below(path: string, properties: Properties): Properties {
  return Object.fromEntries(Object.entries(properties).map(([name, mapping]) => [`${path}.${name}`, mapping]));
}
