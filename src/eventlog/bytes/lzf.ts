import { ByteWindow, type Chunks } from './byte-window.ts';
import { damaged, truncated } from './failures.ts';
import { copyMatch } from './lz4-block.ts';

export const LZF_MAGIC = Buffer.from('ZV', 'latin1');
const RAW = 0;
const COMPRESSED = 1;
const MAX_CHUNK_BYTES = 65_535;

/**
 * Decodes the chunks of ning's compress-lzf, as Spark writes them.
 *
 * Header `ZV` and a type; type 0: raw length and the bytes; type 1: stored length, raw length (both two bytes,
 * big-endian) and LZF data.
 */
export async function* decodeLzf(chunks: Chunks): AsyncGenerator<Buffer> {
  const window = new ByteWindow(chunks);
  const target = Buffer.allocUnsafe(MAX_CHUNK_BYTES);
  try {
    while (window.has(5) || (await window.fill(5))) {
      const type = window.bytes[window.start + 2];
      if (
        LZF_MAGIC.compare(window.bytes, window.start, window.start + 2) !== 0 ||
        (type !== RAW && type !== COMPRESSED)
      ) {
        throw damaged('lzf', window.offset, 'no chunk header where one must stand');
      }
      const headerBytes = type === RAW ? 5 : 7;
      const stored = window.bytes.readUInt16BE(window.start + 3);
      if (!window.has(headerBytes + stored) && !(await window.fill(headerBytes + stored)))
        throw truncated('lzf', window.offset);

      const start = window.start + headerBytes;
      let decoded = window.bytes.subarray(start, start + stored);
      if (type === COMPRESSED) {
        const raw = window.bytes.readUInt16BE(window.start + 5);
        if (!decodeLzfChunk(window.bytes, start, start + stored, target, raw)) {
          throw damaged('lzf', window.offset, 'a chunk does not decode to its length');
        }
        decoded = target.subarray(0, raw);
      }
      window.skip(headerBytes + stored);
      if (decoded.length > 0) yield decoded;
    }
    if (window.length > 0) throw truncated('lzf', window.offset);
  } finally {
    await window.close();
  }
}

/**
 * Decodes LZF data, `source[start, end)`, into `target[0, length)`.
 *
 * @returns true when it gave exactly `length` bytes; false for any data that does not
 */
export function decodeLzfChunk(source: Buffer, start: number, end: number, target: Buffer, length: number): boolean {
  let s = start;
  let t = 0;
  while (s < end) {
    const control = source[s++] ?? 0;
    if (control < 32) {
      const literals = control + 1;
      if (literals > end - s || literals > length - t) return false;
      for (let i = 0; i < literals; i++) target[t + i] = source[s + i] ?? 0;
      s += literals;
      t += literals;
      continue;
    }
    let count = control >> 5;
    if (count === 7) {
      if (s >= end) return false;
      count += source[s++] ?? 0;
    }
    if (s >= end) return false;
    const distance = (((control & 31) << 8) | (source[s++] ?? 0)) + 1;
    count += 2;
    if (distance > t || count > length - t) return false;
    copyMatch(target, t, distance, count);
    t += count;
  }
  return t === length;
}
