import type { ApplicationStart } from './application.ts';
import { readApplicationStart } from './application.ts';
import type { Environment, ResourceProfile } from './environment.ts';
import { readEnvironment, readResourceProfile } from './environment.ts';
import { EXECUTOR_METRICS, readExecutorMetrics } from './executor-metrics.ts';
import { DRIVER, Executors, type LiveExecutor } from './executors.ts';
import { Processes } from './history/processes.ts';
import type { JobInfo } from './jobs.ts';
import { Jobs, LiveJob } from './jobs.ts';
import type { JsonRecord } from './json-fields.ts';
import {
  intField,
  longField,
  optionalLong,
  optionalRecord,
  optionalText,
  optionalTime,
  recordField,
  recordsField,
  textField,
  timeField,
} from './json-fields.ts';
import type { StageInfo } from './stage-info.ts';
import { stageKey } from './stage-info.ts';
import type { LiveStage, StagesOptions } from './stages.ts';
import { DEFAULT_POOL, Stages } from './stages.ts';
import { Storage } from './storage.ts';
import { killReason } from './task-end-reason.ts';
import type { TaskRecord } from './task-record.ts';

/**
 * The state of an application as Spark's own listener keeps it while it replays a log.
 *
 * What is written when decides what the server shows: a job's row, for one, is written at its end and shows none of
 * what its tasks do later.
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/status/AppStatusListener.scala`
 */
export class AppState {
  sparkVersion = '';
  start: ApplicationStart | undefined;
  end: number | undefined;
  environment: Environment | undefined;
  readonly profiles = new Map<number, ResourceProfile>();
  readonly executors = new Executors();
  readonly jobs = new Jobs();
  readonly stages: Stages;
  readonly storage = new Storage(this.executors);
  readonly processes = new Processes();
  #cpusPerTask = 1;
  readonly #executorMetrics = new Float64Array(EXECUTOR_METRICS.length);

  constructor(stages: StagesOptions) {
    this.stages = new Stages(stages);
  }

  logStart(event: JsonRecord): void {
    this.sparkVersion = textField(event, 'Spark Version');
  }

  applicationStart(event: JsonRecord): void {
    const start = readApplicationStart(event);
    this.start = start;
    const driver = this.executors.live.get(DRIVER);
    if (start.driverLogs === undefined || driver === undefined) return;
    driver.logs = start.driverLogs;
    driver.attributes = start.driverAttributes;
  }

  applicationEnd(event: JsonRecord): void {
    this.end = timeField(event, 'Timestamp');
  }

  environmentUpdate(event: JsonRecord): void {
    const environment = readEnvironment(event);
    this.environment = environment;
    const cpus = Number(environment.sparkProperties.find(([key]) => key === 'spark.task.cpus')?.[1]);
    if (Number.isInteger(cpus) && cpus > 0) this.#cpusPerTask = cpus;
  }

  resourceProfileAdded(event: JsonRecord): void {
    const profile = readResourceProfile(event);
    this.profiles.set(profile.id, profile);
  }

