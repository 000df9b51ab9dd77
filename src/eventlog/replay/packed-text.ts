import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** A text that waits, compressed. */
export interface PackedText {
  readonly bytes: Uint8Array;
  /** Bytes of the text itself. */
  readonly length: number;
}

/** Room for what zstd writes beside the content of a text that cannot be compressed. */
const OVERHEAD_BYTES = 1024;

/**
 * Compresses a text of some ten kilobytes, quickly and with little memory beside.
 *
 * zstd would take megabytes for a window that such a text never fills, and Node returns a part of a far larger buffer.
 */
export function packText(text: string): PackedText {
  const bytes = Buffer.from(text);
  const packed = zstdCompressSync(bytes, {
    chunkSize: bytes.length + OVERHEAD_BYTES,
    params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_windowLog]: 16 },
  });
  const copy = Uint8Array.from(packed);
  const { length } = bytes;
  giveBack(packed);
  giveBack(bytes);
  return { bytes: copy, length };
}

export function unpackText({ bytes, length }: PackedText): string {
  const unpacked = zstdDecompressSync(bytes, { chunkSize: length + OVERHEAD_BYTES });
  const text = unpacked.toString();
  giveBack(unpacked);
  return text;
}

/**
 * Frees the memory of a buffer that nobody else has: the collector, which sees only how small the object is, would let
 * hundreds of them pile up.
 */
function giveBack(bytes: Buffer): void {
  const memory = bytes.buffer;
  // Small buffers are parts of a pool, whose memory is of this size.
  if (memory instanceof ArrayBuffer && memory.byteLength !== Buffer.poolSize) memory.transfer(0);
}
