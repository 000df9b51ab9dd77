import type { Configuration, HistoryRun } from './history-run.ts';

/** A larger input than this would not have fitted either: what runs up to it showed counts. */
export const SAME_SIZE_RATIO = 1.15;
/** From here on collecting garbage is a finding (docs/heuristics). */
const MUCH_GC = 0.1;

/** What the runs of about this size, or smaller, forbid. */
export interface Bounds {
  /** MiB of heap for each core that a suggestion must have, and why; 0 without a reason. */
  readonly leastHeapPerCore: number;
  readonly because: readonly string[];
  /** More shuffle partitions would not help: a few large tasks spilled, not most of them. */
  readonly mostPartitions: number;
}

/**
 * The bounds that the findings of runs set.
 *
 * Spill of most tasks bounds memory only for as many partitions as the run had, which {@link contradicts} looks at; a task that ran out of
 * memory, much garbage collection, or spill by skew bound it whatever the partitions.
 *
 * @param runs - of the application, newest first
 */
export function boundsOf(runs: readonly HistoryRun[], inputBytes: number): Bounds {
  const alike = runs.filter((run) => run.inputBytes <= inputBytes * SAME_SIZE_RATIO);
  const skewed = alike.filter(({ evidence }) => evidence?.spill === 'skewed');
  const failed = alike.filter(({ evidence }) => (evidence?.memoryFailures ?? 0) > 0);
  const collecting = alike.filter(({ evidence }) => (evidence?.gcRatio ?? 0) > MUCH_GC);
  const told = (of: readonly HistoryRun[], what: string): string[] => (of.length === 0 ? [] : [`${of.length} ${what}`]);
  return {
    leastHeapPerCore: Math.max(
      0,
      ...[...skewed, ...failed, ...collecting].map(({ configuration }) => heapPerCore(configuration)),
    ),
    because: [
      ...told(failed, 'ran out of memory'),
      ...told(skewed, 'spilled by skew'),
      ...told(collecting, 'spent over a tenth of their time collecting garbage'),
    ],
    mostPartitions: skewed.length === 0 ? Infinity : (runs[0]?.configuration.shufflePartitions ?? Infinity),
  };
}

/** Whether what the runs showed speaks against a configuration: it would spill again, or run out of memory again. */
export function contradicts(
  runs: readonly HistoryRun[],
  inputBytes: number,
): (configuration: Configuration) => boolean {
  const { leastHeapPerCore, mostPartitions } = boundsOf(runs, inputBytes);
  const spilled = runs.filter((run) => run.spilledBytes > 0 && run.inputBytes <= inputBytes * SAME_SIZE_RATIO);
  return (configuration) =>
    heapPerCore(configuration) < leastHeapPerCore ||
    configuration.shufflePartitions > mostPartitions ||
    spilled.some(
      (run) =>
        heapPerCore(configuration) < heapPerCore(run.configuration) &&
        configuration.shufflePartitions <= run.configuration.shufflePartitions,
    );
}

export function heapPerCore({ memoryMib, coresPerExecutor }: Configuration): number {
  return memoryMib / coresPerExecutor;
}
