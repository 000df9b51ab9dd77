import type { JobData } from '../../spark/rest.ts';
import { formatRestTime } from '../../spark/rest-time.ts';
import { IndexSet } from './index-set.ts';
import { Retention } from './retention.ts';
import type { StageInfo } from './stage-info.ts';
import type { TaskRecord } from './task-record.ts';

/** What JobStart says about a job, but for its stages. */
export interface JobHead {
  readonly jobId: number;
  readonly submissionTime: number | undefined;
  readonly stageIds: readonly number[];
  readonly description: string | undefined;
  readonly jobGroup: string | undefined;
  readonly jobTags: readonly string[];
}

export interface JobInfo extends JobHead {
  readonly stageInfos: readonly StageInfo[];
}

/** A job from its start on. Counts go on after its end, but its row shows only what was known when it was written. */
export class LiveJob {
  readonly info: JobHead;
  readonly stageIds: ReadonlySet<number>;
  readonly #name: string;
  readonly #numTasks: number;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' = 'RUNNING';
  completionTime: number | undefined;

  #activeTasks = 0;
  #completedTasks = 0;
  #failedTasks = 0;
  #killedTasks = 0;
  #skippedTasks = 0;
  #activeStages = 0;
  #failedStages = 0;
  readonly #completedStages = new Set<number>();
  readonly #skippedStages = new Set<number>();
  readonly #completedIndices = new Map<number, IndexSet>();
  readonly #killedSummary = new Map<string, number>();

  constructor(info: JobInfo) {
    const { stageInfos, ...head } = info;
    this.info = head;
    this.stageIds = new Set(info.stageIds);
    this.#name = stageInfos.reduce<StageInfo | undefined>(later, undefined)?.name ?? '';
    // An over-estimate, as the server's: stages that turn out to be skipped are counted.
    this.#numTasks = stageInfos.reduce(
      (sum, stage) => sum + (stage.completionTime === undefined ? stage.numTasks : 0),
      0,
    );
  }

  get name(): string {
    return this.#name;
  }

  submitStage(stageId: number): void {
    this.#completedStages.delete(stageId);
    this.#activeStages++;
  }

  completeStage(stage: StageInfo, status: 'COMPLETE' | 'FAILED' | 'SKIPPED'): void {
    if (status === 'COMPLETE') this.#completedStages.add(stage.stageId);
    else if (status === 'SKIPPED') this.skipStage(stage);
    else this.#failedStages++;
    this.#activeStages--;
  }

  skipStage(stage: StageInfo): void {
    this.#skippedStages.add(stage.stageId);
    this.#skippedTasks += stage.numTasks;
  }

  startTask(): void {
    this.#activeTasks++;
  }

  endTask(task: TaskRecord, killReason: string | undefined): void {
    if (task.reason !== 'Resubmitted') this.#activeTasks--;
    if (task.reason === 'Success') {
      this.#completedTasks++;
      this.#indicesOf(task.stageId).add(task.index);
    } else if (killReason === undefined) {
      this.#failedTasks++;
    } else {
      this.#killedTasks++;
      this.#killedSummary.set(killReason, (this.#killedSummary.get(killReason) ?? 0) + 1);
    }
  }

  end(time: number | undefined, succeeded: boolean): void {
    this.status = succeeded ? 'SUCCEEDED' : 'FAILED';
    this.completionTime = time;
  }

  toRest(): JobData {
    const { description, submissionTime, jobGroup } = this.info;
    let completedIndices = 0;
    for (const indices of this.#completedIndices.values()) completedIndices += indices.size;
    return {
      jobId: this.info.jobId,
      name: this.#name,
      ...(description === undefined ? {} : { description }),
      ...(submissionTime === undefined ? {} : { submissionTime: formatRestTime(submissionTime) }),
      ...(this.completionTime === undefined ? {} : { completionTime: formatRestTime(this.completionTime) }),
      stageIds: this.info.stageIds,
      ...(jobGroup === undefined ? {} : { jobGroup }),
      jobTags: this.info.jobTags,
      status: this.status,
      numTasks: this.#numTasks,
      numActiveTasks: this.#activeTasks,
      numCompletedTasks: this.#completedTasks,
      numSkippedTasks: this.#skippedTasks,
      numFailedTasks: this.#failedTasks,
      numKilledTasks: this.#killedTasks,
      numCompletedIndices: completedIndices,
      numActiveStages: this.#activeStages,
      numCompletedStages: this.#completedStages.size,
      numSkippedStages: this.#skippedStages.size,
      numFailedStages: this.#failedStages,
      killedTasksSummary: Object.fromEntries(this.#killedSummary),
    };
  }

  #indicesOf(stageId: number): IndexSet {
    let indices = this.#completedIndices.get(stageId);
    if (indices === undefined) {
      indices = new IndexSet();
      this.#completedIndices.set(stageId, indices);
    }
    return indices;
  }
}

/** `spark.ui.retainedJobs` */
const RETAINED_JOBS = 1000;

/** The running jobs, and the rows that the server would keep: at most 1,000 of jobs that are over. */
export class Jobs {
  readonly live = new Map<number, LiveJob>();
  readonly #rows = new Map<number, JobData>();
  readonly #retention = new Retention(RETAINED_JOBS);

  start(job: LiveJob): void {
    this.live.set(job.info.jobId, job);
  }

  end(job: LiveJob): void {
    const { jobId } = job.info;
    this.live.delete(jobId);
    this.#rows.set(jobId, job.toRest());
    this.#retention.write(jobId, job.completionTime);
    this.#forget();
  }

  /** Keeps the row as it is now. That of a running job is written at its end or at the end of the log anyway. */
  write(job: LiveJob): void {
    const { jobId } = job.info;
    const isNew = !this.#retention.has(jobId);
    this.#retention.write(jobId, job.completionTime);
    if (this.live.get(jobId) !== job) this.#rows.set(jobId, job.toRest());
    // Where the row of a running job is written for the first time the server looks whether there are too many.
    else if (isNew) this.#forget();
  }

  /** Highest id first. */
  rows(): JobData[] {
    const rows = new Map(this.#rows);
    for (const [id, job] of this.live) rows.set(id, job.toRest());
    return [...rows.values()].sort((a, b) => b.jobId - a.jobId);
  }

  #forget(): void {
    for (const jobId of this.#retention.forget()) this.#rows.delete(jobId);
  }
}

/** Of equal ids the last one, as a stable sort would leave it. */
function later(found: StageInfo | undefined, stage: StageInfo): StageInfo {
  return found === undefined || stage.stageId >= found.stageId ? stage : found;
}