  executorAdded(event: JsonRecord): LiveExecutor {
    const id = textField(event, 'Executor ID');
    const time = timeField(event, 'Timestamp');
    const info = recordField(event, 'Executor Info');
    const executor = this.executors.getOrAdd(id, time);
    executor.describe(info, (cores, profileId) => {
      const cpus = Math.trunc(this.profiles.get(profileId)?.taskResources['cpus']?.amount ?? this.#cpusPerTask);
      return cpus === 0 ? 0 : Math.trunc(cores / cpus);
    });
    return executor;
  }

  blockManagerAdded(event: JsonRecord): LiveExecutor {
    const manager = recordField(event, 'Block Manager ID');
    const hostPort = `${textField(manager, 'Host')}:${intField(manager, 'Port')}`;
    const maxMemory = longField(event, 'Maximum Memory');
    const onHeap = optionalLong(event, 'Maximum Onheap Memory');
    const offHeap = optionalLong(event, 'Maximum Offheap Memory');
    const executor = this.executors.getOrAdd(textField(manager, 'Executor ID'), optionalTime(event, 'Timestamp') ?? -1);
    executor.hostPort = hostPort;
    if (onHeap !== undefined) {
      executor.totalOnHeap = Number(onHeap);
      executor.totalOffHeap = Number(offHeap ?? 0);
      executor.usedOnHeap = 0;
      executor.usedOffHeap = 0;
    }
    executor.isActive = true;
    executor.maxMemory = maxMemory;
    return executor;
  }

  executorRemoved(event: JsonRecord): LiveExecutor | undefined {
    const id = textField(event, 'Executor ID');
    const time = timeField(event, 'Timestamp');
    const reason = textField(event, 'Removed Reason');
    const removed = this.executors.remove(id, time, reason, (since) => this.stages.hasOpenSince(since));
    if (removed !== undefined) this.storage.removeExecutor(id);
    return removed;
  }

  excludeExecutor(event: JsonRecord, excluded: boolean): void {
    const executor = this.executors.live.get(textField(event, 'executorId'));
    if (executor !== undefined) executor.isExcluded = excluded;
  }

  excludeNode(event: JsonRecord, excluded: boolean): void {
    for (const executor of this.executors.onHost(textField(event, 'hostId'))) executor.isExcluded = excluded;
  }

  /** @returns the executors that are excluded for the stage */
  excludeForStage(event: JsonRecord): readonly string[] {
    const stageId = intField(event, 'stageId');
    const stage = this.stages.live.get(stageKey(stageId, intField(event, 'stageAttemptId')));
    const host = Object.hasOwn(event, 'hostId') ? textField(event, 'hostId') : undefined;
    const executorIds =
      host === undefined
        ? [textField(event, 'executorId')]
        : this.executors.onHost(host).map((executor) => executor.id);
    for (const id of executorIds) {
      stage?.excludedExecutors.add(id);
      stage?.summaries?.exclude(id);
      this.executors.live.get(id)?.excludedInStages.add(stageId);
    }
    return executorIds;
  }

  jobStart(info: JobInfo): LiveJob {
    const job = new LiveJob(info);
    this.jobs.start(job);
    for (const stageInfo of info.stageInfos) {
      const stage = this.stages.getOrAdd(stageInfo);
      stage.jobs = [...stage.jobs, job];
    }
    return job;
  }

  jobEnd(event: JsonRecord): LiveJob | undefined {
    const job = this.jobs.live.get(intField(event, 'Job ID'));
    const time = optionalTime(event, 'Completion Time');
    const result = textField(recordField(event, 'Job Result'), 'Result');
    if (job === undefined) return undefined;

    for (const stage of this.stages.live.values()) {
      if (stage.status !== 'PENDING' || !job.stageIds.has(stage.info.stageId)) continue;
      stage.status = 'SKIPPED';
      job.skipStage(stage.info);
      this.stages.close(stage);
    }
    job.end(time !== undefined && time > 0 ? time : undefined, result === 'JobSucceeded');
    this.jobs.end(job);
    return job;
  }

  stageSubmitted(info: StageInfo, properties: JsonRecord): LiveStage {
    const stage = this.stages.getOrAdd(info);
    stage.status = 'ACTIVE';
    stage.schedulingPool = optionalText(properties, 'spark.scheduler.pool') ?? DEFAULT_POOL;
    stage.description = optionalText(properties, 'spark.job.description');
    stage.jobs = [...this.jobs.live.values()].filter((job) => job.stageIds.has(info.stageId));
    for (const job of stage.jobs) job.submitStage(info.stageId);
    for (const rdd of info.persisted) this.storage.persist(rdd);
    return stage;
  }

  stageCompleted(info: StageInfo): LiveStage | undefined {
    const stage = this.stages.live.get(stageKey(info.stageId, info.attemptId));
    if (stage !== undefined) {
      stage.info = info;
      const status = completionStatus(info);
      stage.status = status;
      for (const job of stage.jobs) job.completeStage(info, status);
      for (const id of stage.excludedExecutors) this.executors.live.get(id)?.excludedInStages.delete(info.stageId);
      this.stages.completed(stage);
    }
    this.executors.forgetDead((since) => this.stages.hasOpenSince(since));
    return stage;
  }

  taskStart(task: TaskRecord, key: number): void {
    const stage = this.stages.live.get(key);
    if (stage !== undefined) {
      stage.startTask(task);
      for (const job of stage.jobs) job.startTask();
    }
    this.executors.live.get(task.executorId)?.startTask();
  }

  /** @param wasStarted - whether the log told the start of the task */
  taskEnd(task: TaskRecord, key: number, wasStarted: boolean): void {
    const stage = this.stages.live.get(key);
    if (stage !== undefined) {
      const killed = task.reason === 'Success' ? undefined : killReason(task.reason, task.reasonFields);
      stage.endTask(task, wasStarted, killed);
      const closes = stage.isClosed;
      for (const job of stage.jobs) {
        job.endTask(task, killed);
        if (closes) this.jobs.write(job);
      }
      if (closes) this.stages.close(stage);
    }
    this.executors.live.get(task.executorId)?.endTask(task);
  }

  /** Peaks that an executor reports at the end of a stage. */
  stageExecutorMetrics(event: JsonRecord): void {
    readExecutorMetrics(optionalRecord(event, 'Executor Metrics'), this.#executorMetrics);
    const executorId = textField(event, 'Executor ID');
    this.executors.raisePeaks(executorId, this.#executorMetrics);
    this.#raiseStagePeaks(event, executorId);
  }

  /** Peaks in a heartbeat; only those of the driver are ever written to a log. */
  executorMetricsUpdate(event: JsonRecord): void {
    const executorId = textField(event, 'Executor ID');
    const executor = this.executors.live.get(executorId);
    for (const update of recordsField(event, 'Executor Metrics Updated')) {
      readExecutorMetrics(optionalRecord(update, 'Executor Metrics'), this.#executorMetrics);
      executor?.peaks.raise(this.#executorMetrics);
      this.#raiseStagePeaks(update, executorId);
    }
  }

  #raiseStagePeaks(event: JsonRecord, executorId: string): void {
    const stageId = intField(event, 'Stage ID');
    // The driver reports for stage -1: for none.
    if (stageId < 0) return;
    const stage = this.stages.live.get(stageKey(stageId, intField(event, 'Stage Attempt ID')));
    stage?.peaks.raise(this.#executorMetrics);
    stage?.summaries?.raise(executorId, this.#executorMetrics);
  }
}

/** A stage without submission time never ran, which old logs tell only at its completion. */
function completionStatus(info: StageInfo): 'COMPLETE' | 'FAILED' | 'SKIPPED' {
  if (info.failureReason !== undefined) return 'FAILED';
  return info.submissionTime === undefined ? 'SKIPPED' : 'COMPLETE';
}
