import { ByteWindow, type Chunks } from './byte-window.ts';
import { damaged, truncated } from './failures.ts';
import { decodeLz4Block } from './lz4-block.ts';
import { xxhash32 } from './xxhash32.ts';

export const LZ4_MAGIC = Buffer.from('LZ4Block', 'latin1');
export const LZ4_HEADER_BYTES = 21;
const RAW = 0x10;
const COMPRESSED = 0x20;
const CHECKSUM_SEED = 0x9747b28c;
/** lz4-java keeps the low 28 bits of the hash. */
const CHECKSUM_BITS = 0x0fffffff;

/**
 * Decodes the stream of lz4-java's `LZ4BlockOutputStream` (not the lz4 frame format), as Spark writes it.
 *
 * Block header, 21 bytes: `LZ4Block`, method and block size, stored length, raw length, xxHash32 (little-endian).
 * A block with both lengths 0 ends a stream; another stream may follow.
 */
export async function* decodeLz4(chunks: Chunks): AsyncGenerator<Buffer> {
  const window = new ByteWindow(chunks);
  let target = Buffer.alloc(0);
  try {
    while (window.has(LZ4_HEADER_BYTES) || (await window.fill(LZ4_HEADER_BYTES))) {
      const header = readLz4Header(window.bytes, window.start);
      if (header === undefined) throw damaged('lz4', window.offset, 'no block header where one must stand');
      const blockBytes = LZ4_HEADER_BYTES + header.stored;
      if (!window.has(blockBytes) && !(await window.fill(blockBytes))) throw truncated('lz4', window.offset);
      if (header.raw > target.length) target = Buffer.allocUnsafe(header.raw);

      const decoded = decodeLz4Payload(window.bytes, window.start, header, target);
      if (decoded === undefined)
        throw damaged('lz4', window.offset, 'a block does not decode to its length and checksum');
      window.skip(blockBytes);
      if (decoded.length > 0) yield decoded;
    }
    if (window.length > 0) throw truncated('lz4', window.offset);
  } finally {
    await window.close();
  }
}

export interface Lz4Header {
  readonly method: number;
  readonly stored: number;
  readonly raw: number;
  readonly checksum: number;
}

/** @returns undefined when no block can start at `at`; needs {@link LZ4_HEADER_BYTES} bytes from there */
export function readLz4Header(bytes: Buffer, at: number): Lz4Header | undefined {
  if (LZ4_MAGIC.compare(bytes, at, at + LZ4_MAGIC.length) !== 0) return undefined;
  const token = bytes[at + 8] ?? 0;
  const method = token & 0xf0;
  const stored = bytes.readInt32LE(at + 9);
  const raw = bytes.readInt32LE(at + 13);
  const fits =
    raw >= 0 && raw <= 1 << (10 + (token & 0x0f)) && stored >= 0 && (method === RAW ? stored === raw : stored <= raw);
  if (!fits || (method !== RAW && method !== COMPRESSED) || (raw > 0 && stored === 0)) return undefined;
  return { method, stored, raw, checksum: bytes.readUInt32LE(at + 17) };
}

/** @returns the decoded bytes (in `target`, or for a raw block where they stand); undefined when they are not what the header says */
export function decodeLz4Payload(bytes: Buffer, at: number, header: Lz4Header, target: Buffer): Buffer | undefined {
  const { method, stored, raw, checksum } = header;
  if (raw === 0) return Buffer.alloc(0);
  const start = at + LZ4_HEADER_BYTES;
  const decoded = method === RAW ? bytes.subarray(start, start + raw) : target.subarray(0, raw);
  if (method === COMPRESSED && !decodeLz4Block(bytes, start, start + stored, target, raw)) return undefined;
  const hash = xxhash32(decoded, 0, raw, CHECKSUM_SEED) & CHECKSUM_BITS;
  return hash === checksum ? decoded : undefined;
}
