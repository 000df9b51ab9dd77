import type { Long } from '../spark/rest.ts';

/**
 * A sum that loses no digit of whole numbers, however large: it goes over to `bigint` where a double would round.
 *
 * Fractions are summed apart and make the result a double.
 */
export class ExactSum {
  #small = 0;
  #large = 0n;
  #fractions: number | undefined;

  add(value: Long): void {
    if (typeof value === 'bigint') {
      this.#large += value;
    } else if (!Number.isInteger(value)) {
      this.#fractions = (this.#fractions ?? 0) + value;
    } else {
      const next = this.#small + value;
      if (Number.isSafeInteger(next)) this.#small = next;
      else {
        this.#large += BigInt(this.#small) + BigInt(value);
        this.#small = 0;
      }
    }
  }

  /** A `bigint` only beyond ±2^53. */
  get total(): Long {
    if (this.#large === 0n) return this.#small + (this.#fractions ?? 0);
    const whole = this.#large + BigInt(this.#small);
    if (this.#fractions !== undefined) return Number(whole) + this.#fractions;
    return BigInt.asIntN(54, whole) === whole && Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
  }
}
