/**
 * What an event log tells beyond the REST answers, compact and bounded.
 *
 * Times are milliseconds after the application's start (may be negative where clocks disagree).
 * Arrays of a {@link TaskColumns} run in parallel: entry `i` of each is task attempt `i`, in launch order.
 */
export interface RunDetail {
  readonly schemaVersion: 1;
  /** Milliseconds since 1970. */
  readonly applicationStart: number;
  /** After the start; absent when the log has no end. */
  readonly applicationEnd?: number | undefined;
  /** After the start: the last event of any kind. */
  readonly lastEvent: number;
  readonly executors: readonly ExecutorLife[];
  readonly jobs: readonly JobDetail[];
  readonly stages: readonly StageDetail[];
  readonly sql: readonly SqlDetail[];
  readonly failures: readonly FailureGroup[];
  readonly perExecutor: readonly ExecutionSums[];
  readonly perHost: readonly ExecutionSums[];
  readonly quality: LogQuality;
}

export interface ExecutorLife {
  readonly id: string;
  readonly host: string;
  /** Cores as ExecutorAdded tells them; for `driver` in local mode the slots of the master URL. */
  readonly cores: number;
  readonly added: number;
  readonly removed?: number | undefined;
  readonly removeReason?: string | undefined;
  readonly resourceProfileId: number;
}

export interface JobDetail {
  readonly jobId: number;
  readonly submitted: number;
  readonly ended?: number | undefined;
  readonly succeeded: boolean;
  /** All stages the job lists, skipped ones too. */
  readonly stageIds: readonly number[];
  readonly sqlExecutionId?: number | undefined;
  readonly jobGroup?: string | undefined;
  readonly description?: string | undefined;
  readonly callSite?: string | undefined;
}

/** The sorted value at index `min(floor(q * n), n - 1)` for q = 0, .05, .25, .5, .75, .95, 1, as Spark computes quantiles. */
export type Quantiles = readonly [number, number, number, number, number, number, number];
export const QUANTILES = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1] as const;

/** Over successful task attempts with metrics. Milliseconds and bytes. */
export interface TaskQuantiles {
  readonly count: number;
  readonly duration: Quantiles;
  readonly executorRunTime: Quantiles;
  readonly executorCpuTimeMs: Quantiles;
  readonly jvmGcTime: Quantiles;
  readonly schedulerDelay: Quantiles;
  readonly executorDeserializeTime: Quantiles;
  readonly inputBytes: Quantiles;
  readonly inputRecords: Quantiles;
  readonly outputBytes: Quantiles;
  readonly shuffleReadBytes: Quantiles;
  readonly shuffleReadRecords: Quantiles;
  readonly shuffleFetchWaitTime: Quantiles;
  readonly shuffleWriteBytes: Quantiles;
  readonly memoryBytesSpilled: Quantiles;
  readonly diskBytesSpilled: Quantiles;
  readonly peakExecutionMemory: Quantiles;
}

export const TASK_SUCCEEDED = 0;
export const TASK_FAILED = 1;
export const TASK_KILLED = 2;
/** Started, and the log tells no end. */
export const TASK_OPEN = 3;

/** Task attempts in launch order, one array per column. */
export interface TaskColumns {
  readonly index: readonly number[];
  readonly attempt: readonly number[];
  readonly launch: readonly number[];
  /** Slot time: finish − launch, in the driver's clock. -1 for a task without end. */
  readonly duration: readonly number[];
  readonly executorRunTime: readonly number[];
  readonly executorCpuTimeMs: readonly number[];
  readonly jvmGcTime: readonly number[];
  readonly executorDeserializeTime: readonly number[];
  /** Index into {@link RunDetail.executors}. */
  readonly executor: readonly number[];
  /** {@link TASK_SUCCEEDED} … */
  readonly status: readonly number[];
  /** 1 for a speculative copy. */
  readonly speculative: readonly number[];
  readonly inputBytes: readonly number[];
  readonly shuffleReadBytes: readonly number[];
  readonly shuffleWriteBytes: readonly number[];
  readonly memoryBytesSpilled: readonly number[];
  readonly diskBytesSpilled: readonly number[];
  readonly peakExecutionMemory: readonly number[];
}

/** The columns are kept up to this many task attempts of a stage; above it only the quantiles and sums are. */
export const MAX_LISTED_TASKS = 10_000;

/** And in all stages together up to this many: beyond it the stages with most tasks lose their columns first. */
export const MAX_LISTED_TASKS_OF_RUN = 100_000;

