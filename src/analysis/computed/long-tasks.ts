import { QUANTILES, TASK_SUCCEEDED, type ExecutorLife } from '../../documents/run-detail.ts';
import { median } from '../../simulation/statistics.ts';
import type { ListedStage, MeasuredStage, RunSpan } from '../inputs.ts';
import { coldTasks } from './cold-tasks.ts';

export interface LongTasks {
  /** `data`: the longest task read more, and that explains it; `other`: it did not; `unknown`: its bytes were not measured. */
  readonly cause: 'data' | 'other' | 'unknown';
  readonly maxMs: number;
  readonly medianMs: number;
  readonly maxBytes: number;
  readonly medianBytes: number;
}

interface Task {
  readonly ms: number;
  readonly bytes: number;
  readonly isCold: boolean;
}

/**
 * The longest task of a stage beside the typical one, and whether what it read explains it.
 *
 * A long task of the first wave counts only where its data explains it: else it is the young JVM that made it long.
 *
 * @param dataExplains - share of the extra time that the extra bytes must account for
 */
export function longTasks(
  stage: MeasuredStage,
  listed: ListedStage | undefined,
  run: RunSpan,
  dataExplains: number,
  executors: readonly ExecutorLife[] = [],
): LongTasks | undefined {
  if (listed === undefined) return fromQuantiles(stage, run, dataExplains);
  const cold = coldTasks([listed], run, executors).get(listed) ?? [];
  const { executorRunTime, inputBytes, shuffleReadBytes, status } = listed.tasks;
  const tasks = executorRunTime.flatMap((ms, i): Task[] =>
    status[i] === TASK_SUCCEEDED
      ? [{ ms, bytes: (inputBytes[i] ?? 0) + (shuffleReadBytes[i] ?? 0), isCold: cold[i] === true }]
      : [],
  );
  const warm = tasks.filter(({ isCold }) => !isCold);
  // A single wave has no warm task to compare with: then all of it is.
  const typical = warm.length >= 3 ? warm : tasks;
  const medianMs = median(typical.map(({ ms }) => ms)) ?? 0;
  const medianBytes = median(tasks.map(({ bytes }) => bytes)) ?? 0;
  let longest: LongTasks | undefined;
  for (const { ms, bytes, isCold } of tasks) {
    if (ms <= (longest?.maxMs ?? medianMs)) continue;
    const isData = explains({ ms, bytes }, { ms: medianMs, bytes: medianBytes }, dataExplains);
    if (isCold && warm.length > 0 && !isData && ms < ALWAYS_LONG * medianOfCold(tasks)) continue;
    longest = { cause: isData ? 'data' : 'other', maxMs: ms, medianMs, maxBytes: bytes, medianBytes };
  }
  return longest;
}

/** A first task this much longer than the other first ones is long for another reason than its young JVM. */
const ALWAYS_LONG = 3;

function medianOfCold(tasks: readonly Task[]): number {
  return median(tasks.filter(({ isCold }) => isCold).map(({ ms }) => ms)) ?? 0;
}

function explains(long: Omit<Task, 'isCold'>, typical: Omit<Task, 'isCold'>, share: number): boolean {
  if (typical.ms === 0 || long.bytes < LEAST_BYTES || long.bytes < 2 * typical.bytes) return false;
  const expected = typical.bytes === 0 ? Infinity : typical.ms * (long.bytes / typical.bytes);
  return expected - typical.ms >= share * (long.ms - typical.ms);
}

/** Less than this cannot make a task long. */
const LEAST_BYTES = 1024 ** 2;

function fromQuantiles({ quantiles }: MeasuredStage, run: RunSpan, dataExplains: number): LongTasks | undefined {
  const [maxMs, medianMs] = [quantiles.executorRunTime[6], quantiles.executorRunTime[3]];
  const maxBytes = quantiles.inputBytes[6] + quantiles.shuffleReadBytes[6];
  const medianBytes = quantiles.inputBytes[3] + quantiles.shuffleReadBytes[3];
  if (maxMs <= medianMs) return undefined;
  const isData = explains({ ms: maxMs, bytes: maxBytes }, { ms: medianMs, bytes: medianBytes }, dataExplains);
  if (!isData && maxMs < ALWAYS_LONG * leastOfLongest(quantiles, run)) return undefined;
  const cause = maxBytes === 0 ? 'unknown' : isData ? 'data' : 'other';
  return { cause, maxMs, medianMs, maxBytes, medianBytes };
}

/**
 * A run time among those of the longest tasks, as many as there are slots: where all of these are long, they are the first
 * ones, each on a slot of its own.
 *
 * @returns 0 where a single wave, or the quantiles, do not tell
 */
function leastOfLongest({ count, executorRunTime }: MeasuredStage['quantiles'], { slots }: RunSpan): number {
  if (count <= slots) return 0;
  const ranks = QUANTILES.map((q) => Math.min(Math.floor(q * count), count - 1));
  const knot = ranks.findIndex((rank) => rank >= count - slots);
  return (ranks[knot] ?? count - 1) < count - 1 ? (executorRunTime[knot] ?? 0) : 0;
}
