import { expect } from 'chai';
import fc from 'fast-check';
import { prepareRun } from '../../src/simulation/prepare.ts';
import {
  timing,
  withoutColdStart,
  withoutDriverGaps,
  withoutFailedTasks,
  withoutGarbageCollection,
  withoutSkew,
  withoutSlowHost,
  withoutSpill,
  withoutTinyTasks,
  type Remedy,
} from '../../src/simulation/remedies.ts';
import { savingsOf, smallestSize } from '../../src/simulation/savings.ts';
import { sum } from '../../src/simulation/statistics.ts';
import type { RunModel } from '../../src/simulation/run-model.ts';
import { chainOfJobs } from '../support/synthetic-run.ts';
import { whatIfRun } from '../support/whatif-runs.ts';

const everywhere = (): boolean => true;
const onStage =
  (stageId: number) =>
  (stage: { readonly stageId: number }): boolean =>
    stage.stageId === stageId;

function faster(id: string, stageId: number, factor: number): Remedy {
  return timing(id, onStage(stageId), 'measured', ({ runTimes }) => runTimes.map((time) => time * factor));
}

/** 1000 ms, then 7 tasks of 100 ms and one of 900 in the second wave on 4 slots, 100 ms, then 4 of 200, 50 ms. */
const skewed = prepareRun(
  chainOfJobs(
    [
      [100, 100, 100, 100, 900, 100, 100, 100],
      [200, 200, 200, 200],
    ],
    { executors: 2, cores: 2 },
  ),
);

