/**
 * Which rows a server forgets when it has more than it retains: those that ended first, a tenth of them at a time.
 *
 * Of an unchanged log it always forgets the same ones, because replaying it looks after each row that is written.
 *
 * @see Spark, `AppStatusListener.scala` (`cleanupJobs`, `cleanupStages`, `calculateNumberToRemove`) and
 * `ElementTrackingStore.scala`
 */
export class Retention {
  readonly #retained: number;
  /** Row → when it ended; `undefined` for one that cannot be forgotten yet. */
  readonly #rows = new Map<number, number | undefined>();

  constructor(retained: number) {
    this.#retained = retained;
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
    const forgotten = [...this.#rows]
      .flatMap(([key, ended]) => (ended === undefined ? [] : [[key, ended] as const]))
      .sort(([keyA, a], [keyB, b]) => a - b || keyA - keyB)
      .slice(0, Math.max(Math.floor(this.#retained / 10), tooMany))
      .map(([key]) => key);
    for (const key of forgotten) this.#rows.delete(key);
    return forgotten;
  }
}
