/**
 * A small reader of plain event logs for tests and benchmarks of ring 2: one `JSON.parse` a line, everything in memory.
 * It fills what the simulation reads of a {@link RunDetail}; the product's reader is `src/eventlog/`.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  TASK_FAILED,
  TASK_KILLED,
  TASK_OPEN,
  TASK_SUCCEEDED,
  type ExecutorLife,
  type JobDetail,
  type Quantiles,
  type RunDetail,
  type StageDetail,
  type TaskQuantiles,
} from '../../src/documents/run-detail.ts';
import { quantilesOf } from './synthetic-run.ts';

export interface RecordedRun {
  readonly detail: RunDetail;
  readonly properties: Readonly<Record<string, string>>;
}

// Recorded by Spark itself and checked by the tests that read them: the parse is trusted here.
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a log is an open tree of JSON, and this is test support
type Json = any;

interface OpenStage {
  info: Json;
  properties: Record<string, string>;
  tasks: Map<number, Json>;
  locality: Record<string, number>;
}

/* eslint-disable @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-return, @typescript-eslint/restrict-plus-operands, @typescript-eslint/prefer-nullish-coalescing -- see Json above */

/** Reads a log, gzipped or not. */
export function readRunDetail(path: string): RecordedRun {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return runDetailOf(text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as unknown])));
}

