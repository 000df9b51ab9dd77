/** Up to so many rows a column is a plain array: off-heap memory is dear for the many stages of a few tasks. */
const SMALL = 64;
const FIRST_LARGE = 256;

/** Where values are sorted, again and again: see {@link Column.sorted}. */
let scratch = new Float64Array(1024);

/** The values of a column as plain data, no longer than they need be; `undefined` where all are zero. */
export type PackedColumn = Int32Array | Float64Array | undefined;

/**
 * A growing column of whole numbers that takes no more room than its values need.
 *
 * As long as all values are zero (spill, in most stages) there is no array; a long column has 32 bits a value, and
 * doubles only once one needs them.
 */
export class Column {
  /** One more than the last row that was set. */
  length = 0;
  #small: number[] | undefined;
  #ints: Int32Array | undefined;
  #doubles: Float64Array | undefined;

  get(row: number): number {
    if (this.#ints !== undefined) return this.#ints[row] ?? 0;
    if (this.#small !== undefined) return this.#small[row] ?? 0;
    return this.#doubles === undefined ? 0 : (this.#doubles[row] ?? 0);
  }

  /** Rows that were never set are zero. */
  set(row: number, value: number): void {
    if (row >= this.length) this.length = row + 1;
    if (this.#ints !== undefined && (value | 0) === value) {
      if (row >= this.#ints.length) this.#ints = grown(this.#ints, new Int32Array(roomFor(row)));
      this.#ints[row] = value;
    } else if (this.#doubles !== undefined) {
      if (row >= this.#doubles.length) this.#doubles = grown(this.#doubles, new Float64Array(roomFor(row)));
      this.#doubles[row] = value;
    } else if (this.#small !== undefined && row < SMALL) {
      for (let filled = this.#small.length; filled < row; filled++) this.#small.push(0);
      this.#small[row] = value;
    } else {
      this.#setFirst(row, value);
    }
  }

  /**
   * The first `count` values in ascending order, or those of them whose row is kept.
   *
   * @param count - rows beyond the last one set are zero
   * @returns valid until any column is sorted again
   */
  sorted(count: number, keep?: (row: number) => boolean): Float64Array {
    if (scratch.length < count) scratch = new Float64Array(count * 2);
    const values = scratch;
    let kept = 0;
    if (keep === undefined && this.isZero) {
      values.fill(0, 0, count);
      return values.subarray(0, count);
    }
    for (let row = 0; row < count; row++) if (keep === undefined || keep(row)) values[kept++] = this.get(row);
    return values.subarray(0, kept).sort();
  }

  /** @param map - applied to each value; the identity when absent */
  toArray(count: number, map?: (value: number) => number): number[] {
    if (map === undefined && this.isZero) return new Array<number>(count).fill(0);
    const array = new Array<number>(count);
    for (let row = 0; row < count; row++) array[row] = map === undefined ? this.get(row) : map(this.get(row));
    return array;
  }

  /** A copy of the values: rows behind its end are zero. */
  packed(): PackedColumn {
    if (this.#small !== undefined) {
      const isWhole = this.#small.every((value) => (value | 0) === value);
      return isWhole ? Int32Array.from(this.#small) : Float64Array.from(this.#small);
    }
    return (this.#ints ?? this.#doubles)?.slice(0, this.length);
  }

  /** Whether no value but zero was ever set. */
  get isZero(): boolean {
    return this.#small === undefined && this.#ints === undefined && this.#doubles === undefined;
  }

  /** The first value of its kind: what there is moves into a wider array. */
  #setFirst(row: number, value: number): void {
    const old = this.#ints ?? this.#small;
    if (old === undefined && value === 0) return;
    const rows = Math.max(this.length - 1, row);
    if ((value | 0) !== value && (rows >= SMALL || this.#ints !== undefined)) {
      this.#doubles = grown(old, new Float64Array(roomFor(rows)));
      this.#doubles[row] = value;
      this.#ints = undefined;
      this.#small = undefined;
    } else if (rows < SMALL) {
      this.#small = [];
      this.set(row, value);
    } else {
      const isWhole = this.#small?.every((one) => (one | 0) === one) ?? true;
      if (isWhole) this.#ints = grown(old, new Int32Array(roomFor(rows)));
      else this.#doubles = grown(old, new Float64Array(roomFor(rows)));
      this.#small = undefined;
      this.set(row, value);
    }
  }
}

function roomFor(row: number): number {
  return Math.max(FIRST_LARGE, row + 1 + (row >>> 1));
}

function grown<T extends Int32Array | Float64Array>(from: ArrayLike<number> | undefined, to: T): T {
  if (from !== undefined) to.set(from);
  return to;
}
