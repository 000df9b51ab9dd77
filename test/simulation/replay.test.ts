import { expect } from 'chai';
import fc from 'fast-check';
import { prepareRun } from '../../src/simulation/prepare.ts';
import { replay, type Cluster, type ClusterExecutor, type Replay } from '../../src/simulation/replay.ts';
import type { JobNode, RunModel, StageNode } from '../../src/simulation/run-model.ts';
import { UNBOUNDED } from '../../src/simulation/cluster.ts';
import { criticalPath } from '../../src/simulation/critical-path.ts';
import { chainOfJobs } from '../support/synthetic-run.ts';
import { sum } from '../../src/simulation/statistics.ts';

interface StageShape {
  readonly tasks: readonly number[];
  readonly parents?: readonly number[];
  readonly job?: number;
  readonly pool?: string;
  readonly profile?: number;
}

/** A model written by hand: all times 0 but those of the tasks. */
function modelOf(stages: readonly StageShape[], jobs: readonly Partial<JobNode>[] = [{}]): RunModel {
  const empty = prepareRun(chainOfJobs([], { executors: 1, cores: 1 }));
  const template = prepareRun(chainOfJobs([[1]], { executors: 1, cores: 1 })).stages[0]!;
  const nodes = stages.map(({ tasks, parents = [], job = 0, pool = 'default', profile = 0 }, stageId): StageNode => ({
    ...template,
    stageId,
    job,
    parents,
    pool,
    resourceProfileId: profile,
    runTimes: Float64Array.from(tasks),
    cold: new Uint8Array(tasks.length),
    delayMs: 0,
  }));
  return {
    ...empty,
    firstJobMs: 0,
    tailMs: 0,
    stages: nodes,
    jobs: jobs.map((job, jobId): JobNode => ({
      jobId,
      submittedMs: 0,
      endedMs: 0,
      release: jobId === 0 ? { kind: 'start' } : { kind: 'fork', job: 0, offsetMs: 0 },
      stages: nodes.flatMap((node, i) => (node.job === jobId ? [i] : [])),
      endDelayMs: 0,
      ...job,
    })),
  };
}

const executor = (slots: number, more: Partial<ClusterExecutor> = {}): ClusterExecutor => ({
  slots,
  cores: slots,
  addedMs: 0,
  removedMs: Infinity,
  resourceProfileId: 0,
  ...more,
});
const clusterOf = (...slots: number[]): Cluster => ({ executors: slots.map((count) => executor(count)) });

function play(
  model: RunModel,
  cluster: Cluster,
  options: Parameters<typeof replay>[3] = {},
  extra = { coldExtraMs: 0, firstWaveExtraMs: 0 },
): Replay {
  return replay(model, { warmMs: model.stages.map(({ runTimes }) => runTimes), ...extra }, cluster, options);
}

