import { clusterAsItWas, clusterOfSize, UNBOUNDED, type Size } from './cluster.ts';
import type { Remedy, Scenario } from './remedies.ts';
import { replay, type Cluster, type Replay, type ReplayOptions } from './replay.ts';
import type { RunModel } from './run-model.ts';
import { sourceTimes } from './simulate.ts';

/** What one finding's remedy would save, at the run's own size. Never negative. */
export interface Saving {
  readonly id: string;
  /** As the only remedy. */
  readonly aloneMs: number;
  /** After all the others. */
  readonly lastMs: number;
  readonly lowMs: number;
  readonly highMs: number;
  /** Its part of the total; the parts add up to it. */
  readonly shareMs: number;
  readonly coreMs: number;
}

export interface Savings {
  /** The model's time with every trouble: the reference, not the measured time. */
  readonly baseMs: number;
  /** With all remedies. */
  readonly remediedMs: number;
  /** What all remedies save together; overlaps count once. */
  readonly totalMs: number;
  readonly totalCoreMs: number;
  /** The least time any size could bring the remedied run to. */
  readonly floorMs: number;
  readonly savings: readonly Saving[];
}

/** Above this many, shares are in proportion to what each saves alone: Shapley values take 2^n replays. */
const MOST_SHAPLEY = 6;

/**
 * What each remedy would save, by replaying the run with and without it.
 *
 * Overlapping savings are shared out by their Shapley value: the mean of what a remedy adds over all orders of applying
 * them. A replay may get longer by shorter tasks (Graham's anomalies), so every difference is clamped at 0.
 *
 * @param mostShapley - lower where the run is large and replays are dear
 */
export function savingsOf(model: RunModel, remedies: readonly Remedy[], mostShapley = MOST_SHAPLEY): Savings {
  const all = (1n << BigInt(remedies.length)) - 1n;
  const known = new Map<bigint, Replay>();
  const timeWith = (chosen: bigint): number => {
    let found = known.get(chosen);
    if (found === undefined) known.set(chosen, (found = replayScenario(scenarioWith(model, remedies, chosen))));
    return found.durationMs;
  };
  const baseMs = timeWith(0n);
  const together = scenarioWith(model, remedies, all);
  const floorMs = replayScenario(together, UNBOUNDED).durationMs;
  const totalMs = clamp(baseMs - timeWith(all), baseMs - floorMs);
  const cores = coresAlive(known.get(0n));
  const aloneMs = remedies.map((_, i) => clamp(baseMs - timeWith(bit(i)), baseMs));
  const lastMs = remedies.map((_, i) => clamp(timeWith(all ^ bit(i)) - timeWith(all), baseMs));
  const certainMs = remedies.map(({ applyCertain }, i) => {
    if (applyCertain === undefined) return 0;
    const certainly = remedies.map((remedy, j) => (i === j ? { ...remedy, apply: applyCertain } : remedy));
    const savedFrom = (others: bigint): number =>
      timeWith(others) - replayScenario(scenarioWith(model, certainly, others | bit(i))).durationMs;
    return clamp(Math.min(savedFrom(0n), savedFrom(all ^ bit(i))), baseMs);
  });
  const shares = scaled(remedies.length <= mostShapley ? shapley(remedies.length, timeWith) : aloneMs, totalMs);
  return {
    baseMs,
    remediedMs: baseMs - totalMs,
    totalMs,
    totalCoreMs: totalMs * cores,
    floorMs,
    savings: remedies.map(({ id, certainty }, i) => {
      const [alone, last, shareMs] = [aloneMs[i] ?? 0, lastMs[i] ?? 0, shares[i] ?? 0];
      const highMs = Math.max(alone, last);
      return {
        id,
        aloneMs: alone,
        lastMs: last,
        lowMs: Math.min(certainty === 'upper' ? (certainMs[i] ?? 0) : Math.min(alone, last), highMs),
        highMs,
        shareMs,
        coreMs: shareMs * cores,
      };
    }),
  };
}

/** The smallest number of executors whose time is within a tolerance of the run's own: what idle cores could be given back. */
export function smallestSize(
  model: RunModel,
  properties: Readonly<Record<string, string>> = {},
  tolerance = 0.05,
): Size & { readonly durationMs: number } {
  const times = sourceTimes(model);
  const at = (executors: number): number => {
    const size = { executors, coresPerExecutor: model.coresPerExecutor };
    return replay(model, times, clusterOfSize(model, size, properties, false)).durationMs;
  };
  const enough = at(model.executorCount) * (1 + tolerance);
  // Time does not grow with executors but for anomalies of some milliseconds, so bisection finds the edge.
  let low = 1;
  let high = model.executorCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(middle) <= enough) high = middle;
    else low = middle + 1;
  }
  return { executors: high, coresPerExecutor: model.coresPerExecutor, durationMs: at(high) };
}

const PHASES = ['tasks', 'cut', 'run'] as const;

function scenarioWith(model: RunModel, remedies: readonly Remedy[], chosen: bigint): Scenario {
  let scenario: Scenario = { model, coldStart: true, driverGaps: new Map() };
  for (const phase of PHASES) {
    for (const [i, remedy] of remedies.entries()) {
      if (remedy.phase === phase && (chosen & bit(i)) !== 0n) scenario = remedy.apply(scenario);
    }
  }
  return scenario;
}

function replayScenario({ model, coldStart, driverGaps }: Scenario, cluster: Cluster = clusterAsItWas(model)): Replay {
  const times = sourceTimes(model);
  const options: ReplayOptions =
    driverGaps.size === 0 ? {} : { driverGapFactor: ({ jobId }) => driverGaps.get(jobId) ?? 1 };
  if (coldStart) return replay(model, times, cluster, options);
  const executors = cluster.executors.map((executor) => ({ ...executor, addedMs: 0 }));
  return replay(model, { ...times, coldExtraMs: 0 }, { ...cluster, executors }, options);
}

/** Sum over subsets of the others of what the remedy adds to them, by the number of orders that have them before it. */
function shapley(count: number, timeWith: (chosen: bigint) => number): number[] {
  const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));
  return Array.from({ length: count }, (_, i) => {
    let value = 0;
    for (let subset = 0; subset < 1 << count; subset++) {
      if ((subset & (1 << i)) !== 0) continue;
      const size = bitsIn(subset);
      const weight = (factorial(size) * factorial(count - size - 1)) / factorial(count);
      value += weight * (timeWith(BigInt(subset)) - timeWith(BigInt(subset) | bit(i)));
    }
    return Math.max(0, value);
  });
}

function scaled(values: readonly number[], total: number): number[] {
  const sum = values.reduce((all, value) => all + value, 0);
  return values.map((value) => (sum === 0 ? 0 : (value * total) / sum));
}

function coresAlive(replayed: Replay | undefined): number {
  return replayed === undefined || replayed.durationMs === 0 ? 0 : replayed.aliveCoreMs / replayed.durationMs;
}

function clamp(value: number, most: number): number {
  return Math.max(0, Math.min(value, most));
}

function bit(i: number): bigint {
  return 1n << BigInt(i);
}

function bitsIn(value: number): number {
  let bits = 0;
  for (let rest = value; rest > 0; rest >>= 1) bits += rest & 1;
  return bits;
}
