import { createZstdDecompress, zstdDecompressSync } from 'node:zlib';
import { ByteWindow, type Chunks } from './byte-window.ts';
import { damaged, truncated } from './failures.ts';
import { through } from './through.ts';

export const ZSTD_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const MAX_BLOCK_BYTES = 128 * 1024;
const CHUNK_SIZE = 256 * 1024;
/** Frames up to this are decoded in one call, if they come out below the second; others through a stream. */
const MAX_WHOLE_FRAME_BYTES = 256 * 1024;
const MAX_WHOLE_DECODED_BYTES = 2 * 1024 * 1024;
/** Room is made anew for each of hundreds of frames: measured, 16 KiB are fastest for Spark's frames of some 6 KB. */
const SMALL_FRAME_BYTES = 32 * 1024;
const SMALL_CHUNK_SIZE = 16 * 1024;

/**
 * Decodes concatenated zstd frames.
 *
 * Spark closes a frame at each flush, and node:zlib decodes the first frame only, without an error. So the end of each
 * frame is found by its block headers, and each frame is decoded for itself.
 *
 * @see RFC 8878
 */
export async function* decodeZstd(chunks: Chunks): AsyncGenerator<Buffer> {
  const window = new ByteWindow(chunks);
  try {
    while (window.has(4) || (await window.fill(4))) {
      const magic = window.bytes.readUInt32LE(window.start);
      if (isSkippable(magic)) await skipFrame(window);
      else if (magic === ZSTD_MAGIC) yield* decodeFrame(window);
      else throw damaged('zstd', window.offset, 'no frame where one must begin');
    }
    if (window.length > 0) throw truncated('zstd', window.offset);
  } finally {
    await window.close();
  }
}

async function* decodeFrame(window: ByteWindow): AsyncGenerator<Buffer> {
  const offset = window.offset;
  const frame = new FrameWalk(offset);
  let bytes = frame.walk(window.bytes, window.start, window.end);
  while (!frame.ended && bytes < MAX_WHOLE_FRAME_BYTES) {
    if (!(await window.fill(window.length + 1))) break;
    bytes += frame.walk(window.bytes, window.start + bytes, window.end);
  }
  try {
    if (frame.ended && bytes <= MAX_WHOLE_FRAME_BYTES) {
      const decoded = decodeWhole(window.bytes.subarray(window.start, window.start + bytes));
      if (decoded !== undefined) {
        window.skip(bytes);
        if (decoded.length > 0) yield decoded;
        return;
      }
    }
    yield* through(createZstdDecompress({ chunkSize: CHUNK_SIZE }), restOfFrame(window, frame, bytes));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'Z_BUF_ERROR') throw truncated('zstd', offset);
    if (typeof code === 'string' && /^(ZSTD_|Z_)/.test(code)) throw damaged('zstd', offset, code, error);
    throw error;
  }
  if (!frame.ended) throw truncated('zstd', offset);
}

/** @returns undefined when the frame comes out larger than one call may give */
function decodeWhole(frame: Buffer): Buffer | undefined {
  try {
    const chunkSize = frame.length < SMALL_FRAME_BYTES ? SMALL_CHUNK_SIZE : CHUNK_SIZE;
    return zstdDecompressSync(frame, { chunkSize, maxOutputLength: MAX_WHOLE_DECODED_BYTES });
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The frame's stored bytes: first the `walked` ones in the window, then on to its end or the end of the file. */
async function* restOfFrame(window: ByteWindow, frame: FrameWalk, walked: number): AsyncGenerator<Buffer> {
  let bytes = walked;
  for (;;) {
    if (bytes > 0) yield window.take(bytes);
    if (frame.ended || !(await window.fill(window.length + 1))) return;
    bytes = frame.walk(window.bytes, window.start, window.end);
  }
}

async function skipFrame(window: ByteWindow): Promise<void> {
  if (!window.has(8) && !(await window.fill(8))) throw truncated('zstd', window.offset);
  let left = 8 + window.bytes.readUInt32LE(window.start + 4);
  while (left > 0) {
    if (window.length === 0 && !(await window.fill(1))) throw truncated('zstd', window.offset);
    const step = Math.min(left, window.length);
    window.skip(step);
    left -= step;
  }
}

function isSkippable(magic: number): boolean {
  return (magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC;
}

/**
 * Walks over a frame's headers to its end, however the bytes arrive.
 *
 * `walk` takes bytes that continue where the last call stopped. A header cut by the end of the bytes is not taken:
 * it must be given again with more bytes behind it.
 */
export class FrameWalk {
  ended = false;
  readonly #offset: number;
  #inHeader = true;
  #hasChecksum = false;
  /** Stored bytes of the current block, or of the checksum, not yet seen. */
  #bodyLeft = 0;
  #lastBlockSeen = false;

  /** @param offset - of the frame, for messages */
  constructor(offset: number) {
    this.#offset = offset;
  }

  /** @returns how many of the bytes belong to the frame and were taken */
  walk(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (!this.ended) {
      if (this.#bodyLeft > 0) {
        const step = Math.min(this.#bodyLeft, end - at);
        at += step;
        this.#bodyLeft -= step;
        if (this.#bodyLeft > 0) break;
      }
      if (this.#lastBlockSeen) {
        this.ended = true;
      } else if (this.#inHeader) {
        const size = frameHeaderBytes(bytes, at, end);
        if (size === undefined) break;
        this.#hasChecksum = ((bytes[at + 4] ?? 0) & 4) !== 0;
        this.#inHeader = false;
        at += size;
      } else {
        if (end - at < 3) break;
        at += this.#readBlockHeader(bytes.readUIntLE(at, 3));
      }
    }
    return at - start;
  }

  #readBlockHeader(header: number): number {
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === 3 || size > MAX_BLOCK_BYTES)
      throw damaged('zstd', this.#offset, 'a block of reserved type or impossible size');
    this.#lastBlockSeen = (header & 1) === 1;
    this.#bodyLeft = (type === 1 ? 1 : size) + (this.#lastBlockSeen && this.#hasChecksum ? 4 : 0);
    return 3;
  }
}

/** @returns undefined when the bytes end inside the header */
function frameHeaderBytes(bytes: Buffer, at: number, end: number): number | undefined {
  if (end - at < 5) return undefined;
  const descriptor = bytes[at + 4] ?? 0;
  const singleSegment = (descriptor & 32) !== 0;
  const windowBytes = singleSegment ? 0 : 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  const size = 5 + windowBytes + dictionaryBytes + sizeBytes;
  return end - at < size ? undefined : size;
}
