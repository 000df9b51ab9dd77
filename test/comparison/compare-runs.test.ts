import { expect } from 'chai';
import { compareRuns, type Comparison } from '../../src/comparison/compare-runs.ts';
import type { StoredRun } from '../../src/comparison/compared-run.ts';
import { TASK_FAILED, type RunDetail, type SqlNode, type StageDetail } from '../../src/documents/run-detail.ts';
import { aggregateRun, type RunSketch } from '../support/aggregate-run.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { chainOfJobs } from '../support/synthetic-run.ts';

const SIZE = { executors: 2, cores: 2 };

/** A run of which the log is stored. */
function fromLog(detail: RunDetail, sketch: RunSketch = {}): StoredRun {
  return { aggregate: aggregateRun({ durationMs: detail.applicationEnd, ...sketch }), detail };
}

/** Tells every stage of a run apart, by what `change` makes of it. */
function withStages(detail: RunDetail, change: (stage: StageDetail) => Partial<StageDetail>): RunDetail {
  return { ...detail, stages: detail.stages.map((stage) => ({ ...stage, ...change(stage) })) };
}

/** Bytes read in proportion to the tasks' time, all of which was computing. */
function reading(detail: RunDetail, bytesPerMs: number): RunDetail {
  return withStages(detail, ({ sums, tasks }) => ({
    sums: { ...sums, inputBytes: (sums['executorRunTime'] ?? 0) * bytesPerMs, inputRecords: 10 },
    tasks: tasks && { ...tasks, executorCpuTimeMs: tasks.duration },
  }));
}

function partsOf({ causes }: Comparison): Readonly<Record<string, number>> {
  return Object.fromEntries(causes.map(({ id, changeMs }) => [id, changeMs]));
}

const tasks = (count: number, ms: number): number[] => new Array<number>(count).fill(ms);