describe('simulation/savings', () => {
  it('splits a task of 900 ms among 7 of 100 ms on 4 slots into 9: the stage takes 400 instead of 1000 ms', () => {
    const { totalMs, baseMs, savings } = savingsOf(skewed, [withoutSkew('skew', everywhere)]);

    expect(baseMs).to.equal(1000 + 1000 + 100 + 200 + 50);
    expect(totalMs).to.equal(600);
    expect(savings[0]).to.deep.equal({
      id: 'skew',
      aloneMs: 600,
      lastMs: 600,
      lowMs: 600,
      highMs: 600,
      shareMs: 600,
      coreMs: 2400,
    });
  });

  it('counts an overlap once: two remedies of the same 900 ms task share what either saves alone', () => {
    const { totalMs, savings } = savingsOf(skewed, [withoutSkew('a', everywhere), withoutSkew('b', everywhere)]);

    expect(totalMs).to.equal(600);
    expect(savings.map(({ aloneMs, lastMs, shareMs }) => [aloneMs, lastMs, shareMs])).to.deep.equal([
      [600, 0, 300],
      [600, 0, 300],
    ]);
  });

  it('saves nothing off the critical path, however skewed', () => {
    const model: RunModel = {
      ...skewed,
      stages: skewed.stages.map((stage) => ({ ...stage, job: 0 })),
      jobs: skewed.jobs.slice(0, 1).map((job) => ({ ...job, stages: [0, 1] })),
    };

    expect(savingsOf(model, [faster('short', 1, 0.1)]).totalMs).to.be.at.most(1);
  });

  it('takes the driver gap of 100 ms before job 1 as the most that could be saved', () => {
    const { savings } = savingsOf(skewed, [withoutDriverGaps('gap', [1])]);

    expect(savings[0]).to.include({ aloneMs: 100, lowMs: 0, highMs: 100 });
  });

  it('takes garbage collection, slow hosts and spill off the tasks that show them', () => {
    const model: RunModel = {
      ...skewed,
      stages: skewed.stages.map((stage) => ({
        ...stage,
        measured: {
          ...stage.measured,
          gcTimes: stage.runTimes.map((time) => time / 2),
          spilledBytes: stage.runTimes.map((time) => (time === 900 ? 1 : 0)),
          readBytes: stage.runTimes.map((time) => (time === 900 ? 300 : 100)),
          executors: Int32Array.from(stage.runTimes, (time) => (time === 900 ? 1 : 0)),
        },
      })),
    };

    expect(savingsOf(model, [withoutGarbageCollection('gc', onStage(0))]).totalMs).to.equal(500);
    expect(savingsOf(model, [withoutSlowHost('host', (executor) => (executor === 1 ? 3 : 1))]).totalMs).to.equal(600);
    // Byte for byte the spilling task would take 300 ms; how much of the rest was spill is not known.
    expect(savingsOf(model, [withoutSpill('spill', onStage(0))]).savings[0]).to.include({ lowMs: 0, highMs: 600 });
  });

  it('merges 40 tasks of 10 ms into 4 of 100, so that 4 slots pay the overhead of 5 ms once', () => {
    const tiny = prepareRun(chainOfJobs([new Array<number>(40).fill(10)], { executors: 1, cores: 4 }));
    const model: RunModel = { ...tiny, costs: { ...tiny.costs, warmOverheadMs: 5 } };

    expect(savingsOf(model, [withoutTinyTasks('tiny', everywhere)]).totalMs).to.equal(10 * 15 - 105);
  });

  it('drops failed attempts', () => {
    const model: RunModel = {
      ...skewed,
      stages: skewed.stages.map((stage) => ({
        ...stage,
        measured: { ...stage.measured, failed: Uint8Array.from(stage.runTimes, (time) => (time === 900 ? 1 : 0)) },
      })),
    };

    expect(savingsOf(model, [withoutFailedTasks('failed')]).totalMs).to.equal(1000 - 200);
  });

  it('never saves less than 0 nor, together, more than the floor allows; the shares add up (300 random runs)', () => {
    const stages = fc.array(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 5,
    });
    const kinds = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 7 });
    fc.assert(
      fc.property(stages, kinds, fc.integer({ min: 1, max: 3 }), (list, chosen, executors) => {
        const model = prepareRun(chainOfJobs(list, { executors, cores: 2 }));
        const remedies = chosen.map(([kind, stageId], i): Remedy => {
          const id = String(i);
          if (kind === 0) return withoutSkew(id, onStage(stageId));
          if (kind === 1) return withoutTinyTasks(id, onStage(stageId));
          if (kind === 2) return withoutDriverGaps(id, [stageId]);
          return kind === 3 ? withoutColdStart(id) : faster(id, stageId, 0.5);
        });
        const result = savingsOf(model, remedies);

        expect(result.totalMs).to.be.within(0, Math.max(0, result.baseMs - result.floorMs) + 1e-6);
        expect(result.remediedMs).to.be.closeTo(result.baseMs - result.totalMs, 1e-6);
        expect(sum(result.savings.map(({ shareMs }) => shareMs))).to.be.closeTo(
          result.savings.some(({ shareMs }) => shareMs > 0) ? result.totalMs : 0,
          1e-6,
        );
        for (const { lowMs, highMs, aloneMs, lastMs } of result.savings) {
          expect(Math.min(lowMs, highMs, aloneMs, lastMs)).to.be.at.least(0);
          expect(lowMs).to.be.at.most(highMs);
        }
      }),
      { numRuns: 300 },
    );
  });

  describe('the skew of etl removed, against real reruns without it (etlfix)', () => {
    for (const [name, fixed] of [
      ['etl-2x2-r1', 'etlfix-2x2-r1'],
      ['etl-2x2-r2', 'etlfix-2x2-r1'],
      ['etl-4x4-r1', 'etlfix-4x4-r1'],
    ] as const) {
      it(`saves of ${name} what the rerun really saved in that stage, within 10 %`, () => {
        const stageTime = (run: string): number => {
          const stage = whatIfRun(run).detail.stages.find(({ stageId }) => stageId === 1)!;
          return stage.completed! - stage.submitted!;
        };
        const { detail, properties } = whatIfRun(name);
        const { totalMs } = savingsOf(prepareRun(detail, { properties }), [withoutSkew('skew', onStage(1))]);

        expect(totalMs / (stageTime(name) - stageTime(fixed))).to.be.within(0.9, 1.1);
      });
    }
  });

  it('finds the fewest executors within 5 % of the time: 4 of 16 where only 4 tasks run at a time', () => {
    const model = prepareRun(chainOfJobs([[1000, 1000, 1000, 1000]], { executors: 16, cores: 1 }));

    expect(smallestSize(model)).to.deep.equal({ executors: 4, coresPerExecutor: 1, durationMs: 2050 });
  });
});
