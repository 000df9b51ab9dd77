import { copyMatch } from './lz4-block.ts';

/** The raw length a snappy block declares and where its elements begin; undefined when it is no valid length. */
export function readSnappyLength(
  source: Buffer,
  start: number,
  end: number,
): { readonly length: number; readonly at: number } | undefined {
  let length = 0;
  for (let i = 0; i < 5 && start + i < end; i++) {
    const byte = source[start + i] ?? 0;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { length, at: start + i + 1 };
  }
  return undefined;
}

/**
 * Decodes the elements of a raw snappy block, `source[start, end)`, into `target[0, length)`.
 *
 * @returns true when they gave exactly `length` bytes; false for any block that does not
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */
export function decodeSnappyElements(
  source: Buffer,
  start: number,
  end: number,
  target: Buffer,
  length: number,
): boolean {
  let s = start;
  let t = 0;
  while (s < end) {
    const tag = source[s++] ?? 0;
    const kind = tag & 3;
    if (kind === 0) {
      let literals = (tag >> 2) + 1;
      if (literals > 60) {
        const bytes = literals - 60;
        if (bytes > end - s) return false;
        literals = source.readUIntLE(s, bytes) + 1;
        s += bytes;
      }
      if (literals > end - s || literals > length - t) return false;
      if (literals > 24) source.copy(target, t, s, s + literals);
      else for (let i = 0; i < literals; i++) target[t + i] = source[s + i] ?? 0;
      s += literals;
      t += literals;
      continue;
    }

    let count = (tag >> 2) + 1;
    let distance: number;
    if (kind === 1) {
      if (s >= end) return false;
      count = ((tag >> 2) & 7) + 4;
      distance = ((tag >> 5) << 8) | (source[s++] ?? 0);
    } else if (kind === 2) {
      if (end - s < 2) return false;
      distance = (source[s] ?? 0) | ((source[s + 1] ?? 0) << 8);
      s += 2;
    } else {
      if (end - s < 4) return false;
      distance = source.readUInt32LE(s);
      s += 4;
    }
    if (distance === 0 || distance > t || count > length - t) return false;
    copyMatch(target, t, distance, count);
    t += count;
  }
  return t === length;
}
