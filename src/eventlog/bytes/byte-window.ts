/** Bytes of a file or of a decoder. A chunk is valid until the next one is asked for. */
export type Chunks = AsyncIterable<Buffer>;

/**
 * A moving window over chunks, for formats that are read block by block.
 *
 * A block inside one chunk is not copied. Positions are read as `bytes[start + i]`, after `has(n)` or `await fill(n)`.
 */
export class ByteWindow {
  bytes: Buffer = Buffer.alloc(0);
  start = 0;
  end = 0;
  /** Stored bytes already behind the window: the offset of `start` in the stream. */
  offset = 0;
  readonly #chunks: AsyncIterator<Buffer>;
  #own: Buffer = Buffer.alloc(0);

  constructor(chunks: Chunks) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  get length(): number {
    return this.end - this.start;
  }

  has(count: number): boolean {
    return this.end - this.start >= count;
  }

  /** Reads on until `count` bytes are there; false when the stream ends before. */
  async fill(count: number): Promise<boolean> {
    while (!this.has(count)) {
      const rest = this.#keepRest();
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      if (rest === 0) {
        this.bytes = next.value;
        this.start = 0;
        this.end = next.value.length;
      } else {
        this.#append(next.value);
      }
    }
    return true;
  }

  skip(count: number): void {
    this.start += count;
    this.offset += count;
  }

  /** The next `count` bytes, valid until the next `fill`. */
  take(count: number): Buffer {
    const taken = this.bytes.subarray(this.start, this.start + count);
    this.skip(count);
    return taken;
  }

  /** Ends the reading, so that the file behind the chunks is closed. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  /** Moves what is left into a buffer of our own, because asking for the next chunk may overwrite the last one. */
  #keepRest(): number {
    const rest = this.end - this.start;
    if (rest === 0) return 0;
    if (this.bytes !== this.#own) {
      this.#reserve(rest);
      this.bytes.copy(this.#own, 0, this.start, this.end);
    } else if (this.start > 0) {
      this.#own.copyWithin(0, this.start, this.end);
    }
    this.bytes = this.#own;
    this.start = 0;
    this.end = rest;
    return rest;
  }

  #append(chunk: Buffer): void {
    this.#reserve(this.end + chunk.length, this.end);
    chunk.copy(this.#own, this.end);
    this.bytes = this.#own;
    this.end += chunk.length;
  }

  #reserve(size: number, kept = 0): void {
    if (size <= this.#own.length) return;
    const larger = Buffer.allocUnsafe(Math.max(size, this.#own.length * 2));
    this.#own.copy(larger, 0, 0, kept);
    this.#own = larger;
  }
}
