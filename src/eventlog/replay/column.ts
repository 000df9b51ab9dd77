const INITIAL_LENGTH = 16;

/**
 * A growing column of whole numbers that takes no more room than its values need.
 *
 * As long as all values are zero (spill, in most stages) there is no array; then 32 bits a value; then doubles.
 */
export class Column {
  length = 0;
  #ints: Int32Array | undefined;
  #doubles: Float64Array | undefined;

  get(row: number): number {
    if (this.#ints !== undefined) return this.#ints[row] ?? 0;
    return this.#doubles === undefined ? 0 : (this.#doubles[row] ?? 0);
  }

  push(value: number): void {
    this.set(this.length, value);
  }

  /** Rows that were never set are zero. */
  set(row: number, value: number): void {
    if (row >= this.length) this.length = row + 1;
    if (this.#doubles !== undefined) {
      if (row >= this.#doubles.length) this.#doubles = grown(this.#doubles, new Float64Array(roomFor(row)));
      this.#doubles[row] = value;
      return;
    }
    if ((value | 0) !== value) {
      this.#doubles = grown(this.#ints, new Float64Array(Math.max(roomFor(row), this.#ints?.length ?? 0)));
      this.#ints = undefined;
      this.#doubles[row] = value;
      return;
    }
    if (this.#ints === undefined) {
      if (value === 0) return;
      this.#ints = new Int32Array(roomFor(Math.max(row, this.length - 1)));
    }
    if (row >= this.#ints.length) this.#ints = grown(this.#ints, new Int32Array(roomFor(row)));
    this.#ints[row] = value;
  }

  /**
   * A sorted copy of the first `count` values, or of those whose row is kept.
   *
   * @param count - rows beyond the last one set are zero
   */
  sorted(count: number, keep?: (row: number) => boolean): Float64Array | Int32Array {
    const values = this.#ints ?? this.#doubles;
    if (values === undefined && keep === undefined) return new Int32Array(count);
    const copy = this.#doubles === undefined ? new Int32Array(count) : new Float64Array(count);
    if (keep === undefined) {
      copy.set((values ?? copy).subarray(0, Math.min(count, values?.length ?? 0)));
      return copy.sort();
    }
    let kept = 0;
    for (let row = 0; row < count; row++) if (keep(row)) copy[kept++] = this.get(row);
    return copy.subarray(0, kept).sort();
  }

  /** @param map - applied to each value; the identity when absent */
  toArray(count: number, map?: (value: number) => number): number[] {
    const array = new Array<number>(count);
    for (let row = 0; row < count; row++) array[row] = map === undefined ? this.get(row) : map(this.get(row));
    return array;
  }

  /** Gives back the room kept for growth. */
  trim(): void {
    if (this.#ints !== undefined) this.#ints = this.#ints.slice(0, this.length);
    if (this.#doubles !== undefined) this.#doubles = this.#doubles.slice(0, this.length);
  }
}

function roomFor(row: number): number {
  return Math.max(INITIAL_LENGTH, row + 1 + (row >>> 1));
}

function grown<T extends Int32Array | Float64Array>(from: Int32Array | Float64Array | undefined, to: T): T {
  if (from !== undefined) to.set(from);
  return to;
}
