import type { Outcome } from './candidate.ts';

/** Runs that failed within this share of the longest are taken to have been stopped, not to have crashed. */
const NEAR_THE_LIMIT = 0.98;
/** One long failure may be chance; two of the same length are a rule. */
const LEAST_STOPPED = 2;

/**
 * The time after which runs are stopped, as the outcomes show it: several failures of the same length, and no longer success.
 *
 * @returns seconds; Infinity when no such limit shows
 */
export function timeLimit(outcomes: readonly Outcome[]): number {
  const longest = (completed: boolean): number =>
    outcomes.reduce((most, outcome) => (outcome.completed === completed ? Math.max(most, outcome.seconds) : most), 0);
  const limit = longest(false);
  const stopped = outcomes.filter((outcome) => wasStopped(outcome, limit));
  return stopped.length >= LEAST_STOPPED && longest(true) <= limit ? limit : Infinity;
}

/** Whether a run was ended by the limit: it would have taken at least that long. */
export function wasStopped({ completed, seconds }: Outcome, limit: number): boolean {
  return !completed && seconds >= NEAR_THE_LIMIT * limit;
}
