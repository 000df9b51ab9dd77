import { EventLogError } from '../../util/errors.ts';
import { type Codec, decode } from './codec.ts';
import { LZ4_MAGIC } from './lz4.ts';
import { LZF_MAGIC } from './lzf.ts';
import { MAX_SNAPPY_BLOCK_BYTES, SNAPPY_HEADER } from './snappy.ts';
import { isTruncation } from './failures.ts';
import { memoryFile } from './log-file.ts';

/** Decoded bytes kept of a tail: the events behind the end of an application are few. */
const KEPT_BYTES = 4 * 1024 * 1024;
/** A tail that decodes to more is left to a reading that holds it against the bytes it came from. */
const MAX_DECODED_BYTES = 64 * 1024 * 1024;
/** A false start decodes to an error soon, but hostile bytes may hold many. */
const MAX_TRIES = 64;
const ZSTD_MAGIC_BYTES = Buffer.from('28b52ffd', 'hex');

/**
 * Decodes the end of a stream from the first place in `tail` where decoding can begin.
 *
 * @param tail - the last stored bytes of a file
 * @returns decoded bytes up to the end, that may begin inside a line; undefined when decoding can begin nowhere
 * (gzip; one frame or block larger than the tail) or gives more than 64 MiB
 */
export async function decodeTail(codec: Codec, tail: Buffer): Promise<Buffer | undefined> {
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
      return undefined;
  }
}

/** Decoded bytes that all tries on one tail may still give. */
interface Allowance {
  bytes: number;
}

async function firstDecodable(codec: Codec, tail: Buffer, magic: Buffer): Promise<Buffer | undefined> {
  const allowance: Allowance = { bytes: MAX_DECODED_BYTES };
  let at = tail.indexOf(magic);
  for (let tries = 0; at >= 0 && tries < MAX_TRIES && allowance.bytes > 0; tries++) {
    const decoded = await decodeFrom(codec, tail.subarray(at), allowance);
    if (decoded !== undefined) return decoded;
    at = tail.indexOf(magic, at + 1);
  }
  return undefined;
}

/** @returns the last {@link KEPT_BYTES} that the stream decodes to; undefined when it does not decode to its end */
async function decodeFrom(codec: Codec, stored: Buffer, allowance: Allowance): Promise<Buffer | undefined> {
  let kept: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of decode(codec, memoryFile('tail', stored, stored.length).open())) {
      allowance.bytes -= chunk.length;
      if (allowance.bytes <= 0) return undefined;
      if (bytes > KEPT_BYTES) {
        kept = [Buffer.concat(kept).subarray(-KEPT_BYTES / 2)];
        bytes = KEPT_BYTES / 2;
      }
      kept.push(Buffer.from(chunk));
      bytes += chunk.length;
    }
  } catch (error) {
    if (!(error instanceof EventLogError)) throw error;
    if (!isTruncation(error)) return undefined;
  }
  return Buffer.concat(kept);
}

async function firstSnappyDecodable(tail: Buffer): Promise<Buffer | undefined> {
  const allowance: Allowance = { bytes: MAX_DECODED_BYTES };
  for (const start of snappyChunkStarts(tail).slice(0, MAX_TRIES)) {
    if (allowance.bytes <= 0) return undefined;
    const decoded = await decodeFrom('snappy', Buffer.concat([SNAPPY_HEADER, tail.subarray(start)]), allowance);
    if (decoded !== undefined) return decoded;
  }
  return undefined;
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
