import { expect } from 'chai';
import { MAX_LISTED_TASKS, MAX_LISTED_TASKS_OF_RUN } from '../../../../src/documents/run-detail.ts';
import type { ReplayedRun } from '../../../../src/eventlog/replay/replay.ts';
import { logOf, replayLog } from '../support.ts';

const START = {
  Event: 'SparkListenerApplicationStart',
  'App Name': 'n',
  'App ID': 'app-1',
  Timestamp: 1000,
  User: 'u',
};

function stageEvents(stageId: number, tasks: number): unknown[] {
  const info = {
    'Stage ID': stageId,
    'Stage Attempt ID': 0,
    'Stage Name': 's',
    'Number of Tasks': tasks,
    'RDD Info': [],
    'Submission Time': 1000,
  };
  const events: unknown[] = [{ Event: 'SparkListenerStageSubmitted', 'Stage Info': info, Properties: {} }];
  for (let index = 0; index < tasks; index++) {
    const task = {
      'Task ID': stageId * 1_000_000 + index,
      Index: index,
      Attempt: 0,
      'Launch Time': 1000,
      'Executor ID': '1',
      Host: 'h',
      Locality: 'ANY',
      Speculative: false,
      'Getting Result Time': 0,
      'Finish Time': 0,
      Failed: false,
      Killed: false,
      Accumulables: [],
    };
    const ids = { 'Stage ID': stageId, 'Stage Attempt ID': 0 };
    events.push({ Event: 'SparkListenerTaskStart', ...ids, 'Task Info': task });
    events.push({
      Event: 'SparkListenerTaskEnd',
      ...ids,
      'Task Type': 'ResultTask',
      'Task End Reason': { Reason: 'Success' },
      'Task Info': { ...task, 'Finish Time': 1001 + index },
    });
  }
  events.push({ Event: 'SparkListenerStageCompleted', 'Stage Info': { ...info, 'Completion Time': 2000 } });
  return events;
}

function execution(id: number, durationMs: number, nodes: number): unknown[] {
  const leaf = { nodeName: 'Scan', simpleString: 'Scan', children: [], metadata: {}, metrics: [] };
  const plan = { ...leaf, nodeName: 'Union', children: Array.from({ length: nodes - 1 }, () => leaf) };
  const sql = 'org.apache.spark.sql.execution.ui.SparkListenerSQLExecution';
  const started = { executionId: id, description: 'd', physicalPlanDescription: 'p', sparkPlanInfo: plan, time: 1000 };
  return [
    { Event: `${sql}Start`, ...started },
    { Event: `${sql}End`, executionId: id, time: 1000 + durationMs, errorMessage: '' },
  ];
}

function replay(...events: readonly unknown[][]): ReplayedRun {
  return replayLog(logOf([START, ...events.flat()]));
}

describe('eventlog/replay/detail: how large it may become', () => {
  it(`lists ${MAX_LISTED_TASKS} tasks of a stage; of one more only quantiles and sums are told`, () => {
    const [listed, larger] = replay(stageEvents(0, MAX_LISTED_TASKS), stageEvents(1, MAX_LISTED_TASKS + 1)).detail
      .stages;

    expect(listed?.tasks?.duration).to.have.length(MAX_LISTED_TASKS);
    expect(larger?.tasks).to.equal(undefined);
    // Durations are 1, 2, …, 10,001: by hand, the value at index floor(q · n) is one more than the index.
    expect(larger?.quantiles?.duration).to.deep.equal([1, 501, 2501, 5001, 7501, 9501, 10_001]);
    expect(larger?.succeededTasks).to.equal(MAX_LISTED_TASKS + 1);
  }).timeout(30_000);

  it('lets the stages with most tasks go first when a run has too many', () => {
    const small = Array.from({ length: 3 }, (_, i) => stageEvents(i, 10));
    const large = Array.from({ length: 11 }, (_, i) => stageEvents(100 + i, MAX_LISTED_TASKS));

    const { stages } = replay(...small, ...large).detail;

    const listed = stages.filter(({ tasks }) => tasks !== undefined);
    expect(listed.filter(({ launchedTasks }) => launchedTasks === 10)).to.have.length(3);
    expect(listed.reduce((sum, { launchedTasks }) => sum + launchedTasks, 0)).to.be.at.most(MAX_LISTED_TASKS_OF_RUN);
    expect(stages.every(({ quantiles }) => quantiles !== undefined)).to.equal(true);
  }).timeout(60_000);

  it('keeps no plan of more than 2,000 nodes, and of 60 with 1,000 the 50 that ran longest', () => {
    const executions = Array.from({ length: 60 }, (_, i) => execution(i, 100 + i, 1000));

    const { sql } = replay(...executions, execution(60, 5, 2001)).detail;

    expect(sql.map(({ id }) => id)).to.deep.equal(Array.from({ length: 61 }, (_, i) => i));
    expect(sql.flatMap(({ id, plan }) => (plan === undefined ? [] : [id]))).to.deep.equal(
      Array.from({ length: 50 }, (_, i) => 10 + i),
    );
  });

  it('forgets the oldest of more than 1,000 ended executions, as the server does', () => {
    const executions = Array.from({ length: 1003 }, (_, i) => execution(i, i, 1));

    const run = replay(...executions);

    expect(run.sql).to.have.length(1000);
    expect(run.sql[0]?.id).to.equal(3);
  });
});
