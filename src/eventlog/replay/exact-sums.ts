import type { Long } from '../../spark/rest.ts';

/**
 * Sums of whole numbers in a fixed number of slots, without rounding.
 *
 * A stage's CPU time in nanoseconds passes 2^53 after 104 days of core time, which large stages have: what no longer
 * fits a double moves into a `bigint` beside it.
 */
export class ExactSums {
  readonly #sums: Float64Array;
  #carried: Map<number, bigint> | undefined;

  constructor(slots: number) {
    this.#sums = new Float64Array(slots);
  }

  add(slot: number, value: number): void {
    const old = this.#sums[slot] ?? 0;
    const sum = old + value;
    if (sum > Number.MAX_SAFE_INTEGER || sum < Number.MIN_SAFE_INTEGER) {
      this.addExact(slot, BigInt(old));
      this.#sums[slot] = value;
    } else {
      this.#sums[slot] = sum;
    }
  }

  /** For the rare value that does not fit a double. */
  addExact(slot: number, value: bigint): void {
    this.#carried ??= new Map();
    this.#carried.set(slot, (this.#carried.get(slot) ?? 0n) + value);
  }

  /** Adds slot by slot. */
  addAll(values: Float64Array): void {
    for (let slot = 0; slot < values.length; slot++) {
      const value = values[slot] ?? 0;
      if (value !== 0) this.add(slot, value);
    }
  }

  /** `bigint` only beyond 2^53. */
  get(slot: number): Long {
    const sum = this.#sums[slot] ?? 0;
    const carried = this.#carried?.get(slot);
    if (carried === undefined) return sum;
    const exact = carried + BigInt(sum);
    return exact >= BigInt(Number.MIN_SAFE_INTEGER) && exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : exact;
  }
}
