/** Above this a set of task indexes is no longer kept as bits: 4 million, half a megabyte. */
const MAX_DENSE = 1 << 22;

/** A set of task indexes, which are dense and start at 0: one bit each. */
export class IndexSet {
  #bits = new Uint32Array(4);
  #sparse: Set<number> | undefined;
  #size = 0;

  get size(): number {
    return this.#size + (this.#sparse?.size ?? 0);
  }

  add(index: number): void {
    if (index < 0 || index >= MAX_DENSE) {
      (this.#sparse ??= new Set()).add(index);
      return;
    }
    const word = index >>> 5;
    if (word >= this.#bits.length) this.#grow(word);
    const old = this.#bits[word] ?? 0;
    const bit = 1 << (index & 31);
    if ((old & bit) === 0) {
      this.#bits[word] = old | bit;
      this.#size++;
    }
  }

  has(index: number): boolean {
    if (index < 0 || index >= MAX_DENSE) return this.#sparse?.has(index) ?? false;
    return ((this.#bits[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0;
  }

  #grow(word: number): void {
    const larger = new Uint32Array(Math.max(word + 1, this.#bits.length * 2));
    larger.set(this.#bits);
    this.#bits = larger;
  }
}
