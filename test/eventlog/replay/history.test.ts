import { expect } from 'chai';
import { executorDistributions } from '../../../src/eventlog/replay/history/executor-distributions.ts';
import { quantileIndices, sortQuantiles, walk } from '../../../src/eventlog/replay/history/quantiles.ts';
import { detailedStage } from '../../../src/eventlog/replay/history/stage-history.ts';
import type { TaskData } from '../../../src/eventlog/replay/history/task-data.ts';
import { taskList } from '../../../src/eventlog/replay/history/task-list.ts';
import { taskSummary } from '../../../src/eventlog/replay/history/task-summary.ts';
import type { TaskTable } from '../../../src/eventlog/replay/history/task-table.ts';
import { TaskTables } from '../../../src/eventlog/replay/history/task-tables.ts';
import type { ReplayedRun } from '../../../src/eventlog/replay/replay.ts';
import { TaskRecord } from '../../../src/eventlog/replay/task-record.ts';
import { jsonChunks } from '../../../src/util/json-stream.ts';
import { logOf, replayLog } from './support.ts';

const T0 = 1_700_000_000_000;

const START = [
  { Event: 'SparkListenerLogStart', 'Spark Version': '4.0.1' },
  { Event: 'SparkListenerApplicationStart', 'App Name': 'a', 'App ID': 'app-1', Timestamp: T0, User: 'u' },
  executorAdded('1'),
  executorAdded('2'),
  {
    Event: 'SparkListenerJobStart',
    'Job ID': 0,
    'Submission Time': T0,
    'Stage Infos': [stageInfo()],
    'Stage IDs': [0],
  },
  { Event: 'SparkListenerStageSubmitted', 'Stage Info': stageInfo(), Properties: {} },
];
const STAGE_END = [
  { Event: 'SparkListenerStageCompleted', 'Stage Info': { ...stageInfo(), 'Completion Time': T0 + 900 } },
];

function executorAdded(id: string) {
  return {
    Event: 'SparkListenerExecutorAdded',
    Timestamp: T0,
    'Executor ID': id,
    'Executor Info': { Host: `h${id}`, 'Total Cores': 2, 'Log Urls': { stdout: `http://h${id}/stdout` } },
  };
}

function stageInfo() {
  return {
    'Stage ID': 0,
    'Stage Attempt ID': 0,
    'Stage Name': 's',
    'Number of Tasks': 4,
    'RDD Info': [],
    'Parent IDs': [],
    Details: '',
    'Submission Time': T0,
    Accumulables: [],
  };
}

interface TaskSketch {
  readonly id: number;
  readonly executor?: string;
  readonly speculative?: boolean;
  readonly runTime?: number;
  readonly finish?: number;
  readonly reason?: Readonly<Record<string, unknown>>;
  readonly failed?: boolean;
  readonly killed?: boolean;
  readonly metrics?: Readonly<Record<string, unknown>>;
  readonly accumulables?: readonly unknown[];
}

function info({
  id,
  executor = '1',
  speculative = false,
  failed = false,
  killed = false,
  accumulables = [],
}: TaskSketch) {
  return {
    'Task ID': id,
    Index: id,
    Attempt: 0,
    'Partition ID': id,
    'Launch Time': T0 + id,
    'Executor ID': executor,
    Host: `h${executor}`,
    Locality: 'PROCESS_LOCAL',
    Speculative: speculative,
    'Getting Result Time': 0,
    'Finish Time': 0,
    Failed: failed,
    Killed: killed,
    Accumulables: accumulables,
  };
}

function started(task: TaskSketch) {
  const launched = { ...info(task), Failed: false, Killed: false, Accumulables: [] };
  return { Event: 'SparkListenerTaskStart', 'Stage ID': 0, 'Stage Attempt ID': 0, 'Task Info': launched };
}

function ended(task: TaskSketch) {
  const { id, runTime = 100, finish = T0 + id + runTime + 20, reason = { Reason: 'Success' }, metrics = {} } = task;
  return {
    Event: 'SparkListenerTaskEnd',
    'Stage ID': 0,
    'Stage Attempt ID': 0,
    'Task Type': 'ResultTask',
    'Task End Reason': reason,
    'Task Info': { ...info(task), 'Finish Time': finish },
    'Task Executor Metrics': { JVMHeapMemory: 1000 + id, TotalGCTime: id },
    'Task Metrics': { 'Executor Run Time': runTime, 'Executor Deserialize Time': 5, ...metrics },
  };
}

