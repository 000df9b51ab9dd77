import type { JobDetail, RunDetail, SqlDetail, StageDetail } from '../../../documents/run-detail.ts';
import { MAX_LISTED_TASKS_OF_RUN } from '../../../documents/run-detail.ts';
import type { AppState } from '../app-state.ts';
import type { LiveExecutor } from '../executors.ts';
import { RowArchive } from '../row-archive.ts';
import type { JsonRecord } from '../json-fields.ts';
import { optionalText } from '../json-fields.ts';
import type { JobHead, LiveJob } from '../jobs.ts';
import type { CachedBytes, StageInfo } from '../stage-info.ts';
import type { Storage } from '../storage.ts';
import { stageKey } from '../stage-info.ts';
import type { SqlExecutions } from '../sql/executions.ts';
import type { TaskRecord } from '../task-record.ts';
import { ExecutorLives } from './executor-lives.ts';
import { Failures } from './failures.ts';
import { localCores } from './local-cores.ts';
import type { SkippedLines } from './skipped-lines.ts';
import { sqlDetails } from './sql-detail.ts';
import { StageTasks } from './stage-tasks.ts';

/** Session properties that decide how a stage is cut and run. */
const STAGE_PROPERTIES = [
  'spark.default.parallelism',
  'spark.scheduler.mode',
  'spark.scheduler.pool',
  'spark.speculation',
  'spark.sql.adaptive.advisoryPartitionSizeInBytes',
  'spark.sql.adaptive.coalescePartitions.enabled',
  'spark.sql.adaptive.coalescePartitions.initialPartitionNum',
  'spark.sql.adaptive.coalescePartitions.minPartitionNum',
  'spark.sql.adaptive.coalescePartitions.minPartitionSize',
  'spark.sql.adaptive.coalescePartitions.parallelismFirst',
  'spark.sql.adaptive.enabled',
  'spark.sql.adaptive.skewJoin.enabled',
  'spark.sql.autoBroadcastJoinThreshold',
  'spark.sql.execution.id',
  'spark.sql.files.maxPartitionBytes',
  'spark.sql.files.openCostInBytes',
  'spark.sql.shuffle.partitions',
  'spark.task.cpus',
];

/** Times are milliseconds since 1970. */
interface JobRecord {
  readonly info: JobHead;
  readonly submitted: number;
  readonly sqlExecutionId: number | undefined;
  readonly callSite: string;
  ended: number | undefined;
  succeeded: boolean;
}

/** What the detail document tells of a stage; the rest of what its events say is not kept. */
type ToldInfo = Pick<
  StageInfo,
  'name' | 'parentIds' | 'numTasks' | 'submissionTime' | 'completionTime' | 'failureReason' | 'resourceProfileId'
> &
  Pick<StageDetail, 'cached'>;

interface StageRecord {
  readonly tasks: StageTasks;
  info: ToldInfo | undefined;
  wasSubmitted: boolean;
  properties: Readonly<Record<string, string>>;
}

/** A {@link RunDetail} whose long lists are made as they are taken. */
export interface ToldDetail {
  readonly head: Omit<RunDetail, 'jobs' | 'stages' | 'sql'>;
  readonly jobs: Iterable<JobDetail>;
  readonly stages: Iterable<StageDetail>;
  readonly sql: Iterable<SqlDetail>;
}

const MAX_SHARED = 1000;
const NOTHING_CACHED: CachedBytes = { memoryBytes: 0, diskBytes: 0, partitions: 0, ofPartitions: 0 };

/** Gathers, while a log is replayed, what the REST answers do not tell. */
export class RunDetailBuilder {
  readonly lives = new ExecutorLives();
  readonly #failures = new Failures();
  readonly #jobs = new Map<number, JobRecord>();
  readonly #stages = new Map<number, StageRecord>();
  readonly #archive = new RowArchive();
  readonly #properties = new Map<string, Readonly<Record<string, string>>>();
  #lastEvent = -Infinity;
  #listedTasks = 0;
  #origin = 0;

  /** The application started, at the time that all others are told from. */
  started(time: number): void {
    this.#origin = time;
    this.at(time);
  }

