import { expect } from 'chai';
import { runDetailFromRest, type RestRun } from '../../src/simulation/rest-run.ts';
import { simulate } from '../../src/simulation/simulate.ts';

/** 1 s, then a stage of 8 tasks of 500 ms and one of 4 of 200 ms on 2 executors of 2 cores, 50 ms: as REST tells it. */
const time = (ms: number): string => new Date(Date.UTC(2026, 10, 21, 8) + ms).toISOString().replace('Z', 'GMT');
const stage = (
  stageId: number,
  tasks: number,
  taskMs: number,
  from: number,
  to: number,
): Readonly<Record<string, unknown>> => ({
  status: 'COMPLETE',
  stageId,
  attemptId: 0,
  name: `stage ${stageId}`,
  numTasks: tasks,
  numCompleteTasks: tasks,
  numFailedTasks: 0,
  numKilledTasks: 0,
  numActiveTasks: 0,
  executorRunTime: tasks * taskMs,
  submissionTime: time(from),
  firstTaskLaunchedTime: time(from),
  completionTime: time(to),
});
const rest: RestRun = {
  attempt: { startTime: time(0), endTime: time(2250) },
  allexecutors: [
    { id: 'driver', hostPort: 'd:1', totalCores: 0, addTime: time(0) },
    { id: '1', hostPort: 'a:1', totalCores: 2, addTime: time(100) },
    { id: '2', hostPort: 'b:1', totalCores: 2, addTime: time(100) },
  ],
  jobs: [
    { jobId: 0, status: 'SUCCEEDED', submissionTime: time(1000), completionTime: time(2200), stageIds: [0, 1, 2] },
  ],
  stages: [stage(0, 8, 500, 1000, 2000), stage(1, 4, 200, 2000, 2200), { ...stage(2, 3, 0, 0, 0), status: 'SKIPPED' }],
};

describe('simulation/rest-run', () => {
  it('takes the stage that had completed for the parent, leaves the skipped one and the driver out', () => {
    const { stages, executors } = runDetailFromRest(rest);

    expect(stages.map(({ stageId, parentIds }) => [stageId, parentIds])).to.deep.equal([
      [0, []],
      [1, [0]],
    ]);
    expect(executors.map(({ id, cores, host }) => [id, cores, host])).to.deep.equal([
      ['1', 2, 'a'],
      ['2', 2, 'b'],
    ]);
  });

  it('simulates from sums alone: 2250 ms as it was, 1750 ms on 8 slots', () => {
    const { points, precision } = simulate(runDetailFromRest(rest), { executors: [2, 4] });

    expect(precision).to.equal('quantiles');
    expect(points.map(({ durationMs }) => durationMs)).to.deep.equal([2250, 1750]);
  });

  it('finds the straggler of 900 ms that 8 tasks of 1600 ms of work in 1075 ms on 4 slots must have', () => {
    const { stages } = runDetailFromRest({ ...rest, stages: [{ ...stage(0, 8, 200, 1000, 2075) }] });

    // W/S + (1 - 1/S) × longest = 400 + 0.75 × 900.
    expect(stages[0]!.quantiles!.executorRunTime).to.deep.equal([100, 100, 100, 100, 100, 100, 900]);
  });

  it('prefers the task summary, and fills the quantiles between those asked for', () => {
    const taskSummary = (): Readonly<Record<string, unknown>> => ({
      quantiles: [0, 0.5, 1],
      executorRunTime: [100, 300, 700],
      executorDeserializeTime: [10, 10, 10],
      schedulerDelay: [5, 5, 5],
    });
    const { stages } = runDetailFromRest({ ...rest, taskSummary });

    expect(stages[0]!.quantiles!.executorRunTime).to.deep.equal([100, 120, 200, 300, 500, 660, 700]);
    expect(stages[0]!.quantiles!.duration[3]).to.equal(315);
  });

  it('reads the times of a raw document as well', () => {
    const iso = (text: unknown): unknown => (typeof text === 'string' ? text.replace(/GMT$/, '000+00:00') : text);
    const rows = (list: RestRun['jobs']): RestRun['jobs'] =>
      list.map((row) => Object.fromEntries(Object.entries(row).map(([key, value]) => [key, iso(value)])));
    const raw = {
      attempt: { startTime: String(iso(rest.attempt.startTime)), endTime: String(iso(rest.attempt.endTime)) },
      allexecutors: rows(rest.allexecutors),
      jobs: rows(rest.jobs),
      stages: rows(rest.stages),
    };

    expect(runDetailFromRest(raw)).to.deep.equal(runDetailFromRest(rest));
  });

  it('knows which jobs belong to one SQL execution', () => {
    const { jobs } = runDetailFromRest({
      ...rest,
      sql: [{ id: 4, successJobIds: [0], failedJobIds: [], runningJobIds: [] }],
    });

    expect(jobs[0]!.sqlExecutionId).to.equal(4);
  });
});