function replay(events: readonly unknown[], lastUpdated = T0 + 1000): ReplayedRun {
  return replayLog(logOf([...START, ...events]), { history: true, lastUpdated });
}

function tableOf(run: ReplayedRun): TaskTable {
  const { tasks } = run.history!.stages[0]!;
  if (typeof tasks !== 'object') throw new Error('no table');
  return tasks;
}

function list(run: ReplayedRun): TaskData[] {
  const options = { offset: 0, length: 100, sortBy: 'ID', statuses: [] } as const;
  return [...taskList(tableOf(run), options, (id) => ({ stdout: `http://h${id}/stdout` }))];
}

const EXCEPTION = {
  Reason: 'ExceptionFailure',
  'Class Name': 'E',
  Description: 'd',
  'Full Stack Trace': 'E: d\n\tat f',
};

// Expected values: computed by hand from the events, by the rules of Spark's AppStatusListener and LiveEntity.
describe('eventlog/replay/history', () => {
  it('lists a task that succeeded, with its accumulators and the delay of 15 ms that is left of 120', () => {
    const task: TaskSketch = {
      id: 3,
      accumulables: [
        { ID: 7, Name: 'lines', Update: '4', Value: '10', Internal: false },
        { ID: 8, Name: 'internal.x', Update: 1, Value: 1, Internal: true },
        { ID: 9, Name: 'rows', Update: '1', Value: '1', Internal: false, Metadata: 'sql' },
      ],
    };
    const run = replay([started(task), ended(task), ...STAGE_END]);

    const [listed] = list(run);

    expect(listed).to.deep.include({
      taskId: 3,
      index: 3,
      partitionId: 3,
      launchTime: '2023-11-14T22:13:20.003GMT',
      duration: 120,
      executorId: '1',
      host: 'h1',
      status: 'SUCCESS',
      accumulatorUpdates: [{ id: 7, name: 'lines', update: '4', value: '10' }],
      executorLogs: { stdout: 'http://h1/stdout' },
      schedulerDelay: 15,
      gettingResultTime: 0,
    });
    expect(listed).to.not.have.property('errorMessage');
    expect(listed!.taskMetrics).to.include({ executorRunTime: 100, executorDeserializeTime: 5 });
  });

  it('shows the metrics of a failed task under the names that Spark mixes up', () => {
    const task: TaskSketch = {
      id: 0,
      failed: true,
      reason: EXCEPTION,
      metrics: {
        'Output Metrics': { 'Bytes Written': 11, 'Records Written': 12 },
        'Input Metrics': { 'Bytes Read': 13, 'Records Read': 14 },
        'Shuffle Read Metrics': {
          'Remote Blocks Fetched': 21,
          'Local Blocks Fetched': 22,
          'Fetch Wait Time': 23,
          'Remote Bytes Read': 24,
          'Remote Bytes Read To Disk': 25,
          'Local Bytes Read': 26,
          'Total Records Read': 27,
          'Remote Requests Duration': 28,
        },
        'Shuffle Write Metrics': {
          'Shuffle Bytes Written': 31,
          'Shuffle Write Time': 32,
          'Shuffle Records Written': 33,
        },
      },
    };
    const [listed] = list(replay([started(task), ended(task)]));

    expect(listed).to.include({ status: 'FAILED', errorMessage: 'E: d\n\tat f' });
    // By hand from createMetrics' parameters and the order in which makeNegative passes them.
    expect(listed!.taskMetrics).to.deep.include({
      executorRunTime: 100,
      inputMetrics: { bytesRead: 13, recordsRead: 14 },
      outputMetrics: { bytesWritten: 0, recordsWritten: 0 },
      shuffleReadMetrics: {
        remoteBlocksFetched: 0,
        localBlocksFetched: 0,
        fetchWaitTime: 0,
        remoteBytesRead: 0,
        remoteBytesReadToDisk: 0,
        localBytesRead: 0,
        recordsRead: 28,
        remoteReqsDuration: 26,
        shufflePushReadMetrics: {
          corruptMergedBlockChunks: 0,
          mergedFetchFallbackCount: 11,
          remoteMergedBlocksFetched: 12,
          localMergedBlocksFetched: 21,
          remoteMergedChunksFetched: 22,
          localMergedChunksFetched: 23,
          remoteMergedBytesRead: 24,
          localMergedBytesRead: 25,
          remoteMergedReqsDuration: 27,
        },
      },
      shuffleWriteMetrics: { bytesWritten: 31, writeTime: 32, recordsWritten: 33 },
    });
  });

  it('counts the duration of a task without end up to the last change of the log, and gives it no metrics', () => {
    const run = replay([started({ id: 2 })], T0 + 502);

    expect(list(run)[0]).to.include({ status: 'RUNNING', duration: 500, schedulerDelay: 0 });
    expect(list(run)[0]).to.not.have.property('taskMetrics');
    expect(taskSummary(tableOf(run), [0.5])).to.equal(undefined);
  });

  it('leaves failed tasks out of the quantiles, but not out of those of duration', () => {
    const tasks: TaskSketch[] = [
      { id: 0, runTime: 10, finish: T0 + 40 },
      { id: 1, runTime: 20, finish: T0 + 51 },
      { id: 2, runTime: 500, finish: T0 + 3, failed: true, reason: EXCEPTION },
    ];
    const run = replay([...tasks.map(started), ...tasks.map(ended), ...STAGE_END]);

    const summary = taskSummary(tableOf(run), [1, 0]);

    expect(summary).to.deep.include({ quantiles: [0, 1], executorRunTime: [10, 20], duration: [1, 40] });
  });

  it('sums by executor, counts speculative tasks, and says who was excluded', () => {
    const tasks: TaskSketch[] = [
      { id: 0, executor: '1', metrics: { 'Input Metrics': { 'Bytes Read': 5, 'Records Read': 1 } } },
      { id: 1, executor: '2', speculative: true, killed: true, reason: { Reason: 'TaskKilled', 'Kill Reason': 'x' } },
      { id: 2, executor: '1', metrics: { 'Input Metrics': { 'Bytes Read': 7, 'Records Read': 1 } } },
    ];
    const excluded = {
      Event: 'org.apache.spark.scheduler.SparkListenerExecutorExcludedForStage',
      time: T0,
      executorId: '2',
      taskFailures: 1,
      stageId: 0,
      stageAttemptId: 0,
    };
    const run = replay([...tasks.map(started), excluded, ...tasks.map(ended), ...STAGE_END]);

    const { executors, speculation } = run.history!.stages[0]!;

    expect(executors['1']).to.include({ taskTime: 240, succeededTasks: 2, inputBytes: 12, inputRecords: 2 });
    expect(executors['1']).to.include({ isExcludedForStage: false, isBlacklistedForStage: false });
    expect(executors['1']!.peakMemoryMetrics).to.include({ JVMHeapMemory: 1002, TotalGCTime: 2 });
    expect(executors['2']).to.include({ taskTime: 120, succeededTasks: 0, killedTasks: 1, isExcludedForStage: true });
    expect(speculation).to.deep.equal({
      numTasks: 1,
      numActiveTasks: 0,
      numCompletedTasks: 0,
      numFailedTasks: 0,
      numKilledTasks: 1,
    });
  });

  it('gives a stage its tasks and summaries only where they are asked for', () => {
    const task: TaskSketch = { id: 0 };
    const run = replay([started(task), ended(task), ...STAGE_END]);
    const withOptions = (options: { readonly details: boolean; readonly withSummaries: boolean }): unknown => {
      const stage = detailedStage(
        run.stages[0]!,
        run.history!.stages[0],
        { ...options, quantiles: [0.5], taskStatuses: [] },
        { allexecutors: run.allexecutors, dialect: '4.0' },
      );
      return JSON.parse([...jsonChunks(stage)].join(''));
    };

    expect(withOptions({ details: true, withSummaries: false })).to.have.nested.property('tasks.0.taskId', 0);
    expect(withOptions({ details: true, withSummaries: false })).to.not.have.property('taskMetricsDistributions');
    expect(withOptions({ details: false, withSummaries: true })).to.not.have.property('executorSummary');
    expect(withOptions({ details: false, withSummaries: true }))
      .to.have.nested.property('executorMetricsDistributions.taskTime')
      .that.deep.equals([120]);
  });

  it('keeps what a metric has beyond 2^53', () => {
    const task: TaskSketch = { id: 0 };
    const text = logOf([started(task), ended(task)])
      .toString()
      .replace('"Executor Run Time":100', '"Executor Run Time":9007199254740993');
    const run = replayLog(Buffer.concat([logOf(START), Buffer.from(text)]), { history: true, lastUpdated: T0 });

    expect(list(run)[0]!.taskMetrics).to.include({ executorRunTime: 9007199254740993n });
  });

  it('tells processes that are no executors', () => {
    const process = (time: number, cores: number) => ({
      Event: 'org.apache.spark.scheduler.SparkListenerMiscellaneousProcessAdded',
      time,
      processId: 'yarn-am',
      info: { hostPort: 'h:1', cores, logUrlInfo: { stdout: 'u' } },
    });

    expect(replay([process(T0, 1), process(T0 + 5, 2)]).history!.processes).to.deep.equal([
      {
        id: 'yarn-am',
        hostPort: 'h:1',
        isActive: true,
        totalCores: 2,
        addTime: '2023-11-14T22:13:20.000GMT',
        processLogs: { stdout: 'u' },
      },
    ]);
  });
});

