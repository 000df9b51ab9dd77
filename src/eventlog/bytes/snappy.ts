import { ByteWindow, type Chunks } from './byte-window.ts';
import { damaged, truncated } from './failures.ts';
import { decodeSnappyElements, readSnappyLength } from './snappy-block.ts';

export const SNAPPY_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
/** Version 1, readable from version 1 on. */
export const SNAPPY_HEADER = Buffer.concat([SNAPPY_MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])]);
const HEADER_BYTES = 16;
/** The first four bytes of the magic, standing where a chunk's length is expected, begin a further stream. */
const HEADER_AS_LENGTH = 0x82534e41;
/** Spark's default block is 32 KiB (`spark.io.compression.snappy.blockSize`); nobody writes blocks above this. */
export const MAX_SNAPPY_BLOCK_BYTES = 32 * 1024 * 1024;

/**
 * Decodes the stream of snappy-java's `SnappyOutputStream` (not the snappy framing format), as Spark writes it.
 *
 * A header of 16 bytes (magic, version, compatible version), then chunks: length (big-endian) and a raw snappy block.
 */
export async function* decodeSnappy(chunks: Chunks): AsyncGenerator<Buffer> {
  const window = new ByteWindow(chunks);
  let target = Buffer.alloc(0);
  try {
    while (window.has(4) || (await window.fill(4))) {
      const stored = window.bytes.readUInt32BE(window.start);
      if (stored === HEADER_AS_LENGTH) {
        if (!window.has(HEADER_BYTES) && !(await window.fill(HEADER_BYTES))) throw truncated('snappy', window.offset);
        if (SNAPPY_MAGIC.compare(window.bytes, window.start, window.start + SNAPPY_MAGIC.length) !== 0) {
          throw damaged('snappy', window.offset, 'no stream header where one must stand');
        }
        window.skip(HEADER_BYTES);
        continue;
      }
      if (window.offset === 0) throw damaged('snappy', 0, 'the stream has no header');
      if (stored > MAX_SNAPPY_BLOCK_BYTES) throw damaged('snappy', window.offset, `a block of ${stored} bytes`);
      if (!window.has(4 + stored) && !(await window.fill(4 + stored))) throw truncated('snappy', window.offset);

      const start = window.start + 4;
      const declared = readSnappyLength(window.bytes, start, start + stored);
      if (declared === undefined || declared.length > MAX_SNAPPY_BLOCK_BYTES)
        throw damaged('snappy', window.offset, 'a block of impossible length');
      if (declared.length > target.length) target = Buffer.allocUnsafe(declared.length);
      if (!decodeSnappyElements(window.bytes, declared.at, start + stored, target, declared.length)) {
        throw damaged('snappy', window.offset, 'a block does not decode to its length');
      }
      window.skip(4 + stored);
      if (declared.length > 0) yield target.subarray(0, declared.length);
    }
    if (window.length > 0) throw truncated('snappy', window.offset);
  } finally {
    await window.close();
  }
}