/** The run that these events tell. */
export function runDetailOf(events: readonly unknown[]): RecordedRun {
  let properties: Record<string, string> = {};
  let start = 0;
  let end: number | undefined;
  let last = 0;
  const executors = new Map<string, { -readonly [K in keyof ExecutorLife]: ExecutorLife[K] }>();
  const jobs = new Map<number, { -readonly [K in keyof JobDetail]: JobDetail[K] }>();
  const stages = new Map<string, OpenStage>();
  const stageOf = (id: number, attempt: number): OpenStage => {
    const key = `${id}.${attempt}`;
    const known = stages.get(key);
    if (known !== undefined) return known;
    const fresh = { info: undefined, properties: {}, tasks: new Map<number, Json>(), locality: {} };
    stages.set(key, fresh);
    return fresh;
  };
  const at = (time: number): number => {
    last = Math.max(last, time - start);
    return time - start;
  };

  for (const event of events as Json[]) {
    switch (event.Event) {
      case 'SparkListenerEnvironmentUpdate':
        properties = event['Spark Properties'];
        break;
      case 'SparkListenerApplicationStart':
        start = event.Timestamp;
        break;
      case 'SparkListenerApplicationEnd':
        end = at(event.Timestamp);
        break;
      case 'SparkListenerExecutorAdded': {
        const info = event['Executor Info'];
        const id: string = event['Executor ID'];
        executors.set(id, {
          id,
          host: info.Host,
          cores: info['Total Cores'],
          added: at(event.Timestamp),
          resourceProfileId: info['Resource Profile Id'] ?? 0,
        });
        break;
      }
      case 'SparkListenerExecutorRemoved': {
        const life = executors.get(event['Executor ID']);
        if (life !== undefined)
          Object.assign(life, { removed: at(event.Timestamp), removeReason: event['Removed Reason'] });
        break;
      }
      case 'SparkListenerJobStart': {
        const of = event.Properties ?? {};
        const sqlExecutionId = of['spark.sql.execution.id'];
        jobs.set(event['Job ID'], {
          jobId: event['Job ID'],
          submitted: at(event['Submission Time']),
          succeeded: false,
          stageIds: event['Stage IDs'],
          sqlExecutionId: sqlExecutionId === undefined ? undefined : Number(sqlExecutionId),
          jobGroup: of['spark.jobGroup.id'],
          description: of['spark.job.description'],
        });
        break;
      }
      case 'SparkListenerJobEnd': {
        const job = jobs.get(event['Job ID']);
        if (job !== undefined)
          Object.assign(job, {
            ended: at(event['Completion Time']),
            succeeded: event['Job Result'].Result === 'JobSucceeded',
          });
        break;
      }
      case 'SparkListenerStageSubmitted':
      case 'SparkListenerStageCompleted': {
        const info = event['Stage Info'];
        const stage = stageOf(info['Stage ID'], info['Stage Attempt ID']);
        stage.info = info;
        if (event.Properties !== undefined) stage.properties = event.Properties;
        break;
      }
      case 'SparkListenerTaskStart':
      case 'SparkListenerTaskEnd': {
        const stage = stageOf(event['Stage ID'], event['Stage Attempt ID']);
        stage.tasks.set(event['Task Info']['Task ID'], event);
        at(event['Task Info']['Finish Time'] || event['Task Info']['Launch Time']);
        break;
      }
    }
  }
  const known = [...executors.values()];
  const indexOf = new Map(known.map((life, i) => [life.id, i]));
  if (known.length === 0) {
    const cores = /^local\[(\d+)/.exec(properties['spark.master'] ?? '')?.[1];
    known.push({ id: 'driver', host: 'localhost', cores: Number(cores ?? 1), added: 0, resourceProfileId: 0 });
    indexOf.set('driver', 0);
  }
  const detail: RunDetail = {
    schemaVersion: 1,
    applicationStart: start,
    applicationEnd: end,
    lastEvent: last,
    executors: known,
    jobs: [...jobs.values()],
    stages: [...stages.values()]
      .filter((stage) => stage.info !== undefined)
      .map((stage) => stageDetailOf(stage, start, indexOf)),
    sql: [],
    failures: [],
    perExecutor: [],
    perHost: [],
    quality: {
      events: events.length,
      skippedLines: 0,
      skippedExamples: [],
      hasEnd: end !== undefined,
      lostTaskEnds: 0,
      negativeTimes: 0,
      compacted: false,
    },
  };
  return { detail, properties };
}

function stageDetailOf(
  { info, properties, tasks }: OpenStage,
  start: number,
  executorIndex: ReadonlyMap<string, number>,
): StageDetail {
  const list = [...tasks.values()].sort(
    (a: Json, b: Json) =>
      a['Task Info']['Launch Time'] - b['Task Info']['Launch Time'] ||
      a['Task Info']['Task ID'] - b['Task Info']['Task ID'],
  );
  const metric = (task: Json, name: string): number => task['Task Metrics']?.[name] ?? 0;
  const statusOf = (task: Json): number =>
    task.Event === 'SparkListenerTaskStart'
      ? TASK_OPEN
      : task['Task Info'].Killed
        ? TASK_KILLED
        : task['Task Info'].Failed
          ? TASK_FAILED
          : TASK_SUCCEEDED;
  const status = list.map(statusOf);
  const duration = list.map((task) =>
    task['Task Info']['Finish Time'] === 0 ? -1 : task['Task Info']['Finish Time'] - task['Task Info']['Launch Time'],
  );
  const columns = {
    index: list.map((task) => task['Task Info'].Index as number),
    attempt: list.map((task) => task['Task Info'].Attempt as number),
    launch: list.map((task) => (task['Task Info']['Launch Time'] as number) - start),
    duration,
    executorRunTime: list.map((task) => metric(task, 'Executor Run Time')),
    executorCpuTimeMs: list.map((task) => metric(task, 'Executor CPU Time') / 1e6),
    jvmGcTime: list.map((task) => metric(task, 'JVM GC Time')),
    executorDeserializeTime: list.map((task) => metric(task, 'Executor Deserialize Time')),
    executor: list.map((task) => executorIndex.get(task['Task Info']['Executor ID']) ?? 0),
    status,
    speculative: list.map((task) => (task['Task Info'].Speculative ? 1 : 0)),
    inputBytes: list.map((task) => task['Task Metrics']?.['Input Metrics']?.['Bytes Read'] ?? 0),
    shuffleReadBytes: list.map((task) => {
      const read = task['Task Metrics']?.['Shuffle Read Metrics'];
      return (read?.['Remote Bytes Read'] ?? 0) + (read?.['Local Bytes Read'] ?? 0);
    }),
    shuffleWriteBytes: list.map(
      (task) => task['Task Metrics']?.['Shuffle Write Metrics']?.['Shuffle Bytes Written'] ?? 0,
    ),
    memoryBytesSpilled: list.map((task) => metric(task, 'Memory Bytes Spilled')),
    diskBytesSpilled: list.map((task) => metric(task, 'Disk Bytes Spilled')),
    peakExecutionMemory: list.map((task) => metric(task, 'Peak Execution Memory')),
  };
  const good = list.map((_, i) => i).filter((i) => status[i] === TASK_SUCCEEDED);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  const of = (values: readonly number[]): Quantiles => quantilesOf(good.map((i) => values[i]!));
  const none: Quantiles = [0, 0, 0, 0, 0, 0, 0];
  const quantiles: TaskQuantiles = {
    count: good.length,
    duration: of(duration),
    executorRunTime: of(columns.executorRunTime),
    executorCpuTimeMs: of(columns.executorCpuTimeMs),
    jvmGcTime: of(columns.jvmGcTime),
    schedulerDelay: of(
      list.map((task, i) =>
        Math.max(
          0,
          duration[i]! -
            columns.executorRunTime[i]! -
            columns.executorDeserializeTime[i]! -
            metric(task, 'Result Serialization Time'),
        ),
      ),
    ),
    executorDeserializeTime: of(columns.executorDeserializeTime),
    inputBytes: of(columns.inputBytes),
    inputRecords: none,
    outputBytes: none,
    shuffleReadBytes: of(columns.shuffleReadBytes),
    shuffleReadRecords: none,
    shuffleFetchWaitTime: none,
    shuffleWriteBytes: of(columns.shuffleWriteBytes),
    memoryBytesSpilled: of(columns.memoryBytesSpilled),
    diskBytesSpilled: of(columns.diskBytesSpilled),
    peakExecutionMemory: of(columns.peakExecutionMemory),
  };
  const locality: Record<string, number> = {};
  for (const task of list) locality[task['Task Info'].Locality] = (locality[task['Task Info'].Locality] ?? 0) + 1;
  const rdds: Json[] = info['RDD Info'];
  return {
    stageId: info['Stage ID'],
    attemptId: info['Stage Attempt ID'],
    name: info['Stage Name'],
    parentIds: info['Parent IDs'],
    numTasks: info['Number of Tasks'],
    submitted: info['Submission Time'] === undefined ? undefined : info['Submission Time'] - start,
    completed: info['Completion Time'] === undefined ? undefined : info['Completion Time'] - start,
    failureReason: info['Failure Reason'],
    resourceProfileId: info['Resource Profile Id'] ?? 0,
    cached: {
      memoryBytes: sum(rdds.map((rdd: Json) => rdd['Memory Size'] as number)),
      diskBytes: sum(rdds.map((rdd: Json) => rdd['Disk Size'] as number)),
      partitions: sum(rdds.map((rdd: Json) => rdd['Number of Cached Partitions'] as number)),
      ofPartitions: sum(
        rdds.map((rdd: Json) => (rdd['Storage Level']['Use Memory'] ? rdd['Number of Partitions'] : 0) as number),
      ),
    },
    launchedTasks: list.length,
    succeededTasks: good.length,
    failedTasks: status.filter((value) => value === TASK_FAILED).length,
    killedTasks: status.filter((value) => value === TASK_KILLED).length,
    speculativeTasks: sum(columns.speculative),
    locality,
    sums: {
      executorRunTime: sum(columns.executorRunTime),
      executorCpuTime: sum(columns.executorCpuTimeMs) * 1e6,
      executorDeserializeTime: sum(columns.executorDeserializeTime),
      executorDeserializeCpuTime: sum(list.map((task) => metric(task, 'Executor Deserialize CPU Time'))),
      jvmGcTime: sum(columns.jvmGcTime),
    },
    quantiles: good.length === 0 ? undefined : quantiles,
    tasks: columns,
    properties: Object.fromEntries(
      Object.entries(properties).filter(([key]) => key.startsWith('spark.sql.') || key === 'spark.scheduler.pool'),
    ),
  };
}
