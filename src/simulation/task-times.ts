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
/** Nor may contention, measured on tasks of 100 ms to some seconds, change a shorter one by more than this share. */
const MOST_CONTENTION_SHARE = 0.25;

/** The slot time of every task on a warm core of the cluster to simulate. */
export function taskTimes(model: RunModel, costs: TargetCosts, widths?: Widths): TaskTimes {
  const warmMs = model.stages.map((stage) => {
    const work = workOf(model, stage);
    const width = widths?.(stage);
    const times = width === undefined || width === work.length || work.length === 0 ? work : recut(work, width);
    for (let i = 0; i < times.length; i++) times[i] = shifted(times[i]!, costs.contentionMs) + costs.warmOverheadMs;
    return times;
  });
  return { warmMs, coldExtraMs: costs.coldExtraMs, firstWaveExtraMs: costs.firstWaveExtraMs };
}

/** Run times without what the source's young JVMs added, and never below a share of what was measured. */
function workOf(model: RunModel, stage: StageNode): Float64Array {
  const work = stage.runTimes.slice();
  const coldMs = model.costs.coldRunTimeMs;
  if (coldMs === 0) return work;
  for (let i = 0; i < work.length; i++) {
    const runTime = work[i]!;
    if (stage.cold[i] === 1) work[i] = Math.max(runTime - coldMs, LEAST_SHARE * runTime);
  }
  return work;
}

function shifted(runTime: number, shiftMs: number): number {
  const most = MOST_CONTENTION_SHARE * runTime;
  return runTime + (shiftMs > most ? most : shiftMs < -most ? -most : shiftMs);
}
