import type { LongLineRoom } from '../../eventlog/bytes/lines.ts';

const FREE = 0;
const HOLDER = 0;
const HOLDER_BYTES = Int32Array.BYTES_PER_ELEMENT;

/**
 * Room for one long line that all threads of a pool use by turns: however many logs are read at a time, only one line
 * of megabytes is put together and parsed at a time. What is never written to takes no memory.
 */
export function sharedLineMemory(maxLineBytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(HOLDER_BYTES + maxLineBytes);
}

/** The room as a thread sees it. Threads are numbered from 1. */
export class SharedLineRoom implements LongLineRoom {
  readonly #holder: Int32Array;
  readonly #bytes: Buffer;
  readonly #thread: number;

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.#holder = new Int32Array(memory, 0, 1);
    this.#bytes = Buffer.from(memory, HOLDER_BYTES);
    this.#thread = thread;
  }

  /** Blocks the thread until the others are through with their lines. */
  take(): Buffer {
    for (;;) {
      const holder = Atomics.compareExchange(this.#holder, HOLDER, FREE, this.#thread);
      if (holder === FREE || holder === this.#thread) return this.#bytes;
      Atomics.wait(this.#holder, HOLDER, holder);
    }
  }

  /** Does nothing where the thread does not hold it, so it may be called for a thread that has ended, however it did. */
  giveBack(): void {
    if (Atomics.compareExchange(this.#holder, HOLDER, this.#thread, FREE) === this.#thread) {
      Atomics.notify(this.#holder, HOLDER);
    }
  }
}
