import { QUANTILES, type Quantiles, type StageDetail } from '../documents/run-detail.ts';

export interface RebuiltTasks {
  /** In an order without meaning: shuffled by a fixed seed. */
  readonly runTimes: Float64Array;
  /** Slot time − run time, as if the task of each rank of run time had the slot time of the same rank. */
  readonly overheads: Float64Array;
  /** Garbage collection over run time, of the whole stage. */
  readonly gcShare: number;
}

/**
 * Rebuilds the run times of a stage's tasks from its quantiles and their sum.
 *
 * The values are read off the piecewise linear inverse distribution through the quantiles; the last one is the maximum,
 * which decides how long the stage lasts, and the others are scaled so that the sum is the reported one.
 * The server's quantile is the sorted value at `min(floor(q * n), n - 1)`, so each stands at that rank, not at q.
 */
export function tasksFromQuantiles(stage: StageDetail, seed = 1): RebuiltTasks {
  const count = stage.quantiles?.count ?? 0;
  const quantiles = stage.quantiles?.executorRunTime;
  if (quantiles === undefined || count === 0)
    return { runTimes: new Float64Array(0), overheads: new Float64Array(0), gcShare: 0 };

  const runTimes = inverseDistribution(quantiles, count);
  scaleToSum(runTimes, stage.sums['executorRunTime'], quantiles[6]);
  const slotTimes = stage.quantiles?.duration ?? quantiles;
  const overheads = overheadsOf(quantiles, slotTimes, count);
  shuffle(runTimes, seed);
  shuffle(overheads, seed);
  const runTime = stage.sums['executorRunTime'] ?? 0;
  const gcShare = runTime > 0 ? Math.min(1, (stage.sums['jvmGcTime'] ?? 0) / runTime) : 0;
  return { runTimes, overheads, gcShare };
}

function inverseDistribution(quantiles: Quantiles, count: number): Float64Array {
  const values = new Float64Array(count);
  const ranks = QUANTILES.map((q) => Math.min(Math.floor(q * count), count - 1));
  let knot = 0;
  for (let i = 0; i < count; i++) {
    while (knot < ranks.length - 2 && i > (ranks[knot + 1] ?? 0)) knot += 1;
    const from = ranks[knot] ?? 0;
    const to = ranks[knot + 1] ?? from;
    const low = quantiles[knot] ?? 0;
    const high = quantiles[knot + 1] ?? low;
    values[i] = to > from ? low + ((high - low) * (i - from)) / (to - from) : high;
  }
  values[count - 1] = quantiles[6];
  return values;
}

function overheadsOf(runTimes: Quantiles, slotTimes: Quantiles, count: number): Float64Array {
  const runs = inverseDistribution(runTimes, count);
  return inverseDistribution(slotTimes, count).map((slot, i) => Math.max(0, slot - (runs[i] ?? 0)));
}

/** The sum covers failed attempts too, so where it asks for more than the maximum allows, the maximum wins. */
function scaleToSum(sorted: Float64Array, sum: number | undefined, max: number): void {
  const others = sorted.subarray(0, -1);
  const total = others.reduce((all, value) => all + value, 0);
  if (sum === undefined || total === 0) return;
  const factor = Math.max(0, sum - max) / total;
  for (const [i, value] of others.entries()) others[i] = Math.min(max, value * factor);
}

/** Fisher and Yates, with the minimal standard generator: the same tasks, the same order. */
export function shuffle(values: Float64Array, seed: number): void {
  let state = seed;
  for (let i = values.length - 1; i > 0; i--) {
    state = (state * 48_271) % 2_147_483_647;
    const other = state % (i + 1);
    const value = values[i] ?? 0;
    values[i] = values[other] ?? 0;
    values[other] = value;
  }
}
