/* eslint-disable @typescript-eslint/no-non-null-assertion -- the hot loop: every index below is one of the array it is used on */
import type { TaskTimes } from './replay.ts';
import type { RunModel, StageNode } from './run-model.ts';
import { recut } from './work.ts';

/** What a task costs beyond its work on the cluster to simulate. Milliseconds. */
export interface TargetCosts {
  /** From the application's start to the first job. */
  readonly firstJobMs: number;
  readonly warmOverheadMs: number;
  /** Of a task in the first wave of its stage, beyond a warm one. */
  readonly firstWaveExtraMs: number;
  /** Of a task among the first of its executor, beyond a warm one: overhead and run time together. */
  readonly coldExtraMs: number;
  /** Shift of every task's run time between the sizes: contention that grows with slots. */
  readonly contentionMs: number;
}

/** How many tasks to cut a stage into; `undefined` leaves it as measured. */
export type Widths = (stage: StageNode) => number | undefined;

/** No correction may take a task below this share of what it was measured to take. */
const LEAST_SHARE = 0.3;

/** The slot time of every task on a warm core of the cluster to simulate. */
export function taskTimes(model: RunModel, costs: TargetCosts, widths?: Widths): TaskTimes {
  const warmMs = model.stages.map((stage) => {
    const width = widths?.(stage);
    if (width !== undefined && width !== stage.runTimes.length && stage.runTimes.length > 0) {
      return recut(workOf(model, stage, 0), width).map(
        (work) => work + Math.max(LEAST_SHARE * work - work, costs.contentionMs) + costs.warmOverheadMs,
      );
    }
    const times = workOf(model, stage, costs.contentionMs);
    for (let i = 0; i < times.length; i++) times[i] = times[i]! + costs.warmOverheadMs;
    return times;
  });
  return { warmMs, coldExtraMs: costs.coldExtraMs, firstWaveExtraMs: costs.firstWaveExtraMs };
}

/** Run times without what the source's young JVMs added, shifted, and never below a share of what was measured. */
function workOf(model: RunModel, stage: StageNode, shiftMs: number): Float64Array {
  const { runTimes, cold } = stage;
  const coldMs = model.costs.coldRunTimeMs;
  const work = new Float64Array(runTimes.length);
  for (let i = 0; i < work.length; i++) {
    const runTime = runTimes[i]!;
    const shifted = runTime + shiftMs - (cold[i] === 1 ? coldMs : 0);
    work[i] = shifted > LEAST_SHARE * runTime ? shifted : LEAST_SHARE * runTime;
  }
  return work;
}
