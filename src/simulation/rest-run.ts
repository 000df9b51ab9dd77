import {
  QUANTILES,
  type ExecutorLife,
  type JobDetail,
  type Quantiles,
  type RunDetail,
  type StageDetail,
  type TaskQuantiles,
} from '../documents/run-detail.ts';
import { parseIsoTime, parseRestTime } from '../spark/rest-time.ts';

type Row = Readonly<Record<string, unknown>>;

/** What REST tells of a run, as the History Server answers it or as the raw document keeps it. */
export interface RestRun {
  readonly attempt: { readonly startTime: string; readonly endTime?: string | undefined };
  readonly allexecutors: readonly Row[];
  readonly stages: readonly Row[];
  readonly jobs: readonly Row[];
  readonly sql?: readonly Row[] | undefined;
  /**
   * `taskSummary` of a stage attempt, asked for the quantiles 0, .05, .25, .5, .75, .95 and 1 (the default lacks the
   * maximum, which decides). Without it the stage's own `taskMetricsDistributions` is tried, then its sums alone.
   */
  readonly taskSummary?: ((stageId: number, attemptId: number) => Row | undefined) | undefined;
}

/**
 * The run as the simulation reads it, from REST alone: no tasks, no parents, quantiles where they were asked for.
 *
 * Far less is known than from the log, and `simulate` widens its ranges: the order of tasks, cold tasks and what a stage
 * waited for are guessed.
 */
export function runDetailFromRest(run: RestRun): RunDetail {
  const start = timeOf(run.attempt.startTime) ?? 0;
  const end = timeOf(run.attempt.endTime);
  const at = (row: Row, field: string): number | undefined => {
    const time = timeOf(row[field]);
    return time === undefined || time < 0 ? undefined : time - start;
  };
  const executors = run.allexecutors.map((row): ExecutorLife => ({
    id: String(row['id']),
    host: textOf(row['hostPort']).split(':')[0] ?? '',
    cores: numberOf(row['totalCores']),
    added: at(row, 'addTime') ?? 0,
    removed: at(row, 'removeTime'),
    resourceProfileId: numberOf(row['resourceProfileId']),
  }));
  const workers = executors.filter(({ id }) => id !== 'driver');
  const slots = (workers.length > 0 ? workers : executors).reduce((total, { cores }) => total + cores, 0);
  const stages = run.stages
    .filter((row) => row['status'] !== 'SKIPPED')
    .map((row) => stageDetail(row, at, slots, run.taskSummary));
  const jobs = run.jobs.map((row) => jobDetail(row, at, run.sql ?? []));
  const times = [...jobs.flatMap(({ ended }) => ended ?? []), ...stages.flatMap(({ completed }) => completed ?? [])];
  return inferParents({
    schemaVersion: 1,
    applicationStart: start,
    applicationEnd: end === undefined || end < start ? undefined : end - start,
    lastEvent: Math.max(0, ...times),
    executors: workers.length > 0 ? workers : executors,
    jobs,
    stages,
    sql: [],
    failures: [],
    perExecutor: [],
    perHost: [],
    quality: {
      events: 0,
      skippedLines: 0,
      skippedExamples: [],
      hasEnd: end !== undefined,
      lostTaskEnds: 0,
      negativeTimes: 0,
      compacted: false,
    },
  });
}

/**
 * Guesses the parents of stages, which REST does not tell: every stage of the job that had completed when this one was
 * submitted. Exact for chains, too strict for diamonds at larger sizes.
 */
export function inferParents(detail: RunDetail): RunDetail {
  const jobOf = (stage: StageDetail): JobDetail | undefined =>
    detail.jobs.findLast(
      ({ stageIds, submitted }) => stageIds.includes(stage.stageId) && submitted <= (stage.submitted ?? Infinity),
    );
  const byJob = Map.groupBy(detail.stages, jobOf);
  const stages = detail.stages.map((stage) => {
    const siblings = byJob.get(jobOf(stage)) ?? [];
    const before = siblings.filter(
      (other) => other.completed !== undefined && other.completed <= (stage.submitted ?? -Infinity),
    );
    return { ...stage, parentIds: before.map(({ stageId }) => stageId).filter((id) => id !== stage.stageId) };
  });
  return { ...detail, stages };
}