describe('eventlog/replay/history/task-tables', () => {
  function task(id: number): TaskRecord {
    const record = new TaskRecord();
    record.taskId = id;
    record.launchTime = T0;
    return record;
  }

  it('gives the stages that a run of more than 5 tasks has no room for up as a whole', () => {
    const tables = new TaskTables(5);
    for (let id = 0; id < 4; id++) tables.start(task(id), 1);
    for (let id = 4; id < 8; id++) tables.start(task(id), 2);
    tables.end(task(5));

    expect(tables.build(1, T0)).to.have.property('rows', 4);
    expect(tables.build(2, T0)).to.equal('too-large');
    expect(tables.build(3, T0)).to.equal(undefined);
  });

  it('has room again once a stage was given up', () => {
    const tables = new TaskTables(5);
    for (let id = 0; id < 6; id++) tables.start(task(id), 1);
    for (let id = 6; id < 11; id++) tables.start(task(id), 2);

    expect(tables.build(1, T0)).to.equal('too-large');
    expect(tables.build(2, T0)).to.have.property('rows', 5);
  });
});

// Expected values: answers of a History Server of Spark 4.0.1 for a stage with six tasks of durations 318 … 2388.
describe('eventlog/replay/history/quantiles', () => {
  const values = Float64Array.of(318, 400, 500, 680, 700, 2388);
  const of = (...quantiles: number[]): unknown => {
    const sorted = sortQuantiles(quantiles);
    return walk(values, quantileIndices(sorted, values.length));
  };

  it('takes the element at floor(q·6), the last one at most', () => {
    expect(of(0.5, 0, 1, 0.95, 0.17)).to.deep.equal([318, 400, 680, 2388, 2388]);
    expect(of(2)).to.deep.equal([2388]);
  });

  it('takes the first element for no number and for what is below zero, as the server does', () => {
    expect(of(Number.NaN)).to.deep.equal([318]);
    expect(of(-1)).to.deep.equal([318]);
  });

  it('walks off the end after minus infinity, as the server does', () => {
    expect(of(0.5, 0.1, 0.25, 0.5, Infinity, -Infinity)).to.deep.equal([318, 'NaN', 'NaN', 'NaN', 318, 'NaN']);
  });

  it('refuses a place before the first executor', () => {
    const summaries = Object.values(replay([started({ id: 0 }), ended({ id: 0 })]).history!.stages[0]!.executors);

    expect(() => executorDistributions(summaries, [-1], '4.0')).to.throw(RangeError);
    expect(executorDistributions([], [0.5], '4.0')).to.equal(undefined);
  });
});
