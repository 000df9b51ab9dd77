/** A double as Spark's answers write it: JSON has no word for what is no number. */
export type RestDouble = number | 'NaN' | 'Infinity' | '-Infinity';

export function restDouble(value: number): RestDouble {
  return Number.isFinite(value) ? value : (String(value) as RestDouble);
}

/** As Java orders doubles: -0 before 0, what is no number last. */
export function sortQuantiles(quantiles: readonly number[]): readonly number[] {
  const rank = (value: number): number => (Number.isNaN(value) ? 1 : 0);
  return quantiles.toSorted((a, b) => rank(a) - rank(b) || (a === b ? sign(a) - sign(b) : a - b));
}

function sign(value: number): number {
  return Object.is(value, -0) ? -1 : 1;
}

/** Which of `count` sorted values each quantile is: `min(floor(q·count), count - 1)` in 64 bits. */
export function quantileIndices(quantiles: readonly number[], count: number): readonly bigint[] {
  const last = BigInt(count) - 1n;
  return quantiles.map((quantile) => {
    const index = toLong(quantile * count);
    return index < last ? index : last;
  });
}

const MAX_LONG = 2n ** 63n - 1n;
const MIN_LONG = -(2n ** 63n);

/** As Scala turns a double into a long: towards zero, at the ends clamped, 0 for what is no number. */
function toLong(value: number): bigint {
  if (Number.isNaN(value)) return 0n;
  if (!Number.isFinite(value)) return value > 0 ? MAX_LONG : MIN_LONG;
  const whole = BigInt(Math.trunc(value));
  if (whole > MAX_LONG) return MAX_LONG;
  return whole < MIN_LONG ? MIN_LONG : whole;
}

/**
 * Takes the values at these places on the one walk that Spark's server makes over an index.
 *
 * For quantiles from 0 to 1 it is `sorted[index]`. Beyond them the walk shows: a negative place takes the next value, and
 * what lies behind the end is no number.
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/status/AppStatusStore.scala`, `taskSummary`, `scanTasks`
 */
export function walk(sorted: Float64Array, indices: readonly bigint[]): readonly RestDouble[] {
  let next = 0;
  let current = -1n;
  let last = Number.NaN;
  return indices.map((index) => {
    if (index !== current) {
      const skipped = BigInt.asIntN(64, BigInt.asIntN(64, index - current) - 1n);
      current = index;
      if (skipped > 0n) next = skipped > BigInt(sorted.length) ? sorted.length : next + Number(skipped);
      const value = sorted[next];
      if (value === undefined) return 'NaN';
      next++;
      last = value;
    }
    return restDouble(last);
  });
}
