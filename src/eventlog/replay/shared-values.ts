import { TextPool } from './text-pool.ts';

/** Shorter texts the parser shares by itself. */
const SHORTEST = 10;

/**
 * Gives equal texts, and equal lists of zeros, as one.
 *
 * Rows of one run say the same again and again: names of nodes and metrics, properties, quantiles of what no task did.
 * After a journey through JSON each would be an object of its own.
 */
export class SharedValues {
  readonly #texts = new TextPool();
  readonly #zeros = new Map<number, readonly number[]>();

  /** @param value - parsed JSON that nobody else has: it is changed in place */
  share(value: unknown): unknown {
    if (typeof value === 'string') return value.length < SHORTEST ? value : this.#texts.intern(value);
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return this.#shareList(value);
    const record = value as Record<string, unknown>;
    for (const key of Object.keys(record)) {
      const inner = record[key];
      const shared = this.share(inner);
      if (shared !== inner && key !== '__proto__') record[key] = shared;
    }
    return record;
  }

  #shareList(list: unknown[]): unknown {
    if (typeof list[0] === 'number') return list.every((value) => value === 0) ? this.#zerosOf(list) : list;
    for (const [i, inner] of list.entries()) list[i] = this.share(inner);
    return list;
  }

  #zerosOf(list: readonly number[]): readonly number[] {
    const known = this.#zeros.get(list.length);
    if (known !== undefined) return known;
    this.#zeros.set(list.length, list);
    return list;
  }
}
