import { expect } from 'chai';
import {
  TASK_FAILED,
  TASK_KILLED,
  TASK_OPEN,
  type RunDetail,
  type StageDetail,
} from '../../src/documents/run-detail.ts';
import { prepareRun } from '../../src/simulation/prepare.ts';
import { simulate, type Simulation } from '../../src/simulation/simulate.ts';
import { NO_EFFECTS } from '../../src/simulation/size-effects.ts';
import { ModelError } from '../../src/util/errors.ts';
import { chainOfJobs, runOf, stageOf } from '../support/synthetic-run.ts';
import { whatIfRun, whatIfRuns } from '../support/whatif-runs.ts';
import { withoutTasks } from '../support/without-tasks.ts';

const runs = whatIfRuns();
const ids = ({ assumptions }: Simulation): string[] => assumptions.map(({ id }) => id);
const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** Two jobs of one stage each on 2 executors of 2 cores: 1000 ms, 8 tasks of 500 ms, 100 ms, 4 tasks of 200 ms, 50 ms. */
const plain = chainOfJobs([new Array<number>(8).fill(500), new Array<number>(4).fill(200)], { executors: 2, cores: 2 });
const PLAIN_MS = 1000 + 2 * 500 + 100 + 200 + 50;

function withStage(
  detail: RunDetail,
  stageId: number,
  change: (stage: StageDetail) => Partial<StageDetail>,
): RunDetail {
  return {
    ...detail,
    stages: detail.stages.map((stage) => (stage.stageId === stageId ? { ...stage, ...change(stage) } : stage)),
  };
}