export interface StageDetail {
  readonly stageId: number;
  readonly attemptId: number;
  readonly name: string;
  readonly parentIds: readonly number[];
  readonly numTasks: number;
  readonly submitted?: number | undefined;
  readonly completed?: number | undefined;
  readonly failureReason?: string | undefined;
  readonly resourceProfileId: number;
  /**
   * Bytes its RDDs hold in memory and on disk when the stage completed, and how many partitions of how many. All 0 where
   * nothing is cached, and in logs of Spark from 2.3 on without `spark.eventLog.logBlockUpdates.enabled`, which do not tell.
   */
  readonly cached: {
    readonly memoryBytes: number;
    readonly diskBytes: number;
    readonly partitions: number;
    readonly ofPartitions: number;
    /** Partitions of these RDDs when the stage was submitted: the most that ever were cached, and those that still were. */
    readonly before?: { readonly had: number; readonly has: number } | undefined;
  };
  readonly launchedTasks: number;
  readonly succeededTasks: number;
  readonly failedTasks: number;
  readonly killedTasks: number;
  readonly speculativeTasks: number;
  /** Task attempts by locality: `PROCESS_LOCAL`, `NODE_LOCAL`, `RACK_LOCAL`, `ANY`, `NO_PREF`. */
  readonly locality: Readonly<Record<string, number>>;
  /** Sums over all ended task attempts, failed ones too, under the names of Spark's `StageData`. */
  readonly sums: Readonly<Record<string, number>>;
  /** Absent when no task attempt succeeded. */
  readonly quantiles?: TaskQuantiles | undefined;
  /** Absent above {@link MAX_LISTED_TASKS} task attempts, and where the run has more than {@link MAX_LISTED_TASKS_OF_RUN}. */
  readonly tasks?: TaskColumns | undefined;
  /** Session properties in effect that decide how the stage was cut and run (`spark.sql.shuffle.partitions`, AQE, …). */
  readonly properties: Readonly<Record<string, string>>;
}

export interface SqlNode {
  readonly name: string;
  readonly description: string;
  /** Metric name → its final value in the metric's own unit (bytes, ms, count), where the log tells it. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly children: readonly SqlNode[];
}

export interface SqlDetail {
  readonly id: number;
  readonly description: string;
  readonly submitted: number;
  readonly ended?: number | undefined;
  readonly failed: boolean;
  readonly errorMessage?: string | undefined;
  readonly jobIds: readonly number[];
  readonly stageIds: readonly number[];
  /** The final plan (after adaptive execution); absent when the plan exceeds the bound. */
  readonly plan?: SqlNode | undefined;
  readonly planDescription?: string | undefined;
  readonly modifiedConfigs: Readonly<Record<string, string>>;
}

export type FailureKind =
  'oom' | 'container-killed' | 'fetch-failure' | 'executor-lost' | 'exception' | 'commit-denied' | 'killed' | 'other';

/** Failed task attempts with the same cause. */
export interface FailureGroup {
  readonly kind: FailureKind;
  /** Class of the exception, or Spark's reason (`ExecutorLostFailure`). */
  readonly className: string;
  /** First line of the first message seen. */
  readonly example: string;
  readonly count: number;
  readonly stageIds: readonly number[];
  readonly executors: readonly string[];
  /** Slot time spent in these attempts. */
  readonly lostMs: number;
}

/** Sums over the ended task attempts of one executor or one host. */
export interface ExecutionSums {
  readonly name: string;
  readonly tasks: number;
  readonly failedTasks: number;
  readonly durationMs: number;
  readonly executorRunTime: number;
  readonly executorCpuTimeMs: number;
  readonly jvmGcTime: number;
  readonly inputBytes: number;
  readonly shuffleReadBytes: number;
  readonly shuffleWriteBytes: number;
  readonly memoryBytesSpilled: number;
  readonly diskBytesSpilled: number;
}

/** What the log cannot be trusted for. */
export interface LogQuality {
  readonly events: number;
  /** Lines that were no event, with where the first ones stood (`file:line reason`), at most ten. */
  readonly skippedLines: number;
  readonly skippedExamples: readonly string[];
  readonly hasEnd: boolean;
  /** Tasks started whose end the log does not tell, in stages that completed: events were dropped. */
  readonly lostTaskEnds: number;
  readonly negativeTimes: number;
  readonly compacted: boolean;
}
