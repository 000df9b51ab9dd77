import type { StageData, StageStatus } from '../../spark/rest.ts';
import { formatRestTime } from '../../spark/rest-time.ts';
import type { RestDialect } from './executor-metrics.ts';
import { PeakMetrics } from './executor-metrics.ts';
import { StageSummaries } from './history/stage-summaries.ts';
import { IndexSet } from './index-set.ts';
import type { LiveJob } from './jobs.ts';
import { Retention } from './retention.ts';
import type { StageInfo } from './stage-info.ts';
import { stageKey } from './stage-info.ts';
import { TaskMetricSums } from './task-metrics.ts';
import type { TaskRecord } from './task-record.ts';

export const DEFAULT_POOL = 'default';
/** `spark.ui.retainedStages` */
const RETAINED_STAGES = 1000;

/** A stage attempt while its row may still change. */
export class LiveStage {
  info: StageInfo;
  status: StageStatus = 'PENDING';
  /** The jobs that take its counts: those that list it and were running when it was submitted. */
  jobs: readonly LiveJob[] = [];
  description: string | undefined;
  schedulingPool = DEFAULT_POOL;
  readonly excludedExecutors = new Set<string>();

  activeTasks = 0;
  completedTasks = 0;
  failedTasks = 0;
  killedTasks = 0;
  #firstLaunchTime: number | undefined;
  readonly sums = new TaskMetricSums();
  readonly peaks = new PeakMetrics();
  readonly #completedIndices = new IndexSet();
  readonly #killedSummary = new Map<string, number>();
  /** Kept only where a History Server wants it. */
  readonly summaries: StageSummaries | undefined;

  constructor(info: StageInfo, summaries?: StageSummaries) {
    this.info = info;
    this.summaries = summaries;
  }

  startTask(task: TaskRecord): void {
    this.activeTasks++;
    this.#firstLaunchTime = Math.min(this.#firstLaunchTime ?? Infinity, task.launchTime);
    this.summaries?.startTask(task);
  }

  /** @param wasStarted - the metrics of a task whose start is not in the log do not count */
  endTask(task: TaskRecord, wasStarted: boolean, killReason: string | undefined): void {
    if (wasStarted) this.sums.add(task.metrics, task.wideMetrics);
    if (task.reason !== 'Resubmitted') this.activeTasks--;
    if (task.reason === 'Success') {
      this.completedTasks++;
      this.#completedIndices.add(task.index);
    } else if (killReason === undefined) {
      this.failedTasks++;
    } else {
      this.killedTasks++;
      this.#killedSummary.set(killReason, (this.#killedSummary.get(killReason) ?? 0) + 1);
    }
    this.peaks.raise(task.executorMetrics);
    this.summaries?.endTask(task, wasStarted, killReason !== undefined);
  }

  /** Whether nothing can change any more: completed, and no task is running. */
  get isClosed(): boolean {
    return this.activeTasks === 0 && (this.status === 'COMPLETE' || this.status === 'FAILED');
  }

  toRest(dialect: RestDialect): StageData {
    const { info } = this;
    const peakExecutorMetrics = this.peaks.toRest(dialect);
    return {
      status: this.status,
      stageId: info.stageId,
      attemptId: info.attemptId,
      numTasks: info.numTasks,
      numActiveTasks: this.activeTasks,
      numCompleteTasks: this.completedTasks,
      numFailedTasks: this.failedTasks,
      numKilledTasks: this.killedTasks,
      numCompletedIndices: this.#completedIndices.size,
      ...(info.submissionTime === undefined ? {} : { submissionTime: formatRestTime(info.submissionTime) }),
      ...(this.#firstLaunchTime === undefined ? {} : { firstTaskLaunchedTime: formatRestTime(this.#firstLaunchTime) }),
      ...(info.completionTime === undefined ? {} : { completionTime: formatRestTime(info.completionTime) }),
      ...(info.failureReason === undefined ? {} : { failureReason: info.failureReason }),
      ...this.sums.toRest(),
      name: info.name,
      ...(this.description === undefined ? {} : { description: this.description }),
      details: info.details,
      schedulingPool: this.schedulingPool,
      rddIds: info.rddIds,
      accumulatorUpdates: info.accumulators,
      killedTasksSummary: Object.fromEntries(this.#killedSummary),
      resourceProfileId: info.resourceProfileId,
      ...(peakExecutorMetrics === undefined ? {} : { peakExecutorMetrics }),
      isShufflePushEnabled: info.isShufflePushEnabled,
      shuffleMergersCount: info.shuffleMergersCount,
    };
  }
}

/** A stage attempt as the server would keep it. */
export interface KeptStage {
  readonly row: StageData;
  /** Present only where a History Server wants them. */
  readonly summaries: StageSummaries | undefined;
}

export interface StagesOptions {
  readonly dialect: RestDialect;
  /** Told the key of each stage attempt whose row is final. */
  readonly onClose: (key: number) => void;
  /** Whether each stage counts by executor too. */
  readonly keepSummaries: boolean;
}

/** The open stage attempts, and the rows that the server would keep: at most 1,000 of stages that are over. */
export class Stages {
  readonly live = new Map<number, LiveStage>();
  readonly #kept = new Map<number, KeptStage>();
  readonly #retention = new Retention(RETAINED_STAGES);
  readonly #options: StagesOptions;

  constructor(options: StagesOptions) {
    this.#options = options;
  }

  getOrAdd(info: StageInfo): LiveStage {
    const key = stageKey(info.stageId, info.attemptId);
    let stage = this.live.get(key);
    if (stage === undefined) {
      stage = new LiveStage(info, this.#options.keepSummaries ? new StageSummaries() : undefined);
      this.live.set(key, stage);
    }
    stage.info = info;
    return stage;
  }

  /** Writes the row: nothing changes a closed or skipped stage any more. */
  close(stage: LiveStage): void {
    const key = stageKey(stage.info.stageId, stage.info.attemptId);
    this.live.delete(key);
    this.#kept.set(key, this.#keep(stage));
    this.#write(key, stage);
    this.#options.onClose(key);
  }

  /** The stage is completed, its row written; as long as tasks of it run, the row may be written again. */
  completed(stage: LiveStage): void {
    if (stage.activeTasks === 0) this.close(stage);
    else this.#write(stageKey(stage.info.stageId, stage.info.attemptId), stage);
  }

  /** Whether a stage is open that was submitted before this time; one that was never submitted counts as 1970. */
  hasOpenSince(time: number): boolean {
    for (const stage of this.live.values()) if ((stage.info.submissionTime ?? 0) < time) return true;
    return false;
  }

  /** Highest stage first, then highest attempt. */
  rows(): KeptStage[] {
    const rows = new Map(this.#kept);
    for (const [key, stage] of this.live) rows.set(key, this.#keep(stage));
    return [...rows].sort(([a], [b]) => b - a).map(([, stage]) => stage);
  }

  #write(key: number, stage: LiveStage): void {
    // The server takes a skipped stage, which has no end, for the oldest.
    this.#retention.write(key, stage.info.completionTime ?? -1);
    for (const forgotten of this.#retention.forget()) this.#kept.delete(forgotten);
  }

  #keep(stage: LiveStage): KeptStage {
    return { row: stage.toRest(this.#options.dialect), summaries: stage.summaries };
  }
}
