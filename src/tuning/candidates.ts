import type { Configuration } from '../setter/history-run.ts';
import type { Range, Round, Trial, TuningBounds, TuningSession } from './session.ts';
import { isSameConfiguration, trialsOf } from './session.ts';

/** Steps of one setting, as a factor of the best known. */
const FACTORS = [0.25, 1 / 3, 0.5, 0.7, 1, 1.5, 2, 3, 4] as const;
/** A factor of 2 at most, until a round was better. */
const FIRST_REACH = Math.LN2;
const LEAST_REACH = Math.LN2 / 2;
const MOST_REACH = 2 * Math.LN2;
/** Waves of tasks that even out what slots get; more tasks than that only cost their starts, unless they spill. */
const ENOUGH_WAVES = 4;
/** Less heap than a run had is tried only when this much more than it ever used is left. */
const SPARE_HEAP = 1.25;
const MIB = 2 ** 20;

/**
 * Configurations around the best known: a few steps of each setting, no further than the rounds so far allow.
 *
 * Left out are those that a failed run or a spilling one says are worse, those with more slots than partitions
 * (some would idle) unless the best is such, what was tried already, and less heap for a core than is known to be enough:
 * a run that dies of it is the worst that can happen.
 */
export function candidatesAround(best: Configuration, session: TuningSession): Configuration[] {
  const { bounds } = session.settings;
  const reach = reachAfter(session.rounds);
  const values = (name: keyof TuningBounds): number[] => stepsOf(best[name], bounds[name], reach);
  const spilled = trialsOf(session).filter(({ spilledBytes }) => spilledBytes > 0);
  const leastPerCore = leastHeapPerCore(trialsOf(session));
  const tried = session.rounds.map(({ configuration }) => configuration);
  const failed = session.rounds.filter(({ verdict }) => verdict === 'failed').map(({ configuration }) => configuration);
  const waves = Math.min(1, best.shufflePartitions / (best.executors * best.coresPerExecutor));
  const found: Configuration[] = [];
  for (const executors of values('executors'))
    for (const coresPerExecutor of values('coresPerExecutor'))
      for (const memoryMib of values('memoryMib'))
        for (const shufflePartitions of values('shufflePartitions')) {
          const candidate = { ...best, executors, coresPerExecutor, memoryMib, shufflePartitions };
          if ([best, ...tried].some((each) => isSameConfiguration(candidate, each))) continue;
          if (shufflePartitions < waves * executors * coresPerExecutor) continue;
          if (spilled.length === 0 && isNeedlesslyFine(candidate, best)) continue;
          if (perCore(candidate) < leastPerCore) continue;
          if (spilled.some(({ configuration }) => isTighter(candidate, configuration))) continue;
          if (failed.some((each) => isNoRoomier(candidate, each))) continue;
          found.push(candidate);
        }
  return found;
}

/** More partitions than the best has, and than its slots need. */
function isNeedlesslyFine(candidate: Configuration, best: Configuration): boolean {
  const { executors, coresPerExecutor, shufflePartitions } = candidate;
  return shufflePartitions > best.shufflePartitions && shufflePartitions > ENOUGH_WAVES * executors * coresPerExecutor;
}

/** MiB: the least that a run got along with; less when none used much of it. */
function leastHeapPerCore(trials: readonly Trial[]): number {
  const had = Math.min(...trials.map(({ configuration }) => perCore(configuration)));
  const used = trials.map(
    ({ peakMemoryBytes = Infinity, configuration }) => peakMemoryBytes / MIB / configuration.coresPerExecutor,
  );
  return Math.min(had, SPARE_HEAP * Math.max(...used));
}

/** How far one setting may move, as a logarithm: half again further after a better round, half after a setback. */
export function reachAfter(rounds: readonly Round[]): number {
  return rounds.reduce((reach, { verdict }) => {
    if (verdict === 'better') return Math.min(MOST_REACH, reach * 1.5);
    return verdict === 'kept' ? reach : Math.max(LEAST_REACH, reach / 2);
  }, FIRST_REACH);
}

/** Whole values within the bounds and the reach, ascending, the one it starts from among them. */
function stepsOf(from: number, { min, max }: Range, reach: number): number[] {
  const near = FACTORS.filter((factor) => Math.abs(Math.log(factor)) <= reach + 1e-9)
    .map((factor) => Math.round(from * factor))
    .filter((value) => value >= Math.max(1, min) && value <= max);
  return [...new Set([...near, from])].sort((a, b) => a - b);
}

/** Less memory for each core than a run that spilled, and tasks that are not smaller by as much. */
function isTighter(candidate: Configuration, spilled: Configuration): boolean {
  return perCore(candidate) < perCore(spilled) && room(candidate) < room(spilled);
}

/** No more memory for each core or for each byte of a task, and no more executors than a run that failed. */
function isNoRoomier(candidate: Configuration, failed: Configuration): boolean {
  return (
    perCore(candidate) <= perCore(failed) && room(candidate) <= room(failed) && candidate.executors <= failed.executors
  );
}

/** Memory of a core for what a task works on: with twice the partitions a task has half the data. */
function room(configuration: Configuration): number {
  return perCore(configuration) * configuration.shufflePartitions;
}

function perCore({ memoryMib, coresPerExecutor }: Configuration): number {
  return memoryMib / coresPerExecutor;
}
