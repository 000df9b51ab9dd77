import { gzipSync, zstdCompressSync } from 'node:zlib';
import { encodeLz4Stream, encodeLzfStream, encodeSnappyStream, SNAPPY_HEADER } from '../eventlog/bytes/encoders.ts';

const BLOCK_BYTES = 32 * 1024;
/** Of the empty block that ends an lz4 stream. */
const LZ4_END_BYTES = 21;
const FRAME_BYTES = 8 * 1024 * 1024;

/**
 * Stored bytes by file extension: what decodes to `head`, and behind it `filler` again and again.
 *
 * zstd stores it up to 30,000 times smaller, gzip 1,000 times: there it goes on for gigabytes. lz4 comes to 250 times,
 * lzf to 88, snappy to 21, which is near to what honest logs have: they decode to `length`, as a log may.
 */
export const BOMBS: Readonly<Record<string, (head: Buffer, filler: string, length: number) => Buffer>> = {
  zstd: (head, filler) => {
    const frame = zstdCompressSync(Buffer.alloc(FRAME_BYTES, filler));
    return Buffer.concat([zstdCompressSync(head), ...new Array<Buffer>(1000).fill(frame)]);
  },
  gz: (head, filler) => {
    const member = gzipSync(Buffer.alloc(FRAME_BYTES, filler));
    return Buffer.concat([gzipSync(head), ...new Array<Buffer>(200).fill(member)]);
  },
  lz4: (head, filler, length) => {
    const encode = (bytes: Buffer): Buffer => encodeLz4Stream(bytes, BLOCK_BYTES).subarray(0, -LZ4_END_BYTES);
    return Buffer.concat([encode(head), ...repeated(encode(blockOf(filler)), length)]);
  },
  snappy: (head, filler, length) => {
    const encode = (bytes: Buffer): Buffer => encodeSnappyStream(bytes, BLOCK_BYTES).subarray(SNAPPY_HEADER.length);
    return Buffer.concat([SNAPPY_HEADER, encode(head), ...repeated(encode(blockOf(filler)), length)]);
  },
  lzf: (head, filler, length) => {
    const encode = (bytes: Buffer): Buffer => encodeLzfStream(bytes, BLOCK_BYTES);
    return Buffer.concat([encode(head), ...repeated(encode(blockOf(filler)), length)]);
  },
};

/** 4 MB that stand for 128 GiB in a single frame, whose decoder is told to keep a window of 128 MiB. RFC 8878, 3.1.1. */
export function zstdOfOneByte(): Buffer {
  const [magic, noSizeNoChecksum, window128MiB] = ['28b52ffd', '00', '88'];
  // 128 KiB of one repeated byte: size << 3 | type RLE << 1, in three bytes, little-endian; then the byte.
  const block = Buffer.from('02001020', 'hex');
  return Buffer.concat([
    Buffer.from(magic + noSizeNoChecksum + window128MiB, 'hex'),
    Buffer.alloc(4 * 1024 ** 2, block),
  ]);
}

/** Whole fillers only: the next block begins with one. */
function blockOf(filler: string): Buffer {
  return Buffer.from(filler.repeat(Math.floor(BLOCK_BYTES / filler.length)));
}

function repeated(block: Buffer, length: number): Buffer[] {
  return new Array<Buffer>(Math.ceil(length / BLOCK_BYTES) + 1).fill(block);
}