describe('simulation/simulate', () => {
  describe('against 21 real runs', () => {
    it('replays each at its own size within 4 %, half of them within 1.5 % (docs/simulation.md)', () => {
      const errors = runs.map(({ detail, properties, executors }) =>
        Math.abs(simulate(detail, { executors: [executors], properties }).selfCheck!.errorRatio),
      );

      expect(Math.max(...errors)).to.be.below(0.04);
      expect(median(errors)).to.be.below(0.015);
    });

    it('predicts each size from each other within 8 % in the median and 35 % at worst', () => {
      const errors = runs.flatMap((source) =>
        runs
          .filter(
            ({ application, name }) => application === source.application && !name.startsWith(source.name.slice(0, -3)),
          )
          .map(({ executors, coresPerExecutor, detail }) => {
            const { points } = simulate(source.detail, {
              executors: [executors],
              coresPerExecutor,
              properties: source.properties,
            });
            return Math.abs(points[0]!.durationMs / detail.applicationEnd! - 1);
          }),
      );

      expect(errors).to.have.lengthOf(96);
      expect(median(errors)).to.be.below(0.08);
      expect(Math.max(...errors)).to.be.below(0.35);
    });

    it('predicts from quantiles alone, knowing nothing of other sizes, within 11.7 % in the median and 34 % for 9 of 10', () => {
      const nothing = { sharedHost: NO_EFFECTS, separateHosts: NO_EFFECTS };
      const knowledge = { ...nothing, applications: { sharedHost: 0, separateHosts: 0 } };
      const errors = runs.flatMap((source) =>
        runs
          .filter(
            ({ application, name }) => application === source.application && !name.startsWith(source.name.slice(0, -3)),
          )
          .map(({ executors, coresPerExecutor, detail }) => {
            const { properties } = source;
            const asked = { executors: [executors], coresPerExecutor, properties, knowledge };
            return Math.abs(
              simulate(withoutTasks(source.detail), asked).points[0]!.durationMs / detail.applicationEnd! - 1,
            );
          }),
      );

      expect(errors).to.have.lengthOf(96);
      expect(median(errors)).to.be.below(0.117);
      expect(errors.toSorted((a, b) => a - b)[Math.ceil(0.9 * 96) - 1]).to.be.below(0.34);
    });

    it('tells from quantiles what the first tasks of an executor cost: of most runs within 10 % of what their tasks tell', () => {
      const ratios = runs.map(({ detail, properties }) => {
        const [byTasks, byQuantiles] = [detail, withoutTasks(detail)].map(
          (told) => prepareRun(told, { properties }).costs.coldOverheadMs,
        );
        return Math.abs(byQuantiles! / byTasks! - 1);
      });

      expect(median(ratios)).to.be.below(0.1);
    });

    it('comes nearer with the other sizes of the application: etl at 4x4 from 1x1 within 11 %', () => {
      const source = whatIfRun('etl-1x1-r1');
      const ownRuns = ['etl-1x2-r1', 'etl-2x2-r1', 'etl-4x2-r1', 'etl-4x2-r2'].map(whatIfRun);
      const { points, evidence } = simulate(source.detail, {
        executors: [4],
        coresPerExecutor: 4,
        properties: source.properties,
        ownRuns,
      });

      // Real: 24.5, 26.2 and 25.5 s.
      expect(evidence).to.equal('own-sizes');
      expect(points[0]!.durationMs).to.be.within(0.89 * 25_400, 1.11 * 25_400);
    });

    it('works from quantiles alone, says so, and is less sure', () => {
      const { detail, properties } = whatIfRun('etl-2x2-r1');
      const options = { executors: [4], coresPerExecutor: 2, properties };
      const full = simulate(detail, options);
      const rest = simulate(withoutTasks(detail), options);
      const width = ({ points }: Simulation): number => points[0]!.durationHighMs / points[0]!.durationLowMs;

      expect(rest.precision).to.equal('quantiles');
      expect(ids(rest)).to.include('tasks-from-quantiles');
      expect(rest.points[0]!.durationMs).to.be.within(0.7 * 26_000, 1.3 * 26_000);
      expect(width(rest)).to.be.above(width(full));
    });

    it('replays dynamic allocation up to the size asked for: dyn at 4x4 from 2x2 within 15 %', () => {
      const { detail, properties } = whatIfRun('dyn-2x2-r1');
      const simulation = simulate(detail, { executors: [4], coresPerExecutor: 4, properties });

      // Real: 21.3 and 20.2 s. Core time is that of the executors' lives, so less than 16 cores all the time.
      expect(simulation.points[0]!.durationMs).to.be.within(0.85 * 20_700, 1.15 * 20_700);
      expect(simulation.points[0]!.coreMs).to.be.below(16 * simulation.points[0]!.durationMs);
      expect(ids(simulation)).to.include('shuffle-tracking');
    });

    it('gives the same answer twice', () => {
      const { detail, properties } = whatIfRun('conc-4x4-r1');
      const options = { executors: [1, 2, 4, 8], properties };

      expect(simulate(detail, options)).to.deep.equal(simulate(detail, options));
    });
  });

  describe('a run computed by hand', () => {
    it('takes 2350 ms at its own size, 1850 ms on twice and 4850 ms on a quarter of the slots', () => {
      const { points, selfCheck, source } = simulate(plain, { executors: [2, 4, 1], coresPerExecutor: 2 });

      expect(source).to.deep.equal({ executors: 2, coresPerExecutor: 2, durationMs: PLAIN_MS });
      expect(selfCheck).to.deep.equal({ durationMs: PLAIN_MS, errorRatio: 0 });
      expect(points.map(({ durationMs }) => durationMs)).to.deep.equal([
        2350,
        1000 + 500 + 100 + 200 + 50,
        1000 + 2000 + 100 + 400 + 50,
      ]);
      expect(points[0]).to.include({
        executors: 2,
        coresPerExecutor: 2,
        coreMs: 4 * 2350,
        utilizationRatio: 4800 / (4 * 2350),
      });
    });

    it('has a driver time of 1150 ms, 4800 ms of work and a floor of 1850 ms whatever one pays', () => {
      const { bounds, criticalPath } = simulate(plain, { executors: [1] });

      expect(bounds).to.deep.equal({
        criticalPathMs: 1850,
        idealMs: 1150 + 4800 / 4,
        oneCoreMs: 1150 + 4800,
        driverMs: 1150,
        driverShare: 1150 / 2350,
        floorMs: 1850,
      });
      expect(criticalPath.map(({ kind, durationMs }) => [kind, durationMs])).to.deep.equal([
        ['start', 1000],
        ['stage', 1000],
        ['driver', 100],
        ['stage', 200],
        ['tail', 50],
      ]);
    });

    it('never gets below its floor on 1000 executors', () => {
      expect(simulate(plain, { executors: [1000] }).points[0]!.durationMs).to.equal(1850);
    });

    it('halves the slots where a task takes 2 cpus', () => {
      const detail = chainOfJobs([new Array<number>(8).fill(500)], { executors: 2, cores: 1 });
      const twoCores = { ...detail, executors: detail.executors.map((executor) => ({ ...executor, cores: 2 })) };
      const properties = { 'spark.task.cpus': '2' };

      expect(simulate(twoCores, { executors: [2], properties }).points[0]!.durationMs).to.equal(1000 + 2000 + 50);
      expect(simulate(twoCores, { executors: [4], properties }).points[0]!.durationMs).to.equal(1000 + 1000 + 50);
      expect(simulate(twoCores, { executors: [2], coresPerExecutor: 4, properties }).points[0]!.durationMs).to.equal(
        1000 + 1000 + 50,
      );
    });

    it('repeats a mix of executors of 4 and 8 cores', () => {
      const detail = chainOfJobs([new Array<number>(24).fill(500)], { executors: 1, cores: 12 });
      const host = detail.executors[0]!;
      const mixed = withStage(
        {
          ...detail,
          executors: [
            { ...host, cores: 4 },
            { ...host, id: '1', cores: 8 },
          ],
        },
        0,
        ({ tasks }) => ({ tasks: { ...tasks!, executor: tasks!.executor.map((_, i) => (i % 12 < 4 ? 0 : 1)) } }),
      );
      const simulation = simulate(mixed, { executors: [2, 4] });

      expect(simulation.points.map(({ durationMs }) => durationMs)).to.deep.equal([1000 + 1000 + 50, 1000 + 500 + 50]);
      expect(ids(simulation)).to.include('unequal-executors');
    });

    it('cuts stages of spark.sql.shuffle.partitions tasks anew: 8 tasks of 500 ms into 16 on 16 slots take 250 ms', () => {
      const cut = { 'spark.sql.adaptive.enabled': 'false', 'spark.sql.shuffle.partitions': '8' };
      const first = stageOf(0, { tasks: [100] }, { launch: [1000], executor: [0], submitted: 1000, completed: 1100 });
      const second = stageOf(
        1,
        { tasks: new Array<number>(8).fill(500), parents: [0] },
        {
          launch: [1100, 1100, 1600, 1600, 2100, 2100, 2600, 2600],
          executor: new Array<number>(8).fill(0),
          submitted: 1100,
          completed: 3100,
        },
      );
      const job = { jobId: 0, submitted: 1000, ended: 3100, succeeded: true, stageIds: [0, 1], sqlExecutionId: 0 };
      const detail = runOf(
        [first, second].map((stage) => ({ ...stage, properties: cut })),
        [job],
        { executors: 1, cores: 2, end: 3100 },
      );
      const set = { 'spark.sql.shuffle.partitions': '16' };
      const simulation = simulate(detail, { executors: [8], properties: cut, set });

      expect(simulation.points[0]!.durationMs).to.equal(1000 + 100 + 250);
      expect(simulate(detail, { executors: [8], properties: cut }).points[0]!.durationMs).to.equal(1000 + 100 + 500);
      expect(ids(simulation)).to.include('shuffle-partitions-recut');
    });
  });

  describe('refuses', () => {
    it('a size of 0, -1 or 1.5 executors as SIMULATION_SIZE', () => {
      for (const executors of [0, -1, 1.5, Number.NaN]) {
        expect(() => simulate(plain, { executors: [executors] }))
          .to.throw(ModelError)
          .with.property('code', 'SIMULATION_SIZE');
      }
    });

    it('a run without jobs (a driver-only application), or without a successful one', () => {
      const failed = { ...plain, jobs: plain.jobs.map((job) => ({ ...job, succeeded: false })) };

      expect(simulate(chainOfJobs([], { executors: 1, cores: 1 }), { executors: [1] }).refusal?.code).to.equal(
        'NO_SUCCESSFUL_JOB',
      );
      expect(simulate(failed, { executors: [1] })).to.deep.include({ points: [], criticalPath: [] });
      expect(simulate(failed, { executors: [1] }).refusal?.code).to.equal('NO_SUCCESSFUL_JOB');
    });

    it('a run that lost events', () => {
      const lost = { ...plain, quality: { ...plain.quality, lostTaskEnds: 3 } };

      expect(simulate(lost, { executors: [1] }).refusal).to.deep.equal({
        code: 'LOST_EVENTS',
        facts: { lostTaskEnds: 3, launchedTasks: 12 },
      });
    });

    it('a run with a stage of fewer tasks than its count', () => {
      const missing = withStage(plain, 1, () => ({ numTasks: 5 }));

      expect(simulate(missing, { executors: [1] }).refusal).to.deep.equal({
        code: 'MISSING_TASKS',
        facts: { stageId: 1, numTasks: 5, succeededTasks: 4 },
      });
    });

    it('a run that the replay does not reproduce: half the tasks shrunk to nothing', () => {
      const wrong = withStage(plain, 0, ({ tasks }) => {
        const short = tasks!.duration.map(() => 1);
        return { tasks: { ...tasks!, duration: short, executorRunTime: short } };
      });

      expect(simulate(wrong, { executors: [1] }).refusal?.code).to.equal('SELF_CHECK_FAILED');
      expect(simulate(wrong, { executors: [1] }).selfCheck!.errorRatio).to.be.below(-0.15);
    });
  });

  describe('edge cases', () => {
    it('takes the last event for a missing end, and says so', () => {
      const { applicationEnd, ...rest } = plain;
      const simulation = simulate({ ...rest, lastEvent: applicationEnd! }, { executors: [2] });

      expect(simulation.points[0]!.durationMs).to.equal(PLAIN_MS);
      expect(ids(simulation)).to.include('no-application-end');
    });

    it('plays an open job and an open stage to the end of the log', () => {
      const open = { jobId: 9, submitted: 2310, succeeded: false, stageIds: [9] };
      const stage = stageOf(
        9,
        { tasks: [40] },
        { launch: [2310], executor: [0], submitted: 2310, completed: undefined },
      );
      const simulation = simulate(
        {
          ...plain,
          jobs: [...plain.jobs, open],
          stages: [
            ...plain.stages,
            {
              ...stage,
              succeededTasks: 0,
              quantiles: undefined,
              tasks: { ...stage.tasks!, duration: [-1], status: [TASK_OPEN] },
            },
          ],
        },
        { executors: [2] },
      );

      expect(simulation.points[0]!.durationMs).to.be.closeTo(PLAIN_MS, 1);
      expect(ids(simulation)).to.include('open-jobs');
    });

    it('skips stages that did not run, and a job all of whose stages were skipped keeps its length', () => {
      const skipped = { jobId: 2, submitted: 2310, ended: 2330, succeeded: true, stageIds: [50, 51] };

      expect(simulate({ ...plain, jobs: [...plain.jobs, skipped] }, { executors: [2] }).points[0]!.durationMs).to.equal(
        PLAIN_MS,
      );
    });

    it('counts a stage that two jobs list once, for the job that ran it', () => {
      const shared = {
        ...plain,
        jobs: plain.jobs.map((job) => (job.jobId === 1 ? { ...job, stageIds: [0, 1] } : job)),
      };

      expect(simulate(shared, { executors: [2] }).points[0]!.durationMs).to.equal(PLAIN_MS);
    });

    it('counts a task end told twice once', () => {
      const twice = withStage(plain, 1, ({ tasks }) => ({
        tasks: Object.fromEntries(
          Object.entries(tasks!).map(([column, values]: [string, readonly number[]]) => [
            column,
            [...values, values[0]!],
          ]),
        ) as unknown as StageDetail['tasks'],
      }));

      expect(simulate(twice, { executors: [2] }).points[0]!.durationMs).to.equal(PLAIN_MS);
    });

    it('takes the slot time of tasks without metrics', () => {
      const bare = withStage(plain, 1, ({ tasks }) => ({ tasks: { ...tasks!, executorRunTime: [0, 0, 0, 0] } }));

      expect(simulate(bare, { executors: [2] }).points[0]!.durationMs).to.equal(PLAIN_MS);
    });

    it('plays tasks of 0 ms and stages of one task and of none', () => {
      const detail = chainOfJobs([[0, 0], [5], []], { executors: 1, cores: 1 });

      expect(simulate(detail, { executors: [1, 7] }).points.map(({ durationMs }) => durationMs)).to.deep.equal([
        1255, 1255,
      ]);
    });

    it('does not count an executor that came after the last task', () => {
      const late = { ...plain, executors: [...plain.executors, { ...plain.executors[0]!, id: '7', added: 2300 }] };

      expect(simulate(late, { executors: [2] }).source.executors).to.equal(2);
    });

    it('plays failed attempts before their retry, and names the assumption', () => {
      const failing = withStage(plain, 1, ({ tasks }) => ({
        failedTasks: 1,
        completed: 2500,
        tasks: {
          ...tasks!,
          index: [0, 1, 2, 3, 0],
          attempt: [0, 0, 0, 0, 1],
          launch: [2100, 2100, 2100, 2100, 2300],
          duration: [200, 200, 200, 200, 200],
          executorRunTime: [0, 200, 200, 200, 200],
          status: [TASK_FAILED, 0, 0, 0, 0],
          executor: [0, 1, 0, 1, 0],
          ...Object.fromEntries(
            (
              [
                'executorCpuTimeMs',
                'jvmGcTime',
                'executorDeserializeTime',
                'speculative',
                'inputBytes',
                'shuffleReadBytes',
                'shuffleWriteBytes',
                'memoryBytesSpilled',
                'diskBytesSpilled',
                'peakExecutionMemory',
              ] as const
            ).map((column) => [column, [0, 0, 0, 0, 0]]),
          ),
        },
      }));
      const moved = {
        ...failing,
        applicationEnd: 2550,
        jobs: failing.jobs.map((job) => (job.jobId === 1 ? { ...job, ended: 2500 } : job)),
      };
      const simulation = simulate(moved, { executors: [2] });

      expect(simulation.points[0]!.durationMs).to.equal(2550);
      expect(ids(simulation)).to.include('failed-tasks');
    });

    it('takes a partition that succeeded in two attempts of its stage once', () => {
      const retry = { ...plain.stages[1]!, attemptId: 1 };
      const simulation = simulate({ ...plain, stages: [...plain.stages, retry] }, { executors: [2] });

      expect(simulation.points[0]!.durationMs).to.equal(PLAIN_MS);
      expect(ids(simulation)).to.include('retried-stages');
    });

    it('drops the killed copy of a speculated task and keeps the time since its first launch', () => {
      const speculated = withStage(plain, 1, ({ tasks }) => ({
        speculativeTasks: 1,
        killedTasks: 1,
        tasks: {
          ...tasks!,
          status: [0, 0, 0, TASK_KILLED, 0],
          index: [0, 1, 2, 3, 3],
          attempt: [0, 0, 0, 0, 1],
          launch: [2100, 2100, 2100, 2100, 2200],
          duration: [100, 100, 100, 200, 100],
          executorRunTime: [100, 100, 100, 0, 100],
          speculative: [0, 0, 0, 0, 1],
          executor: [0, 1, 0, 1, 0],
          ...Object.fromEntries(
            (
              [
                'executorCpuTimeMs',
                'jvmGcTime',
                'executorDeserializeTime',
                'inputBytes',
                'shuffleReadBytes',
                'shuffleWriteBytes',
                'memoryBytesSpilled',
                'diskBytesSpilled',
                'peakExecutionMemory',
              ] as const
            ).map((column) => [column, [0, 0, 0, 0, 0]]),
          ),
        },
      }));
      const simulation = simulate(speculated, { executors: [2] });

      expect(simulation.points[0]!.durationMs).to.equal(PLAIN_MS);
      expect(ids(simulation)).to.include('speculation');
    });

    it('replays local mode on the slots of the driver', () => {
      const local = { ...chainOfJobs([[100, 100, 100, 100]], { executors: 1, cores: 2 }) };
      const driver = { ...local, executors: [{ ...local.executors[0]!, id: 'driver', host: 'localhost' }] };
      const simulation = simulate(driver, { executors: [1] });

      expect(simulation.points[0]!.durationMs).to.equal(1000 + 200 + 50);
      expect(ids(simulation)).to.include('local-mode');
    });

    it('clamps a clock step: a job that ended before it was submitted', () => {
      const stepped = {
        ...plain,
        jobs: plain.jobs.map((job) => (job.jobId === 1 ? { ...job, submitted: 1990 } : job)),
        quality: { ...plain.quality, negativeTimes: 1 },
      };
      const simulation = simulate(stepped, { executors: [2] });

      expect(simulation.refusal).to.equal(undefined);
      expect(ids(simulation)).to.include('clock-steps');
    });
  });
});
