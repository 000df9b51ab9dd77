import { ExactSums } from '../exact-sums.ts';

/** The task attempt that reported the largest value of a metric. */
export interface LargestTask {
  readonly value: number;
  readonly stageId: number;
  readonly attemptId: number;
  readonly taskId: number;
}

/**
 * The values of one metric over all tasks, and over the driver.
 *
 * A task that reported nothing counts as 0, as on the server; those are only counted, because a plan has hundreds of
 * metrics and a stage thousands of tasks.
 */
export class MetricValues {
  readonly #values: number[] = [];
  #zeros = 0;
  largest: LargestTask | undefined;

  push(value: number): void {
    if (value === 0) this.#zeros++;
    else this.#values.push(value);
  }

  pushZeros(count: number): void {
    this.#zeros += count;
  }

  /** Of all values, exact. */
  sum(): number | bigint {
    return exactSum(this.#values);
  }

  /** Of the values that are at least 0: a metric that was never set is -1. */
  sumOfValid(): number | bigint {
    return exactSum(this.#values.filter((value) => value > 0));
  }

  /** The values at least 0, or above 0 alone, by rank. */
  ranked(withZeros: boolean): RankedValues {
    const sorted = Float64Array.from(this.#values.filter((value) => value > 0)).sort();
    const zeros = withZeros ? this.#zeros : 0;
    return { count: sorted.length + zeros, at: (rank) => (rank < zeros ? 0 : (sorted[rank - zeros] ?? 0)) };
  }
}

export interface RankedValues {
  readonly count: number;
  /** @param rank - 0 is the smallest */
  at(rank: number): number;
}

function exactSum(values: readonly number[]): number | bigint {
  const sums = new ExactSums(1);
  for (const value of values) sums.add(0, value);
  return sums.get(0);
}
