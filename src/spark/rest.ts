/**
 * The History Server's answers that Spot reads, in Spark's own names.
 *
 * Permissive about what Spot does not use: every object may carry more keys than are named here, and they are kept.
 * A whole number above 2^53 is a `bigint` (see `util/lossless-json.ts`).
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/status/api/v1/api.scala`
 */

/** A count as JSON gave it: `bigint` only above 2^53, so that no digit is lost. */
export type Long = number | bigint;

/** `yyyy-MM-dd'T'HH:mm:ss.SSS'GMT'`, always UTC. */
export type RestTime = string;

type Open = Readonly<Record<string, unknown>>;

export interface ApplicationAttemptInfo extends Open {
  readonly attemptId?: string;
  readonly startTime: RestTime;
  /** `1969-12-31T23:59:59.999GMT` while the attempt has no end. */
  readonly endTime: RestTime;
  readonly lastUpdated: RestTime;
  /** Milliseconds; 0 while the attempt has no end, negative when its clocks disagree. */
  readonly duration: number;
  readonly sparkUser: string;
  readonly completed: boolean;
  readonly appSparkVersion: string;
  readonly startTimeEpoch: number;
  /** Milliseconds since 1970, -1 while the attempt has no end. */
  readonly endTimeEpoch: number;
  readonly lastUpdatedEpoch: number;
}

export interface ApplicationInfo extends Open {
  readonly id: string;
  readonly name: string;
  /** Newest start first. */
  readonly attempts: readonly ApplicationAttemptInfo[];
}

export interface ExecutorSummary extends Open {
  /** `driver`, or the executor's number as text. */
  readonly id: string;
  readonly hostPort: string;
  readonly isActive: boolean;
  readonly totalCores: number;
  readonly maxTasks: number;
  readonly addTime: RestTime;
  readonly removeTime?: RestTime;
  readonly removeReason?: string;
  readonly maxMemory: Long;
  readonly totalDuration: Long;
  readonly totalGCTime: Long;
  readonly totalInputBytes: Long;
  readonly totalShuffleRead: Long;
  readonly totalShuffleWrite: Long;
  readonly failedTasks: number;
  readonly completedTasks: number;
  readonly totalTasks: number;
  readonly memoryMetrics?: Open;
  readonly peakMemoryMetrics?: Readonly<Record<string, Long>>;
}

export type StageStatus = 'ACTIVE' | 'COMPLETE' | 'FAILED' | 'PENDING' | 'SKIPPED';

export interface StageData extends Open {
  readonly status: StageStatus;
  readonly stageId: number;
  readonly attemptId: number;
  readonly numTasks: number;
  readonly numActiveTasks: number;
  readonly numCompleteTasks: number;
  readonly numFailedTasks: number;
  readonly numKilledTasks: number;
  readonly submissionTime?: RestTime;
  readonly firstTaskLaunchedTime?: RestTime;
  readonly completionTime?: RestTime;
  readonly failureReason?: string;
  readonly executorRunTime: Long;
  /** Nanoseconds. */
  readonly executorCpuTime: Long;
  readonly jvmGcTime?: Long;
  readonly memoryBytesSpilled: Long;
  readonly diskBytesSpilled: Long;
  readonly inputBytes: Long;
  readonly inputRecords: Long;
  readonly outputBytes: Long;
  readonly outputRecords: Long;
  readonly shuffleReadBytes: Long;
  readonly shuffleReadRecords: Long;
  readonly shuffleWriteBytes: Long;
  readonly shuffleWriteRecords: Long;
  readonly name: string;
  readonly description?: string;
  readonly details?: string;
  readonly schedulingPool: string;
  readonly rddIds: readonly number[];
}

export interface JobData extends Open {
  readonly jobId: number;
  readonly name: string;
  readonly description?: string;
  readonly submissionTime?: RestTime;
  readonly completionTime?: RestTime;
  readonly stageIds: readonly number[];
  readonly jobGroup?: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'UNKNOWN';
  readonly numTasks: number;
}

/** One SQL execution of `/sql?details=true&planDescription=true`. */
export interface ExecutionData extends Open {
  readonly id: number;
  readonly status: string;
  readonly description: string;
  readonly planDescription: string;
  readonly submissionTime: RestTime;
  readonly duration: number;
}

/** A list of `[key, value]` pairs, sorted by key since Spark 3.1. */
export type PropertyList = readonly (readonly [string, string])[];

export interface ApplicationEnvironmentInfo extends Open {
  readonly runtime: Open;
  readonly sparkProperties: PropertyList;
  readonly hadoopProperties?: PropertyList;
  readonly systemProperties?: PropertyList;
  readonly metricsProperties?: PropertyList;
  readonly classpathEntries?: PropertyList;
  readonly resourceProfiles?: readonly Open[];
}