describe('comparison/compare-runs', () => {
  it('finds no cause between a run and itself', () => {
    const run = fromLog(reading(chainOfJobs([tasks(8, 100), tasks(4, 50)], SIZE), 10));

    const comparison = compareRuns(run, run);

    expect(comparison).to.deep.include({ changeMs: 0, ratio: 1, causes: [], properties: [], environment: [] });
  });

  it('lays twice the data at the same time per byte on the data: 200 ms more of 200 ms more', () => {
    // 8 tasks of 100 ms on 4 slots take 200 ms; 16 of them 400 ms, with twice the bytes.
    const before = fromLog(reading(chainOfJobs([tasks(8, 100)], SIZE), 10));
    const after = fromLog(reading(chainOfJobs([tasks(16, 100)], SIZE), 10));

    expect(partsOf(compareRuns(before, after))).to.deep.equal({ data: 200 });
  });

  it('lays tasks that compute twice as long on the same bytes on computing', () => {
    const before = fromLog(reading(chainOfJobs([tasks(8, 100)], SIZE), 10));
    const after = fromLog(reading(chainOfJobs([tasks(8, 200)], SIZE), 5));

    expect(partsOf(compareRuns(before, after))).to.deep.equal({ cpu: 200 });
  });

  it('lays half of the executors on the executors, and names the property', () => {
    const before = fromLog(reading(chainOfJobs([tasks(8, 100)], SIZE), 10), {
      properties: { spark_executor_instances: 2 },
    });
    const after = fromLog(reading(chainOfJobs([tasks(8, 100)], { executors: 1, cores: 2 }), 10), {
      properties: { spark_executor_instances: 1 },
      executors: 1,
    });

    const comparison = compareRuns(before, after);

    expect(partsOf(comparison)).to.deep.equal({ executors: 200 });
    expect(comparison.causes[0]?.evidence).to.include('spark.executor.instances 2 → 1');
    expect(comparison.causes[0]?.evidence).to.include('executors 2 → 1 (×0.500)');
  });

  it('lays the same work in one long task on the occupancy: three of four slots wait', () => {
    const before = fromLog(reading(chainOfJobs([tasks(4, 100)], SIZE), 10));
    const after = fromLog(reading(chainOfJobs([[325, 25, 25, 25]], SIZE), 10));

    // 400 ms of tasks both times; the stage lasts 325 ms in place of 100.
    expect(partsOf(compareRuns(before, after))).to.deep.equal({ occupancy: 225 });
  });

  it('tells the start, the driver and the end apart from the stages', () => {
    const before = fromLog(
      chainOfJobs([tasks(4, 100), tasks(4, 100)], { ...SIZE, firstJobMs: 1000, gapMs: 100, tailMs: 50 }),
    );
    const after = fromLog(
      chainOfJobs([tasks(4, 100), tasks(4, 100)], { ...SIZE, firstJobMs: 1600, gapMs: 300, tailMs: 80 }),
    );

    // 200 between the two jobs and 30 at the end.
    expect(partsOf(compareRuns(before, after))).to.deep.equal({ start: 600, driver: 230 });
  });

  it('lays a stage that only one run has on the plan', () => {
    const before = fromLog(chainOfJobs([tasks(4, 100)], SIZE));
    const after = fromLog(chainOfJobs([tasks(4, 100), tasks(4, 300)], { ...SIZE, gapMs: 0 }));

    const comparison = compareRuns(before, after);

    expect(partsOf(comparison)).to.deep.equal({ plan: 300 });
    expect(comparison.stages?.[0]).to.deep.include({ after: 1, beforeMs: null, afterMs: 300, cause: 'plan' });
    expect(comparison.stages?.[0]).not.to.have.property('before');
  });

  it('lays failed attempts and repeated stages on failures', () => {
    const before = fromLog(chainOfJobs([tasks(4, 100)], SIZE));
    const detail = chainOfJobs([[...tasks(4, 100), ...tasks(4, 100)]], SIZE);
    const failing = withStages(detail, ({ tasks: columns }) => ({
      tasks: columns && { ...columns, status: columns.status.map((status, i) => (i < 4 ? TASK_FAILED : status)) },
    }));
    const twice = chainOfJobs([tasks(4, 100), tasks(4, 250)], { ...SIZE, gapMs: 0 });
    const repeated = withStages(twice, ({ stageId }) =>
      stageId === 1 ? { stageId: 0, attemptId: 1, name: 'stage 0' } : {},
    );

    expect(partsOf(compareRuns(before, fromLog(failing)))).to.deep.equal({ failures: 100 });
    expect(partsOf(compareRuns(before, fromLog(repeated)))).to.deep.equal({ failures: 250 });
  });

  it('pairs the large one of two concurrent reads with the large one, whichever was submitted first', () => {
    const sized = (bytes: readonly number[]): StoredRun =>
      fromLog(
        withStages(chainOfJobs([tasks(4, 100), tasks(4, 100)], SIZE), ({ stageId, sums }) => ({
          name: 'run at CompletableFuture.java:1768',
          sums: { ...sums, inputBytes: bytes[stageId] ?? 0, inputRecords: 1 },
        })),
      );

    const { stages = [] } = compareRuns(sized([1_000_000, 10]), sized([20, 2_000_000]));

    expect(stages.map(({ before, after }) => [before, after])).to.have.deep.members([
      [0, 1],
      [1, 0],
    ]);
  });

  it('names the operators that a query gained and lost, and pairs its stages all the same', () => {
    const node = (name: string, ...children: SqlNode[]): SqlNode => ({ name, description: '', metrics: {}, children });
    const planned = (description: string, join: string, ...below: SqlNode[]): StoredRun => {
      const detail = chainOfJobs([tasks(4, 100)], SIZE);
      const plan = node('AdaptiveSparkPlan', node(join, ...below));
      const query = {
        id: 7,
        description,
        submitted: 0,
        failed: false,
        jobIds: [0],
        stageIds: [0],
        plan,
        modifiedConfigs: {},
      };
      return fromLog({ ...detail, sql: [query] });
    };
    const sort = node('Sort', node('Exchange', node('Scan parquet spark_catalog.db.t')));
    const before = planned('insert into t select 2026-11-20', 'SortMergeJoin', sort, sort);
    const after = planned('insert into t select 2026-11-21', 'BroadcastHashJoin', sort);

    const { sql, stages } = compareRuns(before, after);

    expect(sql?.changed).to.deep.equal([
      {
        before: 7,
        after: 7,
        description: 'insert into t select 2026-11-21',
        gained: ['BroadcastHashJoin'],
        lost: ['Exchange', 'Scan parquet', 'Sort', 'SortMergeJoin'],
      },
    ]);
    expect(stages?.map(({ before: a, after: b }) => [a, b])).to.deep.equal([[0, 0]]);
  });

  it('adds up to the whole change for 200 pairs of runs that have little in common', () => {
    const random = seededRandom(3);
    const draw = (): StoredRun => {
      const stages = Array.from({ length: 1 + Math.floor(random() * 6) }, () =>
        Array.from({ length: 1 + Math.floor(random() * 9) }, () => Math.round(random() * 500)),
      );
      const size = { executors: 1 + Math.floor(random() * 4), cores: 1 + Math.floor(random() * 3) };
      return fromLog(reading(chainOfJobs(stages, { ...size, firstJobMs: Math.round(random() * 2000) }), random() * 20));
    };
    for (let i = 0; i < 200; i += 1) {
      const comparison = compareRuns(draw(), draw());
      const total = comparison.causes.reduce((sum, { changeMs }) => sum + changeMs, 0);

      expect(total).to.equal(comparison.changeMs);
      expect(comparison.causes.every(({ changeMs }) => Number.isSafeInteger(changeMs))).to.equal(true);
      // Consistent runs leave nothing but rounding.
      expect(Math.abs(partsOf(comparison)['unexplained'] ?? 0)).to.be.at.most(1);
    }
  });

  describe('with the aggregates alone', () => {
    it('compares all stages as one, and says so', () => {
      // 48 s of stages on 4 slots become 96 s: twice the bytes at the same time per byte; 12 s of driver stay.
      const before = {
        aggregate: aggregateRun({ durationMs: 60_000, parallelMs: 48_000, inputBytes: 1e6, executorRunTime: 100_000 }),
      };
      const after = {
        aggregate: aggregateRun({
          durationMs: 108_000,
          parallelMs: 96_000,
          inputBytes: 2e6,
          executorRunTime: 200_000,
          executorCpuTimeMs: 160_000,
        }),
      };

      const comparison = compareRuns(before, after);

      expect(partsOf(comparison)).to.deep.equal({ data: 48_000 });
      expect(comparison.notes.filter((note) => note.includes('neither stages nor tasks are stored'))).to.have.length(2);
      expect(comparison.stages).to.equal(undefined);
    });

    it('explains nothing where not even the time of stages is known', () => {
      const comparison = compareRuns(
        { aggregate: aggregateRun({ durationMs: 60_000, parallelMs: undefined }) },
        { aggregate: aggregateRun({ durationMs: 90_000, parallelMs: undefined }) },
      );

      expect(partsOf(comparison)).to.deep.equal({ unexplained: 30_000 });
    });

    it('compares a run with its log and one without in the same way, as sums', () => {
      const detail = chainOfJobs([tasks(8, 100)], SIZE);
      const comparison = compareRuns(fromLog(detail), { aggregate: aggregateRun({ durationMs: 90_000 }) });

      expect(comparison.causes.reduce((sum, { changeMs }) => sum + changeMs, 0)).to.equal(comparison.changeMs);
      expect([comparison.before.knowledge, comparison.after.knowledge]).to.deep.equal(['event-log', 'aggregates']);
    });
  });

  it('shows properties that were set, not those that each run has its own value of', () => {
    const before = aggregateRun({
      id: 'app-1',
      properties: { spark_app_id: 'app-1', spark_jars: '/jobs/app-1/a.jar', spark_x: 'a' },
    });
    const after = aggregateRun({
      id: 'app-2',
      properties: { spark_app_id: 'app-2', spark_jars: '/jobs/app-2/a.jar', spark_x: 'b' },
    });

    expect(compareRuns({ aggregate: before }, { aggregate: after }).properties).to.deep.equal([
      { name: 'spark.x', before: 'a', after: 'b' },
    ]);
  });

  it('warns of different applications, and of a run without an end', () => {
    const { notes } = compareRuns(
      { aggregate: aggregateRun({ id: 'app-1', tag: 'a' }) },
      { aggregate: aggregateRun({ id: 'app-2', tag: 'b', completed: false }) },
    );

    expect(notes.join('\n')).to.include('different applications').and.to.include('app-2 has no end');
  });
});
