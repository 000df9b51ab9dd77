import type { StageTasks } from './stage-tasks.ts';

/**
 * The run as the replay sees it: which stage waits for what, when the driver submits each job, and how long each task took.
 *
 * Times are milliseconds after the application's start. Nothing in here depends on the size to be simulated.
 */
export interface RunModel {
  readonly stages: readonly StageNode[];
  /** In order of submission. */
  readonly jobs: readonly JobNode[];
  readonly executors: readonly SourceExecutor[];
  /** What the source ran on, as one number each: the most executors at a time and the commonest number of cores. */
  readonly executorCount: number;
  readonly coresPerExecutor: number;
  /** From the application's start to its end, as measured. */
  readonly durationMs: number;
  /** From the start to the first job's submission. */
  readonly firstJobMs: number;
  /** From the end of the last job to the end of the application. */
  readonly tailMs: number;
  readonly costs: MeasuredCosts;
  /** Most task slots at a time. */
  readonly slots: number;
  /** Whether all executors stood on one host, whose cores they shared. */
  readonly sharesHost: boolean;
  readonly taskCpus: number;
  readonly fairScheduling: boolean;
  /** `log` when every task is known, `quantiles` when tasks were rebuilt from a stage's quantiles and sums. */
  readonly precision: 'log' | 'quantiles';
}

/** A stage that ran. */
export interface StageNode {
  readonly stageId: number;
  readonly attemptId: number;
  readonly name: string;
  /** Index into {@link RunModel.jobs}. */
  readonly job: number;
  /** Indices into {@link RunModel.stages} of the parents that ran too. */
  readonly parents: readonly number[];
  /** Milliseconds on the executor of each task, in the order they are launched; failed attempts stand before their retry. */
  readonly runTimes: Float64Array;
  /** 1 for a task among the first of its executor, whose run time carries what the young JVM cost. */
  readonly cold: Uint8Array;
  /** What was measured of these tasks, for what a remedy needs to know; parallel to `runTimes` until tasks are cut anew. */
  readonly measured: StageTasks;
  /** From being ready (job released, parents ended) to the first launch: the driver's work, not the queue's. */
  readonly delayMs: number;
  readonly completedMs: number;
  readonly pool: string;
  readonly resourceProfileId: number;
  /** Whether it wrote shuffle files, which hold executors under shuffle tracking. */
  readonly writesShuffle: boolean;
  readonly cachesBlocks: boolean;
  readonly width: StageWidth;
}

/**
 * What decided how many tasks a stage has: `measured` nothing that is known to change with the cluster;
 * `slots` it has as many (or twice as many) tasks as there were slots, so the default parallelism may have cut it;
 * `adaptive` a SQL stage that adaptive execution coalesced to about the number of slots;
 * `shuffle-partitions` as many as `spark.sql.shuffle.partitions` says.
 */
export type StageWidth = 'measured' | 'slots' | 'adaptive' | 'shuffle-partitions';

/** What a job's submission waits for. */
export type Release =
  /** The first job: so long after the application's start. */
  | { readonly kind: 'start' }
  /** So long after the last of these jobs (indices) has ended. */
  | {
      readonly kind: 'after';
      readonly jobs: readonly number[];
      readonly gapMs: number;
      readonly rule: 'barrier' | 'lane' | 'chain';
    }
  /** So long after that job's submission. */
  | { readonly kind: 'fork'; readonly job: number; readonly offsetMs: number };

export interface JobNode {
  readonly jobId: number;
  readonly submittedMs: number;
  readonly endedMs: number;
  readonly sqlExecutionId?: number | undefined;
  readonly release: Release;
  /** Another reading of the same timeline, where the rule had to be guessed. */
  readonly alternative?: Release | undefined;
  /** Indices of its stages that ran. */
  readonly stages: readonly number[];
  /** From the end of its last stage to its own end; for a job without stages, its length. */
  readonly endDelayMs: number;
}

export interface SourceExecutor {
  readonly cores: number;
  readonly addedMs: number;
  readonly removedMs: number;
  readonly resourceProfileId: number;
  /** Executors that never ran a task are no slots. */
  readonly used: boolean;
}

/** What tasks cost beyond their work, measured in this run. All milliseconds. */
export interface MeasuredCosts {
  /** Median overhead (slot time − run time) of a warm task that is not in the first wave of its stage. */
  readonly warmOverheadMs: number;
  /** Median overhead of a warm task in the first wave of its stage. */
  readonly firstWaveOverheadMs: number;
  /** Overhead of a cold task beyond that of a warm one. */
  readonly coldOverheadMs: number;
  /** Run time of a cold task beyond that of its warm siblings: measured, drawn towards the overhead where it is uncertain. */
  readonly coldRunTimeMs: number;
  /** Cold tasks in stages that had warm ones too: how well the previous is known. */
  readonly coldTasks: number;
}
