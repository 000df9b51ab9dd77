import { QUANTILES, type Quantiles, type StageDetail, type TaskQuantiles } from '../documents/run-detail.ts';

export interface RebuiltTasks {
  /** In an order without meaning: shuffled by a fixed seed. */
  readonly runTimes: Float64Array;
  /** Slot time − run time, the largest first: the first tasks of an executor, and of a stage, pay most. */
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
  shuffle(runTimes, seed);
  const runTime = stage.sums['executorRunTime'] ?? 0;
  const gcShare = runTime > 0 ? Math.min(1, (stage.sums['jvmGcTime'] ?? 0) / runTime) : 0;
  return { runTimes, overheads: overheadsOf(stage.quantiles, count), gcShare };
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

/**
 * A task with a large delay has a large deserialization too, for both are a young JVM's or a busy driver's, and hardly
 * more often a long run time: so the parts are added rank by rank, and the slot time only serves where they are not told.
 */
function overheadsOf(quantiles: TaskQuantiles | undefined, count: number): Float64Array {
  if (quantiles === undefined) return new Float64Array(count);
  const { schedulerDelay, executorDeserializeTime, duration, executorRunTime } = quantiles;
  const parts = schedulerDelay[6] + executorDeserializeTime[6] > 0;
  const large = inverseDistribution(parts ? schedulerDelay : duration, count);
  const other = inverseDistribution(parts ? executorDeserializeTime : executorRunTime, count);
  return large
    .map((value, i) => (parts ? value + (other[i] ?? 0) : Math.max(0, value - (other[i] ?? 0))))
    .sort()
    .reverse();
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