describe('simulation/replay', () => {
  describe('one stage', () => {
    const tasks = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 60 });
    const slots = fc.integer({ min: 1, max: 40 });

    it('lies between max(longest, W/S) and W/S + (1 - 1/S) × longest on 1000 random stages (Graham)', () => {
      fc.assert(
        fc.property(tasks, slots, (times, count) => {
          const { durationMs } = play(modelOf([{ tasks: times }]), clusterOf(count));
          const work = sum(times);
          const longest = Math.max(...times);

          expect(durationMs).to.be.at.least(Math.max(longest, work / count) - 1e-6);
          expect(durationMs).to.be.at.most(work / count + (1 - 1 / count) * longest + 1e-6);
        }),
        { numRuns: 1000 },
      );
    });

    it('takes ceil(N/S) waves of equal tasks, and never longer on more slots', () => {
      fc.assert(
        fc.property(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 1000 }), slots, (count, time, on) => {
          const at = (s: number): number =>
            play(modelOf([{ tasks: new Array<number>(count).fill(time) }]), clusterOf(s)).durationMs;

          expect(at(on)).to.equal(Math.ceil(count / on) * time);
          expect(at(on + 1)).to.be.at.most(at(on));
        }),
      );
    });

    it('takes the sum of its tasks on one slot and the longest of them on as many slots as tasks', () => {
      fc.assert(
        fc.property(tasks, (times) => {
          const model = modelOf([{ tasks: times }]);

          expect(play(model, clusterOf(1)).durationMs).to.be.closeTo(sum(times), 1e-6);
          expect(play(model, clusterOf(times.length)).durationMs).to.equal(Math.max(...times));
          expect(play(model, UNBOUNDED).durationMs).to.equal(Math.max(...times));
        }),
      );
    });

    it('is the same whether 12 slots stand on one executor or on six', () => {
      fc.assert(
        fc.property(tasks, (times) => {
          const model = modelOf([{ tasks: times }]);

          expect(play(model, clusterOf(12)).durationMs).to.equal(play(model, clusterOf(2, 2, 2, 2, 2, 2)).durationMs);
        }),
      );
    });
  });

  describe('a graph', () => {
    const diamond = modelOf([
      { tasks: [10, 10] },
      { tasks: [30], parents: [0] },
      { tasks: [20], parents: [0] },
      { tasks: [5], parents: [1, 2] },
    ]);

    it('takes 45 ms through the long side of a diamond on 2 slots, and 75 ms on one', () => {
      expect(play(diamond, clusterOf(2)).durationMs).to.equal(10 + 30 + 5);
      expect(play(diamond, clusterOf(1)).durationMs).to.equal(20 + 30 + 20 + 5);
    });

    it('is never below W/S nor below the longest chain, and two replays agree', () => {
      const shape = fc.array(
        fc.record({ tasks: fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 12 }), from: fc.nat(7) }),
        { minLength: 1, maxLength: 8 },
      );
      fc.assert(
        fc.property(shape, fc.integer({ min: 1, max: 16 }), (stages, slots) => {
          const model = modelOf(stages.map(({ tasks, from }, i) => ({ tasks, parents: from < i ? [from] : [] })));
          const first = play(model, clusterOf(slots));

          expect(first.durationMs).to.be.at.least(sum(stages.map(({ tasks }) => sum(tasks))) / slots - 1e-6);
          expect(first.durationMs).to.be.at.least(play(model, UNBOUNDED).durationMs - 1e-6);
          expect(play(model, clusterOf(slots))).to.deep.equal(first);
          expect(sum(criticalPath(model, first).map(({ durationMs }) => durationMs))).to.be.closeTo(
            first.durationMs,
            1e-6,
          );
        }),
      );
    });

    it('names the stages that decide: 0, 1 and 3 of the diamond', () => {
      const path = criticalPath(diamond, play(diamond, clusterOf(2)));

      expect(path.map(({ kind, stageId, durationMs }) => [kind, stageId, durationMs])).to.deep.equal([
        ['stage', 0, 10],
        ['stage', 1, 30],
        ['stage', 3, 5],
      ]);
    });

    it('finishes a stage of 0 tasks at once', () => {
      expect(play(modelOf([{ tasks: [] }, { tasks: [7], parents: [0] }]), clusterOf(1)).durationMs).to.equal(7);
    });
  });

  describe('jobs', () => {
    const two = [{ tasks: [100, 100] }, { tasks: [50], job: 1 }];

    it('gives slots to the earlier job first: 2 tasks of 100 ms hold one of 50 ms back on 2 slots', () => {
      const { jobEnd } = play(modelOf(two, [{}, {}]), clusterOf(2));

      expect([...jobEnd]).to.deep.equal([100, 150]);
    });

    it('waits for all before a barrier, with the gap after the latest', () => {
      const barrier: Partial<JobNode> = { release: { kind: 'after', jobs: [0, 1], gapMs: 30, rule: 'barrier' } };
      const model = modelOf([...two, { tasks: [10], job: 2 }], [{}, {}, barrier]);

      expect(play(model, clusterOf(3)).durationMs).to.equal(100 + 30 + 10);
      expect(play(model, clusterOf(3), { driverGapFactor: () => 0 }).durationMs).to.equal(100 + 10);
    });

    it('keeps the length of a job without stages', () => {
      expect(play(modelOf([], [{ endDelayMs: 70 }]), clusterOf(1)).durationMs).to.equal(70);
    });

    it('plays 200 overlapping jobs on 4 slots in the time of their work', () => {
      const stages = Array.from({ length: 200 }, (_, job) => ({ tasks: [10, 10], job }));

      expect(
        play(
          modelOf(
            stages,
            stages.map(() => ({})),
          ),
          clusterOf(4),
        ).durationMs,
      ).to.equal((200 * 20) / 4);
    });
  });

  describe('FAIR pools', () => {
    const pools = [
      { tasks: new Array<number>(40).fill(10), pool: 'a' },
      { tasks: new Array<number>(20).fill(10), job: 1, pool: 'b' },
    ];
    const model = modelOf(pools, [{}, {}]);

    it('shares 4 slots evenly, so that 20 tasks of pool b end after 100 ms beside 40 of pool a', () => {
      const { jobEnd } = play(model, clusterOf(4), { pools: { fair: true } });

      expect([...jobEnd]).to.deep.equal([150, 100]);
      expect([...play(model, clusterOf(4), { pools: { fair: false } }).jobEnd]).to.deep.equal([100, 150]);
    });

    it('gives pool b three quarters of the slots at weight 3, and all it needs below its minimum share', () => {
      const weighted = play(model, clusterOf(4), { pools: { fair: true, byName: { b: { weight: 3, minShare: 0 } } } });
      const served = play(model, clusterOf(4), { pools: { fair: true, byName: { b: { weight: 1, minShare: 4 } } } });

      expect(weighted.jobEnd[1]).to.equal(70);
      expect(served.jobEnd[1]).to.equal(50);
    });
  });

  describe('executors', () => {
    const twelve = modelOf([{ tasks: new Array<number>(12).fill(10) }]);

    it('of 4 and 8 slots take 12 tasks in one wave', () => {
      expect(play(twelve, clusterOf(4, 8)).durationMs).to.equal(10);
    });

    it('that come after 15 ms help from then on', () => {
      const late = { executors: [executor(2), executor(8, { addedMs: 15 })] };

      expect(play(twelve, late).durationMs).to.equal(25);
    });

    it('that go stop taking tasks', () => {
      const leaving = { executors: [executor(1), executor(1, { removedMs: 10 })] };

      expect(play(twelve, leaving).durationMs).to.equal(110);
      expect(play(twelve, leaving).aliveSlotMs).to.equal(110 + 10);
    });

    it('pay for their first task on each slot once, and stages for their first wave', () => {
      const { durationMs } = play(twelve, clusterOf(4), {}, { coldExtraMs: 100, firstWaveExtraMs: 5 });

      expect(durationMs).to.equal(115 + 10 + 10);
    });

    it('twice as slow take twice as long', () => {
      expect(
        play(modelOf([{ tasks: [10, 10] }]), { executors: [executor(1), executor(1, { slowness: 2 })] }).durationMs,
      ).to.equal(20);
    });

    it('serve the stages of their own resource profile; without any the run cannot finish', () => {
      const model = modelOf([{ tasks: [10, 10] }, { tasks: [10, 10], profile: 1 }]);

      expect(play(model, { executors: [executor(2), executor(1, { resourceProfileId: 1 })] }).durationMs).to.equal(20);
      expect(play(model, clusterOf(2)).complete).to.equal(false);
    });
  });

  describe('dynamic allocation', () => {
    const policy = {
      initialExecutors: 1,
      minExecutors: 1,
      maxExecutors: 4,
      backlogMs: 1000,
      sustainedBacklogMs: 1000,
      idleMs: 4000,
      cachedIdleMs: Infinity,
      keepsShuffle: true,
    };
    const cluster: Cluster = { executors: [executor(1)], newExecutor: executor(1), policy, requestLatencyMs: 500 };

    it('adds 1 executor after the backlog timeout and 2 a second later, each half a second after it was asked for', () => {
      // By hand: slots from 0, 1500, 2500 and 2500 ms; 12 tasks of 1 s end at 1,2,3,4,5 | 2.5,3.5,4.5 | 3.5,4.5 | 3.5,4.5.
      const { durationMs, executorsUsed, aliveCoreMs } = play(
        modelOf([{ tasks: new Array<number>(12).fill(1000) }]),
        cluster,
      );

      expect(durationMs).to.equal(5000);
      expect(executorsUsed).to.equal(4);
      expect(aliveCoreMs).to.equal(5000 + 3500 + 2500 + 2500);
    });

    it('starts from 0 executors', () => {
      const none: Cluster = { ...cluster, executors: [], policy: { ...policy, initialExecutors: 0, minExecutors: 0 } };

      expect(play(modelOf([{ tasks: [1000] }]), none).durationMs).to.equal(1000 + 500 + 1000);
    });

    it('lets idle executors go after 4 s, but for the minimum and those that hold shuffle files', () => {
      const gap: Partial<JobNode> = { release: { kind: 'after', jobs: [0], gapMs: 10_000, rule: 'barrier' } };
      const stages = [{ tasks: new Array<number>(12).fill(1000) }, { tasks: [1000], job: 1 }];
      const idle = play(modelOf(stages, [{}, gap]), cluster);
      const shuffling = modelOf(stages, [{}, gap]);
      const held = play(
        { ...shuffling, stages: shuffling.stages.map((stage) => ({ ...stage, writesShuffle: true })) },
        cluster,
      );

      expect(idle.durationMs).to.equal(5000 + 10_000 + 1000);
      expect(held.aliveCoreMs).to.equal(16_000 + 14_500 + 13_500 + 13_500);
      expect(idle.aliveCoreMs).to.be.below(held.aliveCoreMs);
    });

    it('stops when a stage can never run', () => {
      expect(play(modelOf([{ tasks: [10], profile: 9 }]), cluster).complete).to.equal(false);
    });
  });
});
