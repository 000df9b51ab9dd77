import { splitChange } from './log-mean.ts';
import type { Matching } from './match.ts';
import type { RunClock, TimedStage } from './run-clock.ts';
import { SPENT_ON, taskTimeOf, totalTime, workOf } from './stage-cost.ts';

/** Why one run took longer than another; each moment of the difference has exactly one of these. */
export const CAUSES = {
  data: 'more or less data in the same stages',
  cpu: 'computing per byte',
  gc: 'garbage collection per byte',
  shuffleWait: 'waiting for shuffles per byte',
  rest: 'disks, locks and starting tasks, per byte',
  failures: 'failed and repeated work',
  executors: 'task slots there were',
  occupancy: 'how many of the slots had work (skew, few tasks, waiting for executors)',
  plan: 'stages that only one of them has',
  start: 'until the first stage',
  driver: 'between and after stages, in the driver alone',
  unexplained: 'not explained by what is stored',
} as const;
export type Cause = keyof typeof CAUSES;

export type Parts = Readonly<Record<Cause, number>>;

/** A stage of both runs, with what became of its part of the clock. */
export interface StageChange {
  readonly before: TimedStage;
  readonly after: TimedStage;
  readonly changeMs: number;
  readonly parts: Parts;
}

export interface Attribution {
  /** Milliseconds by cause; they add up to the difference of the two durations. */
  readonly parts: Parts;
  readonly stages: readonly StageChange[];
}

/**
 * Says of every millisecond between two runs where it comes from.
 *
 * Both clocks are cut into parts that do not overlap (start, stages, driver), so their differences add up; a stage that
 * both runs have is work × time per work ÷ (slots × share of them busy), and its difference is split among these factors
 * without rest (`log-mean.ts`). docs/comparison.md has the formulas.
 */
export function attribute(before: RunClock, after: RunClock, matching: Matching<TimedStage>): Attribution {
  const stages = matching.pairs.map(([a, b]) => stageChange(a, b));
  const total = emptyParts();
  for (const { parts } of stages) for (const cause of keysOf(total)) total[cause] += parts[cause];
  for (const { stage, ownMs } of matching.onlyAfter) total[stage.attemptId > 0 ? 'failures' : 'plan'] += ownMs;
  for (const { stage, ownMs } of matching.onlyBefore) total[stage.attemptId > 0 ? 'failures' : 'plan'] -= ownMs;
  total.start = after.startMs - before.startMs;
  total.driver = after.driverMs - before.driverMs;
  const change = after.durationMs - before.durationMs;
  total.unexplained = change - sum(Object.values(total));
  return { parts: inWholeMs(total, change), stages };
}

/** Where nothing is known but the durations. */
export function unexplained(changeMs: number): Attribution {
  return { parts: inWholeMs({ ...emptyParts(), unexplained: changeMs }, changeMs), stages: [] };
}

function stageChange(before: TimedStage, after: TimedStage): StageChange {
  const parts = emptyParts();
  const changeMs = after.ownMs - before.ownMs;
  const withSlotTime = before.stage.tasks !== undefined && after.stage.tasks !== undefined;
  const spentBefore = taskTimeOf(before.stage, withSlotTime);
  const spentAfter = taskTimeOf(after.stage, withSlotTime);
  const [totalBefore, totalAfter] = [totalTime(spentBefore), totalTime(spentAfter)];
  if (totalBefore <= 0 || totalAfter <= 0 || before.slots <= 0 || after.slots <= 0) {
    // Its tasks are not known to have run, or nothing could run them: nobody was busy.
    parts.occupancy = changeMs;
    return { before, after, changeMs, parts };
  }
  const [workBefore, workAfter] = workOf(before.stage.sums, after.stage.sums) ?? [1, 1];
  const busyBefore = totalBefore / Math.max(before.ownMs * before.slots, Number.MIN_VALUE);
  const busyAfter = totalAfter / Math.max(after.ownMs * after.slots, Number.MIN_VALUE);
  for (const kind of SPENT_ON) {
    const [data = 0, perWork = 0, slots = 0, busy = 0] = splitChange({
      before: [workBefore, spentBefore[kind] / workBefore, 1 / before.slots, 1 / busyBefore],
      after: [workAfter, spentAfter[kind] / workAfter, 1 / after.slots, 1 / busyAfter],
    });
    parts.data += data;
    parts[kind] += perWork;
    parts.executors += slots;
    parts.occupancy += busy;
  }
  parts.failures = (after.ownMs * spentAfter.lost) / totalAfter - (before.ownMs * spentBefore.lost) / totalBefore;
  return { before, after, changeMs, parts };
}

function emptyParts(): Record<Cause, number> {
  return Object.fromEntries(Object.keys(CAUSES).map((cause) => [cause, 0])) as Record<Cause, number>;
}

function keysOf(parts: Parts): readonly Cause[] {
  return Object.keys(parts) as Cause[];
}

/** Whole milliseconds with the same sum: what rounding leaves goes to the parts it cut most. */
function inWholeMs(parts: Readonly<Record<Cause, number>>, total: number): Parts {
  const floors = keysOf(parts).map((cause) => ({ cause, floor: Math.floor(parts[cause]), exact: parts[cause] }));
  let left = Math.round(total) - sum(floors.map(({ floor }) => floor));
  const byCut = floors.toSorted((a, b) => b.exact - b.floor - (a.exact - a.floor));
  const whole = emptyParts();
  for (const { cause, floor } of byCut) {
    const step = left > 0 ? 1 : 0;
    left -= step;
    whole[cause] = floor + step;
  }
  return whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
