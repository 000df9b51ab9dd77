/**
 * Which rows a server forgets when it has more than it retains: those that ended first, of jobs and stages a tenth at a
 * time.
 *
 * Of an unchanged log it always forgets the same ones, because replaying it looks after each row that is written.
 *
 * @see Spark, `AppStatusListener.scala` (`cleanupJobs`, `cleanupStages`, `calculateNumberToRemove`),
 * `SQLAppStatusListener.scala` (`cleanupExecutions`) and `ElementTrackingStore.scala`
 */
export class Retention {
  readonly #retained: number;
  readonly #atLeast: number;
  /** Row → when it ended; `undefined` for one that cannot be forgotten yet. */
  readonly #rows = new Map<number, number | undefined>();

  /** @param atLeast - how many are forgotten at a time */
  constructor(retained: number, atLeast = Math.floor(retained / 10)) {
    this.#retained = retained;
    this.#atLeast = atLeast;
  }

  has(key: number): boolean {
    return this.#rows.has(key);
  }

  /** A row is written, again or for the first time. */
  write(key: number, ended: number | undefined): void {
    this.#rows.set(key, ended);
  }

  /** Forgets what is too much. Of equal ends the lower key goes first. @returns the keys that are forgotten */
  forget(): readonly number[] {
    const tooMany = this.#rows.size - this.#retained;
    if (tooMany <= 0) return [];
    const count = Math.max(this.#atLeast, tooMany);
    const forgotten = count === 1 ? this.#oldest() : this.#ended().slice(0, count);
    for (const key of forgotten) this.#rows.delete(key);
    return forgotten;
  }

  /** All rows that may be forgotten, in the order in which they are. */
  #ended(): number[] {
    return [...this.#rows]
      .flatMap(([key, ended]) => (ended === undefined ? [] : [[key, ended] as const]))
      .sort(([keyA, a], [keyB, b]) => a - b || keyA - keyB)
      .map(([key]) => key);
  }

  /** The first of them, without sorting all: one is forgotten at each end of a SQL execution. */
  #oldest(): number[] {
    let [oldest, end]: [number, number] = [Infinity, Infinity];
    for (const [key, ended] of this.#rows) {
      if (ended !== undefined && (ended < end || (ended === end && key < oldest))) [oldest, end] = [key, ended];
    }
    return oldest === Infinity ? [] : [oldest];
  }
}
