import type { Column } from '../column.ts';
import { ExactSums } from '../exact-sums.ts';

/** The task attempt that reported the largest value of a metric. */
export interface LargestTask {
  readonly value: number;
  readonly stageId: number;
  readonly attemptId: number;
  readonly taskId: number;
}

/**
 * The values of one metric over the tasks of all its stages, and over the driver.
 *
 * A task that reported nothing counts as 0, as on the server; those are only counted, because a plan has hundreds of
 * metrics and a stage thousands of tasks.
 */
export class MetricValues {
  readonly #columns: Column[] = [];
  readonly #driver: number[] = [];
  #zeros = 0;
  largest: LargestTask | undefined;
  #positive: Float64Array | undefined;

  /** @param column - by task index, of at most `tasks` tasks; it must not change as long as these values are used */
  addStage(column: Column, tasks: number): void {
    this.#columns.push(column);
    this.#zeros += tasks - column.length;
  }

  addDriver(value: number): void {
    this.#driver.push(value);
  }

  /** Of all values, exact. */
  sum(): number | bigint {
    const sums = new ExactSums(1);
    this.#each((value) => {
      sums.add(0, value);
    });
    return sums.get(0);
  }

  /** Of the values that are at least 0: a metric that was never set is -1. */
  sumOfValid(): number | bigint {
    const sums = new ExactSums(1);
    for (const value of this.#sorted()) sums.add(0, value);
    return sums.get(0);
  }

  /** The values at least 0, or above 0 alone, by rank. */
  ranked(withZeros: boolean): RankedValues {
    const sorted = this.#sorted();
    const zeros = withZeros ? this.#zeros : 0;
    return { count: sorted.length + zeros, at: (rank) => (rank < zeros ? 0 : (sorted[rank - zeros] ?? 0)) };
  }

  /** The values above 0. All values have been added when this is asked for. */
  #sorted(): Float64Array {
    if (this.#positive !== undefined) return this.#positive;
    let count = this.#driver.length;
    for (const column of this.#columns) count += column.length;
    const values = new Float64Array(count);
    let positive = 0;
    this.#each((value) => {
      if (value > 0) values[positive++] = value;
      else if (value === 0) this.#zeros++;
    });
    this.#positive = values.subarray(0, positive).sort();
    return this.#positive;
  }

  #each(take: (value: number) => void): void {
    for (const column of this.#columns) for (let row = 0; row < column.length; row++) take(column.get(row));
    for (const value of this.#driver) take(value);
  }
}

export interface RankedValues {
  readonly count: number;
  /** @param rank - 0 is the smallest */
  at(rank: number): number;
}
