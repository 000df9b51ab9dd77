import { EventLogError } from '../../util/errors.ts';
import { type Codec, decode } from './codec.ts';
import { LZ4_MAGIC } from './lz4.ts';
import { LZF_MAGIC } from './lzf.ts';
import { MAX_SNAPPY_BLOCK_BYTES, SNAPPY_HEADER } from './snappy.ts';
import { isTruncation } from './failures.ts';
import { memoryFile } from './log-file.ts';

/** Decoded bytes kept of a tail: the events behind the end of an application are few. */
const KEPT_BYTES = 4 * 1024 * 1024;
const INITIAL_KEPT_BYTES = 128 * 1024;
/** A tail may decode to so many times its bytes, and a short one to so many bytes: more is no event log, or a bomb. */
const MAX_RATIO = 64;
const RATIO_FREE_BYTES = 4 * 1024 * 1024;
/** A false start decodes to an error soon, but hostile bytes may hold many. */
const MAX_TRIES = 64;
const ZSTD_MAGIC_BYTES = Buffer.from('28b52ffd', 'hex');

/** Decoding can begin nowhere in a tail (gzip; one frame or block larger than it), or gives more than it should. */
export type NoTail = 'nowhere' | 'too much';

/**
 * Decodes the end of a stream from the first place in `tail` where decoding can begin.
 *
 * @param tail - the last stored bytes of a file
 * @returns decoded bytes up to the end, that may begin inside a line
 */
export async function decodeTail(codec: Codec, tail: Buffer): Promise<Buffer | NoTail> {
  switch (codec) {
    case 'none':
      return tail;
    case 'zstd':
      return firstDecodable(codec, tail, ZSTD_MAGIC_BYTES);
    case 'lz4':
      return firstDecodable(codec, tail, LZ4_MAGIC);
    case 'lzf':
      return firstDecodable(codec, tail, LZF_MAGIC);
    case 'snappy':
      return firstSnappyDecodable(tail);
    case 'gzip':
      return 'nowhere';
  }
}

/** Decoded bytes that all tries on one tail may still give. */
interface Allowance {
  bytes: number;
}

function allowanceOf(tail: Buffer): Allowance {
  return { bytes: Math.max(RATIO_FREE_BYTES, tail.length * MAX_RATIO) };
}

async function firstDecodable(codec: Codec, tail: Buffer, magic: Buffer): Promise<Buffer | NoTail> {
  const allowance = allowanceOf(tail);
  let at = tail.indexOf(magic);
  for (let tries = 0; at >= 0 && tries < MAX_TRIES; tries++) {
    const decoded = await decodeFrom(codec, tail.subarray(at), allowance);
    if (decoded !== undefined) return decoded;
    if (allowance.bytes <= 0) return 'too much';
    at = tail.indexOf(magic, at + 1);
  }
  return 'nowhere';
}

/** @returns the last bytes that the stream decodes to; undefined when it does not decode to its end */
async function decodeFrom(codec: Codec, stored: Buffer, allowance: Allowance): Promise<Buffer | undefined> {
  const kept = new LastBytes();
  try {
    for await (const chunk of decode(codec, memoryFile('tail', stored, stored.length).open())) {
      allowance.bytes -= chunk.length;
      if (allowance.bytes <= 0) return undefined;
      kept.push(chunk);
    }
  } catch (error) {
    if (!(error instanceof EventLogError)) throw error;
    if (!isTruncation(error)) return undefined;
  }
  return kept.bytes;
}

/** The last bytes of what is pushed, from half of {@link KEPT_BYTES} to all of them, in one buffer that grows as needed. */
class LastBytes {
  #buffer = Buffer.allocUnsafe(INITIAL_KEPT_BYTES);
  #length = 0;

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  push(chunk: Buffer): void {
    const added = chunk.subarray(-KEPT_BYTES / 2);
    if (this.#length + added.length > KEPT_BYTES) {
      this.#length = this.#buffer.copy(this.#buffer, 0, Math.max(0, this.#length - KEPT_BYTES / 2), this.#length);
    }
    if (this.#length + added.length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length + added.length, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    this.#length += added.copy(this.#buffer, this.#length);
  }
}

async function firstSnappyDecodable(tail: Buffer): Promise<Buffer | NoTail> {
  const allowance = allowanceOf(tail);
  for (const start of snappyChunkStarts(tail).slice(0, MAX_TRIES)) {
    const decoded = await decodeFrom('snappy', Buffer.concat([SNAPPY_HEADER, tail.subarray(start)]), allowance);
    if (decoded !== undefined) return decoded;
    if (allowance.bytes <= 0) return 'too much';
  }
  return 'nowhere';
}

/**
 * Snappy's chunks have no magic, only lengths: a chunk can begin where a chain of lengths leads exactly to the end.
 * Found backwards, each place asking the place its length leads to. Lowest first.
 */
function snappyChunkStarts(tail: Buffer): number[] {
  const leadsToEnd = new Uint8Array(tail.length + 1);
  leadsToEnd[tail.length] = 1;
  const starts: number[] = [];
  for (let at = tail.length - 5; at >= 0; at--) {
    const length = tail.readUInt32BE(at);
    if (length === 0 || length > MAX_SNAPPY_BLOCK_BYTES || leadsToEnd[at + 4 + length] !== 1) continue;
    leadsToEnd[at] = 1;
    starts.push(at);
  }
  return starts.reverse();
}
