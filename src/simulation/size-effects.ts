import type { RunModel } from './run-model.ts';
import type { TargetCosts } from './task-times.ts';

/**
 * How start-up and task costs change with the size of the cluster: milliseconds per unit of √slots.
 *
 * Executors on one host share its cores, so young JVMs and first tasks, which compute, take longer the more of them
 * there are. The square root lies between what a logarithm and a straight line say of 1 to 16 slots, and errs least
 * on applications that were not used to fit it (docs/simulation.md).
 */
export interface SizeEffects {
  /** On the time from the application's start to its first job, per √ of the slots it starts with. */
  readonly firstJobMs: number;
  /** On the extra time of an executor's first tasks, per √ of the slots it starts with. */
  readonly coldTaskMs: number;
  readonly warmOverheadMs: number;
  readonly firstWaveOverheadMs: number;
  /** On every task's run time. */
  readonly contentionMs: number;
}

/** Executors on hosts of their own: another size changes nothing that one log could tell. */
export const NO_EFFECTS: SizeEffects = {
  firstJobMs: 0,
  coldTaskMs: 0,
  warmOverheadMs: 0,
  firstWaveOverheadMs: 0,
  contentionMs: 0,
};

/**
 * Executors that share one host, where nothing better is known.
 *
 * Fitted by {@link learnSizeEffects} on 21 runs of four applications at 1 to 16 slots on a host of two cores
 * (`npm run bench simulation` prints the fit and the errors of each application without itself).
 */
export const SHARED_HOST_EFFECTS: SizeEffects = {
  firstJobMs: 436,
  coldTaskMs: 261,
  warmOverheadMs: 7,
  firstWaveOverheadMs: 13,
  contentionMs: 36,
};

/** The slots that matter: those an application starts with, and all it may have. */
export interface Slots {
  readonly initial: number;
  readonly most: number;
}

const LEAST_OVERHEAD_MS = 5;
const MOST_OVERHEAD_FACTOR = 3;
const LEAST_COLD_SHARE = 0.3;

/** What tasks cost at another size: as measured in the source, moved by the effects of size. */
export function targetCosts(model: RunModel, from: Slots, to: Slots, effects: SizeEffects): TargetCosts {
  const initial = Math.sqrt(to.initial) - Math.sqrt(from.initial);
  const most = Math.sqrt(to.most) - Math.sqrt(from.most);
  const { warmOverheadMs, firstWaveOverheadMs, coldOverheadMs, coldRunTimeMs } = model.costs;
  const coldMs = coldOverheadMs + coldRunTimeMs;
  const firstWave = firstWaveOverheadMs - warmOverheadMs;
  return {
    firstJobMs: Math.max(0, model.firstJobMs + effects.firstJobMs * initial),
    warmOverheadMs: Math.min(
      MOST_OVERHEAD_FACTOR * warmOverheadMs,
      Math.max(Math.min(LEAST_OVERHEAD_MS, warmOverheadMs), warmOverheadMs + effects.warmOverheadMs * most),
    ),
    firstWaveExtraMs: Math.max(0, firstWave + (effects.firstWaveOverheadMs - effects.warmOverheadMs) * most),
    coldExtraMs: Math.max(LEAST_COLD_SHARE * coldMs, coldMs + effects.coldTaskMs * initial),
    contentionMs: effects.contentionMs * most,
  };
}
