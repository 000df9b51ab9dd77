/**
 * Decodes a raw LZ4 block, `source[start, end)`, into `target[0, length)`.
 *
 * @returns true when the block gave exactly `length` bytes; false for any block that does not
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
 */
export function decodeLz4Block(source: Buffer, start: number, end: number, target: Buffer, length: number): boolean {
  let s = start;
  let t = 0;
  while (s < end) {
    const token = source[s++] ?? 0;

    let literals = token >> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255) {
        if (s >= end) return false;
        more = source[s++] ?? 0;
        literals += more;
      }
    }
    if (literals > end - s || literals > length - t) return false;
    if (literals > 24) source.copy(target, t, s, s + literals);
    else for (let i = 0; i < literals; i++) target[t + i] = source[s + i] ?? 0;
    s += literals;
    t += literals;
    // The last sequence is literals only.
    if (s === end) return t === length;

    if (end - s < 2) return false;
    const distance = (source[s] ?? 0) | ((source[s + 1] ?? 0) << 8);
    s += 2;
    let matched = token & 15;
    if (matched === 15) {
      let more = 255;
      while (more === 255) {
        if (s >= end) return false;
        more = source[s++] ?? 0;
        matched += more;
      }
    }
    matched += 4;
    if (distance === 0 || distance > t || matched > length - t) return false;
    copyMatch(target, t, distance, matched);
    t += matched;
  }
  return false;
}

/** Repeats `count` bytes from `distance` before `at`; source and target may overlap, then the bytes repeat. */
export function copyMatch(target: Buffer, at: number, distance: number, count: number): void {
  if (count > 32 && distance >= count) {
    target.copyWithin(at, at - distance, at - distance + count);
    return;
  }
  for (let i = at; i < at + count; i++) target[i] = target[i - distance] ?? 0;
}
