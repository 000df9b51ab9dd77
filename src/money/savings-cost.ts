import type { RunCost } from './run-cost.ts';

/** Amounts between which something lies. */
export interface MoneyRange {
  readonly low: number;
  readonly high: number;
  readonly currency: string;
}

/** Time of the run and core time of its executors that would not be needed. */
export interface SavedTime {
  readonly timeMs: { readonly low: number; readonly high: number };
  readonly coreMs: { readonly low: number; readonly high: number };
}

/**
 * What saved time is worth: core time at what the run's executors cost a core, time at what its driver costs.
 *
 * @returns never more than the run cost, nor less than nothing
 */
export function savingsCost({ timeMs, coreMs }: SavedTime, cost: RunCost): MoneyRange {
  const { usage, executors, driver, total, currency } = cost;
  const perCoreMs = usage.executorCoreMs === 0 ? 0 : executors / usage.executorCoreMs;
  const perMs = usage.durationMs === 0 ? 0 : driver / usage.durationMs;
  const worth = (end: 'low' | 'high'): number =>
    Math.max(0, Math.min(total, coreMs[end] * perCoreMs + timeMs[end] * perMs));
  return { low: worth('low'), high: worth('high'), currency };
}