  /** Something happened at this time. */
  at(time: number | undefined): void {
    if (time === undefined || time <= 0) return;
    if (time > this.#lastEvent) this.#lastEvent = time;
  }

  executorSeen(executor: LiveExecutor): void {
    this.lives.seen(executor);
    this.at(executor.addTime);
  }

  executorRemoved(executor: LiveExecutor): void {
    this.lives.removed(executor);
    this.at(executor.removeTime);
  }

  jobStarted(job: LiveJob, properties: JsonRecord): void {
    this.at(job.info.submissionTime);
    const execution = optionalText(properties, 'spark.sql.execution.id');
    this.#jobs.set(job.info.jobId, {
      info: job.info,
      submitted: job.info.submissionTime ?? this.#lastEvent,
      sqlExecutionId: execution === undefined || !/^\d+$/.test(execution) ? undefined : Number(execution),
      callSite: optionalText(properties, 'callSite.short') ?? job.name,
      ended: undefined,
      succeeded: false,
    });
  }

  jobEnded(job: LiveJob): void {
    this.at(job.completionTime);
    const record = this.#jobs.get(job.info.jobId);
    if (record === undefined) return;
    record.ended = job.completionTime;
    record.succeeded = job.status === 'SUCCEEDED';
  }

  /** @param held - what of its RDDs is cached by now */
  stageSubmitted(info: StageInfo, properties: JsonRecord, held: ReturnType<Storage['held']>): void {
    const stage = this.#stage(stageKey(info.stageId, info.attemptId), info.stageId, info.attemptId);
    const { partitions, mostPartitions } = held;
    stage.info = told(info, held, mostPartitions === 0 ? undefined : { had: mostPartitions, has: partitions });
    stage.wasSubmitted = true;
    stage.properties = this.#shared(
      STAGE_PROPERTIES.flatMap((key) => {
        const value = optionalText(properties, key);
        return value === undefined ? [] : [[key, value] as const];
      }),
    );
    this.at(info.submissionTime);
  }

  /** @param held - what of its RDDs is cached by now */
  stageCompleted(info: StageInfo, held: CachedBytes): void {
    this.at(info.completionTime);
    const stage = this.#stages.get(stageKey(info.stageId, info.attemptId));
    if (stage !== undefined) stage.info = told(info, held, stage.info?.cached.before);
  }

  taskStarted(task: TaskRecord, key: number): void {
    this.at(task.launchTime);
    this.#stage(key, task.stageId, task.attemptId).tasks.start(task, this.lives.indexOf(task));
  }

  /** @returns whether the log told the start of the task */
  taskEnded(task: TaskRecord, key: number): boolean {
    this.at(task.finishTime);
    const executor = this.lives.indexOf(task);
    const wasStarted = this.#stage(key, task.stageId, task.attemptId).tasks.end(task, executor);
    if (task.reason !== 'Resubmitted') this.lives.taskEnded(executor, task);
    if (task.reason !== 'Success') this.#failures.add(task);
    return wasStarted;
  }

  /** Nothing more is to be expected of a stage: its columns are folded, so that memory does not grow with the log. */
  stageClosed(key: number): void {
    const tasks = this.#stages.get(key)?.tasks;
    // Without a start there is nothing yet to tell times from.
    if (tasks === undefined || this.#origin === 0) return;
    this.#listedTasks -= tasks.listedRows;
    tasks.close(this.#origin);
    this.#listedTasks += tasks.listedRows;
    if (this.#listedTasks > MAX_LISTED_TASKS_OF_RUN) this.#unlistLargest();
  }

  /** Rows are made one after another, as they are taken: together they would be the largest thing in memory. */
  build(state: AppState, sql: SqlExecutions, events: number, skipped: SkippedLines, compacted: boolean): ToldDetail {
    const origin = this.#origin;
    const stages = [...this.#stages].sort(([a], [b]) => a - b).map(([, stage]) => stage);
    const told = stages.filter(({ tasks, wasSubmitted }) => wasSubmitted || tasks.launched > 0);
    const master = state.environment?.sparkProperties.find(([key]) => key === 'spark.master')?.[1];
    return {
      head: {
        schemaVersion: 1,
        applicationStart: origin,
        ...(state.end === undefined ? {} : { applicationEnd: state.end - origin }),
        lastEvent: Math.max(this.#lastEvent, origin) - origin,
        executors: this.lives.lives(origin, localCores(master)),
        failures: this.#failures.groups(),
        perExecutor: this.lives.sumsBy('id'),
        perHost: this.lives.sumsBy('host'),
        quality: {
          events,
          skippedLines: skipped.count,
          skippedExamples: [...skipped.examples],
          hasEnd: state.end !== undefined,
          lostTaskEnds: stages.reduce((sum, { info, tasks }) => sum + (isCompleted(info) ? tasks.open : 0), 0),
          negativeTimes: this.#negativeTimes(state, stages),
          compacted,
        },
      },
      jobs: mapped(
        [...this.#jobs.values()].sort((a, b) => a.info.jobId - b.info.jobId),
        (job) => jobDetail(job, origin),
      ),
      stages: mapped(told, stageDetailAt(origin)),
      sql: sqlDetails(sql, origin),
    };
  }

  /** Most stages of a run have the same properties. */
  #shared(properties: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
    const key = JSON.stringify(properties);
    let shared = this.#properties.get(key);
    if (shared === undefined) {
      shared = Object.fromEntries(properties);
      if (this.#properties.size < MAX_SHARED) this.#properties.set(key, shared);
    }
    return shared;
  }

  #stage(key: number, stageId: number, attemptId: number): StageRecord {
    let stage = this.#stages.get(key);
    if (stage === undefined) {
      stage = {
        tasks: new StageTasks(stageId, attemptId, this.#archive),
        info: undefined,
        wasSubmitted: false,
        properties: {},
      };
      this.#stages.set(key, stage);
    }
    return stage;
  }

  /** The more tasks a stage has, the better its quantiles describe it: those lists are given up first. */
  #unlistLargest(): void {
    const listed = [...this.#stages.values()]
      .map(({ tasks }) => tasks)
      .filter((tasks) => tasks.listedRows > 0)
      .sort((a, b) => b.listedRows - a.listedRows);
    // A tenth more than needed, so that this is not done again for every stage.
    for (const tasks of listed) {
      if (this.#listedTasks <= MAX_LISTED_TASKS_OF_RUN * 0.9) return;
      this.#listedTasks -= tasks.listedRows;
      tasks.unlist();
    }
  }

  #negativeTimes(state: AppState, stages: readonly StageRecord[]): number {
    const spans = [
      [state.start?.time, state.end],
      ...[...this.#jobs.values()].map(({ submitted, ended }) => [submitted, ended]),
      ...stages.map(({ info }) => [info?.submissionTime, info?.completionTime]),
    ];
    const reversed = spans.filter(([start, end]) => start !== undefined && end !== undefined && end < start).length;
    return reversed + this.lives.negativeTimes + stages.reduce((sum, { tasks }) => sum + tasks.negativeTimes, 0);
  }
}

function* mapped<T, R>(rows: readonly T[], map: (row: T) => R): Generator<R> {
  for (const row of rows) yield map(row);
}

/** Logs of Spark before 2.3 tell in the stage what its RDDs hold, later ones only where updates of blocks are logged. */
function told(info: StageInfo, held: CachedBytes, before: StageDetail['cached']['before']): ToldInfo {
  return {
    name: info.name,
    parentIds: info.parentIds,
    numTasks: info.numTasks,
    submissionTime: info.submissionTime,
    completionTime: info.completionTime,
    failureReason: info.failureReason,
    resourceProfileId: info.resourceProfileId,
    cached:
      info.cached.partitions > 0
        ? info.cached
        : held.partitions > 0 || before !== undefined
          ? { ...bytesOf(held), ...(before === undefined ? {} : { before }) }
          : NOTHING_CACHED,
  };
}

function bytesOf({ memoryBytes, diskBytes, partitions, ofPartitions }: CachedBytes): CachedBytes {
  return { memoryBytes, diskBytes, partitions, ofPartitions };
}

function isCompleted(info: ToldInfo | undefined): boolean {
  return info?.completionTime !== undefined || info?.failureReason !== undefined;
}

function jobDetail(
  { info, submitted, ended, succeeded, sqlExecutionId, callSite }: JobRecord,
  origin: number,
): JobDetail {
  return {
    jobId: info.jobId,
    // One that is told of without a time, before anything with one, began with the run.
    submitted: submitted === -Infinity ? 0 : submitted - origin,
    ...(ended === undefined ? {} : { ended: ended - origin }),
    succeeded,
    stageIds: info.stageIds,
    ...(sqlExecutionId === undefined ? {} : { sqlExecutionId }),
    ...(info.jobGroup === undefined ? {} : { jobGroup: info.jobGroup }),
    ...(info.description === undefined ? {} : { description: info.description }),
    ...(callSite === '' ? {} : { callSite }),
  };
}

function stageDetailAt(origin: number): (stage: StageRecord) => StageDetail {
  return ({ tasks, info, properties }) => {
    const quantiles = tasks.quantiles();
    const columns = tasks.tasks(origin);
    return {
      stageId: tasks.stageId,
      attemptId: tasks.attemptId,
      name: info?.name ?? '',
      parentIds: info?.parentIds ?? [],
      numTasks: info?.numTasks ?? tasks.launched,
      ...(info?.submissionTime === undefined ? {} : { submitted: info.submissionTime - origin }),
      ...(info?.completionTime === undefined ? {} : { completed: info.completionTime - origin }),
      ...(info?.failureReason === undefined ? {} : { failureReason: info.failureReason }),
      resourceProfileId: info?.resourceProfileId ?? 0,
      cached: info?.cached ?? { memoryBytes: 0, diskBytes: 0, partitions: 0, ofPartitions: 0 },
      launchedTasks: tasks.launched,
      succeededTasks: tasks.succeeded,
      failedTasks: tasks.failed,
      killedTasks: tasks.killed,
      speculativeTasks: tasks.speculative,
      locality: Object.fromEntries(tasks.locality),
      sums: Object.fromEntries(Object.entries(tasks.sums.toRest()).map(([name, sum]) => [name, Number(sum)])),
      ...(quantiles === undefined ? {} : { quantiles }),
      ...(columns === undefined ? {} : { tasks: columns }),
      properties,
    };
  };
}
