import { expect } from 'chai';
import type { RunDetail, StageDetail } from '../../src/documents/run-detail.ts';
import type { AssumptionId } from '../../src/simulation/assumptions.ts';
import { simulate, type SimulateOptions } from '../../src/simulation/simulate.ts';
import { chainOfJobs } from '../support/synthetic-run.ts';
import { whatIfRun } from '../support/whatif-runs.ts';

/** Nothing is odd about it: 4 slots on hosts of their own, 7 tasks. */
const plain = chainOfJobs([new Array<number>(7).fill(1000)], { executors: 2, cores: 2, firstJobMs: 100 });
const withStage = (change: Partial<StageDetail>): RunDetail => ({
  ...plain,
  stages: plain.stages.map((stage) => ({ ...stage, ...change })),
});

function namedBy(detail: RunDetail, options: Partial<SimulateOptions> = {}): AssumptionId[] {
  return simulate(detail, { executors: [2], ...options }).assumptions.map(({ id }) => id);
}

describe('simulation/assumptions', () => {
  it('are none for a plain run at its own size', () => {
    expect(namedBy(plain)).to.deep.equal([]);
  });

  it('name free scaling on more slots, while no store has shown otherwise', () => {
    expect(namedBy(plain, { executors: [4] })).to.deep.equal(['free-scaling']);
  });

  it('name partitions that follow the cores, and the range reaches to the other cut', () => {
    // 4 tasks on 4 slots: as measured 1 s on 8 slots too, cut anew into 8 half a second.
    const detail = chainOfJobs([[1000, 1000, 1000, 1000]], { executors: 2, cores: 2, firstJobMs: 100 });
    const { points, assumptions } = simulate(detail, { executors: [4] });

    expect(assumptions.map(({ id }) => id)).to.include('partitions-follow-cores');
    expect(points[0]!.durationMs).to.equal(1150);
    expect(points[0]!.durationLowMs).to.be.below(650);
  });

  it('expect a stage that adaptive execution coalesced to the cores to be cut anew: 4 of 1 s become 8 of half a second', () => {
    const cut = chainOfJobs([[100], [1000, 1000, 1000, 1000]], { executors: 2, cores: 2, firstJobMs: 100, gapMs: 0 });
    const jobs = [{ ...cut.jobs[0]!, stageIds: [0, 1], ended: cut.jobs[1]!.ended, sqlExecutionId: 1 }];
    const detail = {
      ...cut,
      jobs,
      stages: cut.stages.map((stage, i) => ({ ...stage, parentIds: i === 1 ? [0] : [] })),
    };
    const { points } = simulate(detail, { executors: [4] });

    expect(points[0]!.durationMs).to.equal(100 + 100 + 500 + 50);
    expect(points[0]!.durationHighMs).to.be.above(1250);
  });

  it('name what is odd about tasks: failures, speculation, spill, cache, retries', () => {
    const spilled = { ...plain.stages[0]!.quantiles!, memoryBytesSpilled: [0, 0, 0, 0, 0, 0, 9] as const };

    expect(namedBy(withStage({ failedTasks: 1 }))).to.include('failed-tasks');
    expect(namedBy(withStage({ speculativeTasks: 1 }))).to.include('speculation');
    expect(namedBy(withStage({ quantiles: spilled }), { coresPerExecutor: 4 })).to.include('memory-pressure');
    expect(namedBy(withStage({ quantiles: spilled }))).not.to.include('memory-pressure');
    expect(
      namedBy(withStage({ cached: { memoryBytes: 10, diskBytes: 0, partitions: 1, ofPartitions: 1 } }), {
        executors: [1],
      }),
    ).to.include('cached-data');
    expect(namedBy(withStage({ attemptId: 1 }))).to.include('retried-stages');
    expect(namedBy(withStage({ locality: { NODE_LOCAL: 7 } }), { executors: [4] })).to.include('locality');
    const batch = plain.jobs.map((job) => ({ ...job, description: 'id = 1<br/>runId = 2<br/>batch = 3' }));
    expect(namedBy({ ...plain, jobs: batch })).to.include('streaming');
    expect(namedBy({ ...plain, quality: { ...plain.quality, lostTaskEnds: 0 } })).not.to.include('lost-events');
  });

  it('name what is odd about the cluster: lost executors, one host, dynamic allocation, much driver time', () => {
    const lost = {
      ...plain,
      executors: plain.executors.map((life, i) => (i === 1 ? { ...life, removed: 2140 } : life)),
    };
    const slow = chainOfJobs([[1000]], { executors: 1, cores: 1, firstJobMs: 5000 });

    expect(namedBy(lost)).to.include('executors-lost');
    expect(namedBy(plain, { executors: [4], properties: { 'spark.master': 'local-cluster[2,2,1024]' } })).to.include(
      'shared-host',
    );
    expect(
      namedBy(plain, {
        properties: { 'spark.dynamicAllocation.enabled': 'true', 'spark.dynamicAllocation.initialExecutors': '2' },
      }),
    ).to.include('shuffle-tracking');
    expect(namedBy(slow, { executors: [2] })).to.include('driver-time-constant');
  });

  it('name guessed release rules where two threads of conc waited at once', () => {
    const { detail, properties } = whatIfRun('conc-4x4-r1');

    expect(namedBy(detail, { executors: [4], properties })).to.include('release-rule-guessed');
  });
});