function jobDetail(row: Row, at: (row: Row, field: string) => number | undefined, sql: readonly Row[]): JobDetail {
  const jobId = numberOf(row['jobId']);
  const execution = sql.find((one) =>
    ['successJobIds', 'failedJobIds', 'runningJobIds'].some((field) => listOf(one[field]).includes(jobId)),
  );
  return {
    jobId,
    submitted: at(row, 'submissionTime') ?? 0,
    ended: at(row, 'completionTime'),
    succeeded: row['status'] === 'SUCCEEDED',
    stageIds: listOf(row['stageIds']),
    sqlExecutionId: execution === undefined ? undefined : numberOf(execution['id']),
    jobGroup: typeof row['jobGroup'] === 'string' ? row['jobGroup'] : undefined,
  };
}

function stageDetail(
  row: Row,
  at: (row: Row, field: string) => number | undefined,
  slots: number,
  taskSummary: RestRun['taskSummary'],
): StageDetail {
  const stageId = numberOf(row['stageId']);
  const attemptId = numberOf(row['attemptId']);
  const count = numberOf(row['numCompleteTasks']);
  const summary = taskSummary?.(stageId, attemptId) ?? (row['taskMetricsDistributions'] as Row | undefined);
  const submitted = at(row, 'submissionTime');
  const completed = at(row, 'completionTime');
  const runTime = numberOf(row['executorRunTime']);
  const worked = completed === undefined ? 0 : completed - (at(row, 'firstTaskLaunchedTime') ?? submitted ?? completed);
  return {
    stageId,
    attemptId,
    name: textOf(row['name']),
    parentIds: [],
    numTasks: numberOf(row['numTasks']),
    submitted,
    completed,
    failureReason: typeof row['failureReason'] === 'string' ? row['failureReason'] : undefined,
    resourceProfileId: numberOf(row['resourceProfileId']),
    cached: { memoryBytes: 0, diskBytes: 0, partitions: 0, ofPartitions: 0 },
    launchedTasks:
      count + numberOf(row['numFailedTasks']) + numberOf(row['numKilledTasks']) + numberOf(row['numActiveTasks']),
    succeededTasks: count,
    failedTasks: numberOf(row['numFailedTasks']),
    killedTasks: numberOf(row['numKilledTasks']),
    speculativeTasks: 0,
    locality: {},
    sums: { executorRunTime: runTime, jvmGcTime: numberOf(row['jvmGcTime']) },
    quantiles:
      count === 0
        ? undefined
        : (quantilesOfSummary(count, summary, row) ?? quantilesOfSums(count, runTime, worked, slots)),
    properties: typeof row['schedulingPool'] === 'string' ? { 'spark.scheduler.pool': row['schedulingPool'] } : {},
  };
}

function quantilesOfSummary(count: number, summary: Row | undefined, row: Row): TaskQuantiles | undefined {
  const asked = listOf(summary?.['quantiles']);
  const of = (name: string): Quantiles | undefined => sevenOf(asked, listOf(summary?.[name]));
  const runTime = of('executorRunTime');
  if (runTime === undefined) return undefined;
  const overhead = (i: number): number => (of('executorDeserializeTime')?.[i] ?? 0) + (of('schedulerDelay')?.[i] ?? 0);
  const added: Quantiles = [0, 1, 2, 3, 4, 5, 6].map((i) => (runTime[i] ?? 0) + overhead(i)) as unknown as Quantiles;
  const spilled = of('memoryBytesSpilled') ?? onlyMaximum(numberOf(row['memoryBytesSpilled']) > 0 ? 1 : 0);
  const within = (group: string, name: string): Quantiles =>
    sevenOf(asked, listOf((summary?.[group] as Row | undefined)?.[name])) ?? NONE;
  return {
    count,
    executorRunTime: runTime,
    duration: of('duration') ?? added,
    executorCpuTimeMs: (of('executorCpuTime') ?? NONE).map((ns) => ns / 1e6) as unknown as Quantiles,
    jvmGcTime: of('jvmGcTime') ?? NONE,
    schedulerDelay: of('schedulerDelay') ?? NONE,
    executorDeserializeTime: of('executorDeserializeTime') ?? NONE,
    inputBytes: within('inputMetrics', 'bytesRead'),
    inputRecords: within('inputMetrics', 'recordsRead'),
    outputBytes: within('outputMetrics', 'bytesWritten'),
    shuffleReadBytes: within('shuffleReadMetrics', 'readBytes'),
    shuffleReadRecords: within('shuffleReadMetrics', 'readRecords'),
    shuffleFetchWaitTime: within('shuffleReadMetrics', 'fetchWaitTime'),
    shuffleWriteBytes: within('shuffleWriteMetrics', 'writeBytes'),
    memoryBytesSpilled: spilled,
    diskBytesSpilled: of('diskBytesSpilled') ?? NONE,
    peakExecutionMemory: of('peakExecutionMemory') ?? NONE,
  };
}

