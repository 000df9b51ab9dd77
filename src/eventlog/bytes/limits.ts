import { EventLogError } from '../../util/errors.ts';
import type { Chunks } from './byte-window.ts';
import { MAX_LINE_BYTES } from './lines.ts';

/** What one log may cost at most. */
export interface ReadLimits {
  /** A longer line is left out. */
  readonly maxLineBytes: number;
  /** Decoded bytes of all files of a log together. */
  readonly maxDecodedBytes: number;
  /** Decoded bytes per stored byte, asked once {@link RATIO_FREE_BYTES} are decoded. Spark's logs have 5 to 40. */
  readonly maxRatio: number;
}

export const DEFAULT_LIMITS: ReadLimits = {
  maxLineBytes: MAX_LINE_BYTES,
  maxDecodedBytes: 64 * 1024 ** 3,
  maxRatio: 250,
};

/** A small file may be as repetitive as it likes. What a bomb costs at most, in memory and time, is this. */
export const RATIO_FREE_BYTES = 16 * 1024 * 1024;

/** Counts what passes, on both sides of a decoder. One meter serves all files of a log. */
export class Meter {
  storedBytes: number;
  decodedBytes: number;
  readonly #limits: ReadLimits;

  /** @param before - what an earlier reading of the log has counted */
  constructor(limits: ReadLimits, before = { storedBytes: 0, decodedBytes: 0 }) {
    this.#limits = limits;
    this.storedBytes = before.storedBytes;
    this.decodedBytes = before.decodedBytes;
  }

  async *stored(chunks: Chunks): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.storedBytes += chunk.length;
      yield chunk;
    }
  }

  /**
   * @throws EventLogError `EVENT_LOG_TOO_LARGE`, or `EVENT_LOG_BOMB` when more comes out than an honest log's bytes hold
   */
  async *decoded(chunks: Chunks, file: string): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.decodedBytes += chunk.length;
      if (this.decodedBytes > this.#limits.maxDecodedBytes) {
        throw new EventLogError(
          'EVENT_LOG_TOO_LARGE',
          `${file} takes the log over the limit of ${this.#limits.maxDecodedBytes} decoded bytes; raise max_log_bytes to read it`,
          { details: { file, maxDecodedBytes: this.#limits.maxDecodedBytes } },
        );
      }
      if (this.decodedBytes > RATIO_FREE_BYTES && this.decodedBytes > this.storedBytes * this.#limits.maxRatio) {
        throw new EventLogError(
          'EVENT_LOG_BOMB',
          `${file} decodes to more than ${this.#limits.maxRatio} times its stored bytes, as no event log does`,
          { details: { file, storedBytes: this.storedBytes, decodedBytes: this.decodedBytes } },
        );
      }
      yield chunk;
    }
  }
}
