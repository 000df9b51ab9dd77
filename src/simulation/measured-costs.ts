import type { MeasuredCosts, SourceExecutor } from './run-model.ts';
import type { StageTasks } from './stage-tasks.ts';
import { mean, median, sum } from './statistics.ts';

const LEAST_WARM_SIBLINGS = 3;

/** How far a cold task's extra run time may be from its extra overhead, as a share of the latter, before the run itself has spoken. */
const PRIOR_SPREAD = 0.5;
const LEAST_PRIOR_SPREAD_MS = 25;
const MOST_COLD_SHARE = 0.7;

/**
 * Measures what tasks of this run cost beyond their work.
 *
 * Cold and warm tasks are told apart first: a median over all hides that the first task on each core of a young JVM
 * pays class loading, code generation and its compiler.
 */
export function measureCosts(
  tasks: readonly StageTasks[],
  cold: readonly Uint8Array[],
  executors: readonly SourceExecutor[],
): MeasuredCosts {
  const warm: number[] = [];
  const firstWave: number[] = [];
  const coldOverheads: number[] = [];
  const coldRunTimes: number[] = [];
  let coldTasks = 0;
  let runTimeSurplus = 0;
  let cpuSurplus = 0;
  let variance = 0;

  for (const [node, stage] of tasks.entries()) {
    const flags = cold[node] ?? new Uint8Array(0);
    const firsts = firstWaveFlags(stage, executors);
    const runs = { cold: [] as number[], warm: [] as number[] };
    const cpus = { cold: [] as number[], warm: [] as number[] };
    for (const [i, overhead] of stage.overheads.entries()) {
      if (stage.failed[i] === 1) continue;
      const kind = flags[i] === 1 ? 'cold' : 'warm';
      runs[kind].push(stage.runTimes[i] ?? 0);
      cpus[kind].push(stage.cpuTimes[i] ?? 0);
      (kind === 'cold' ? coldOverheads : firsts[i] === 1 ? firstWave : warm).push(overhead);
    }
    coldRunTimes.push(...runs.cold);
    // Of rebuilt tasks it was guessed which are cold, by their overhead: their run times prove nothing.
    if (stage.fromQuantiles || runs.cold.length === 0 || runs.warm.length < LEAST_WARM_SIBLINGS) continue;
    coldTasks += runs.cold.length;
    runTimeSurplus += runs.cold.length * (mean(runs.cold) - mean(runs.warm));
    cpuSurplus += runs.cold.length * (mean(cpus.cold) - mean(cpus.warm));
    // The wider of the two: one skewed task among the cold ones must not pass for a cold start.
    const spread = Math.max(varianceOf(runs.warm), varianceOf(runs.cold));
    variance += runs.cold.length ** 2 * spread * (1 / runs.cold.length + 1 / runs.warm.length);
  }
  const warmOverheadMs = typical(warm) ?? median(firstWave) ?? median(coldOverheads) ?? 0;
  const coldOverheadMs = Math.max(0, (median(coldOverheads) ?? warmOverheadMs) - warmOverheadMs);
  const coldCpuTimeMs = coldTasks === 0 ? 0 : Math.max(0, cpuSurplus / coldTasks);
  const measured = coldTasks === 0 ? 0 : runTimeSurplus / coldTasks;
  const precision = coldTasks === 0 || variance === 0 ? coldTasks : coldTasks ** 2 / variance;
  return {
    warmOverheadMs,
    firstWaveOverheadMs: Math.max(warmOverheadMs, median(firstWave) ?? warmOverheadMs),
    coldOverheadMs,
    // Never more than most of what cold tasks ran: the rest was their work.
    coldRunTimeMs: Math.min(
      Math.max(coldCpuTimeMs, shrunk(measured, precision, coldOverheadMs)),
      MOST_COLD_SHARE * (median(coldRunTimes) ?? 0),
    ),
    coldTasks,
  };
}

/**
 * The surplus of a few cold tasks is mostly the luck of what those tasks had to do, so it is drawn towards their extra
 * overhead, which is known well and of the same size (both are the young JVM's work), by the precision of each.
 */
function shrunk(measured: number, precision: number, coldOverheadMs: number): number {
  const spread = Math.max(LEAST_PRIOR_SPREAD_MS, PRIOR_SPREAD * coldOverheadMs);
  const priorPrecision = 1 / spread ** 2;
  return (measured * precision + coldOverheadMs * priorPrecision) / (precision + priorPrecision);
}

function varianceOf(values: readonly number[]): number {
  const center = mean(values);
  return values.reduce((total, value) => total + (value - center) ** 2, 0) / Math.max(1, values.length - 1);
}

/** The clocks tick in milliseconds: a median below this says little. */
const COARSE_MS = 5;

/** The median; of tasks of a millisecond, whose median overhead is 0 and their sum is not, the mean without the largest twentieth. */
function typical(values: readonly number[]): number | undefined {
  const middle = median(values);
  if (middle === undefined || middle >= COARSE_MS) return middle;
  const sorted = Float64Array.from(values).sort();
  const kept = sorted.subarray(0, Math.ceil(0.95 * sorted.length));
  return sum(kept) / kept.length;
}

/** Marks the tasks that were the first of their stage on a core; of rebuilt ones the first, as many as there were cores. */
function firstWaveFlags(stage: StageTasks, executors: readonly SourceExecutor[]): Uint8Array {
  const flags = new Uint8Array(stage.launches.length);
  if (stage.fromQuantiles) return flags.fill(1, 0, coresDuring(stage, executors));
  const seen = new Map<number, number>();
  const order = [...stage.launches.keys()].sort((a, b) => (stage.launches[a] ?? 0) - (stage.launches[b] ?? 0));
  for (const i of order) {
    const executor = stage.executors[i] ?? -1;
    const before = seen.get(executor) ?? 0;
    seen.set(executor, before + 1);
    if (before < (executors[executor]?.cores ?? 0)) flags[i] = 1;
  }
  return flags;
}

function coresDuring({ launches, ends }: StageTasks, executors: readonly SourceExecutor[]): number {
  const [from, to] = [launches[0] ?? 0, ends[0] ?? 0];
  return executors.reduce(
    (sum, { used, cores, addedMs, removedMs }) => sum + (used && addedMs < to && removedMs > from ? cores : 0),
    0,
  );
}