/** Where tasks are shorter than this, what a stage took beyond their sum was handling them, not one long task. */
const SHORT_TASK_MS = 100;

/**
 * Quantiles of which only the sum and the stage's time are known: equal tasks, but for a longest one that makes the
 * stage last as long as it did (W/S + (1 − 1/S) × longest, the longest launched last). Of short tasks the rest of the
 * stage's slot time is taken for their overhead instead.
 */
function quantilesOfSums(count: number, runTime: number, workedMs: number, slots: number): TaskQuantiles {
  const mean = runTime / count;
  if (mean < SHORT_TASK_MS || count === 1 || slots < 2) {
    const slotMs = Math.max(mean, (workedMs * Math.min(slots, count)) / count);
    return { ...NO_QUANTILES, count, executorRunTime: all(mean), duration: all(slotMs) };
  }
  const longest = (workedMs * slots - runTime) / (slots - 1);
  const max = Math.max(mean, Math.min(longest, workedMs, runTime));
  const other = (runTime - max) / (count - 1);
  const quantiles: Quantiles = [other, other, other, other, other, other, max];
  return { ...NO_QUANTILES, count, executorRunTime: quantiles, duration: quantiles };
}

function all(value: number): Quantiles {
  return [value, value, value, value, value, value, value];
}

/** Our seven quantiles out of those that were asked for; `undefined` unless at least the median and the maximum are. */
function sevenOf(asked: readonly number[], values: readonly number[]): Quantiles | undefined {
  if (values.length !== asked.length || !asked.includes(0.5) || !asked.includes(1)) return undefined;
  const value = (q: number): number => {
    const above = asked.findIndex((other) => other >= q);
    const [qHigh, high] = [asked[above] ?? 1, values[above] ?? 0];
    const [qLow, low] = [asked[above - 1] ?? 0, values[above - 1] ?? high];
    return qHigh === qLow ? high : low + ((high - low) * (q - qLow)) / (qHigh - qLow);
  };
  return QUANTILES.map(value) as unknown as Quantiles;
}

function onlyMaximum(max: number): Quantiles {
  return [0, 0, 0, 0, 0, 0, max];
}

const NONE: Quantiles = [0, 0, 0, 0, 0, 0, 0];
const NO_QUANTILES: Omit<TaskQuantiles, 'count'> = {
  duration: NONE,
  executorRunTime: NONE,
  executorCpuTimeMs: NONE,
  jvmGcTime: NONE,
  schedulerDelay: NONE,
  executorDeserializeTime: NONE,
  inputBytes: NONE,
  inputRecords: NONE,
  outputBytes: NONE,
  shuffleReadBytes: NONE,
  shuffleReadRecords: NONE,
  shuffleFetchWaitTime: NONE,
  shuffleWriteBytes: NONE,
  memoryBytesSpilled: NONE,
  diskBytesSpilled: NONE,
  peakExecutionMemory: NONE,
};

function timeOf(value: unknown): number | undefined {
  return typeof value === 'string' ? (parseRestTime(value) ?? parseIsoTime(value)) : undefined;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : 0;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function listOf(value: unknown): number[] {
  return Array.isArray(value) ? value.map(numberOf) : [];
}
