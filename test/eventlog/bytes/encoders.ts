/**
 * The smallest encoders that use every kind of element, written from the format descriptions.
 * They serve as the other side of a round trip; files written by Spark itself are in `fixtures/event-logs`.
 */
import { xxhash32 } from '../../../src/eventlog/bytes/xxhash32.ts';

interface Token {
  readonly literals: Buffer;
  /** Absent in the last token. */
  readonly match?: { readonly distance: number; readonly length: number };
}

/** Greedy LZ77: every occurrence of three (or more) bytes seen before becomes a match. */
function tokens(
  bytes: Buffer,
  limits: { minMatch: number; maxMatch: number; maxDistance: number; endLiterals?: number },
): Token[] {
  const seen = new Map<string, number>();
  const result: Token[] = [];
  let literalStart = 0;
  let at = 0;
  const matchEnd = bytes.length - (limits.endLiterals ?? 0);
  while (at + limits.minMatch <= matchEnd) {
    const key = bytes.toString('latin1', at, at + limits.minMatch);
    const before = seen.get(key);
    seen.set(key, at);
    if (before === undefined || at - before > limits.maxDistance) {
      at++;
      continue;
    }
    let length = limits.minMatch;
    while (length < limits.maxMatch && at + length < matchEnd && bytes[before + length] === bytes[at + length])
      length++;
    result.push({ literals: bytes.subarray(literalStart, at), match: { distance: at - before, length } });
    at += length;
    literalStart = at;
  }
  result.push({ literals: bytes.subarray(literalStart) });
  return result;
}

export function encodeLz4Block(bytes: Buffer): Buffer {
  const out: number[] = [];
  const extend = (value: number): void => {
    for (; value >= 255; value -= 255) out.push(255);
    out.push(value);
  };
  for (const { literals, match } of tokens(bytes, {
    minMatch: 4,
    maxMatch: 100_000,
    maxDistance: 65_535,
    endLiterals: 5,
  })) {
    const matched = match === undefined ? 0 : match.length - 4;
    out.push((Math.min(literals.length, 15) << 4) | Math.min(matched, 15));
    if (literals.length >= 15) extend(literals.length - 15);
    out.push(...literals);
    if (match === undefined) break;
    out.push(match.distance & 255, match.distance >> 8);
    if (matched >= 15) extend(matched - 15);
  }
  return Buffer.from(out);
}

/** @param raw - store the bytes as they are */
export function encodeLz4Stream(bytes: Buffer, blockBytes = 1024, raw = false): Buffer {
  const parts: Buffer[] = [];
  const block = (content: Buffer): void => {
    const payload = raw || content.length === 0 ? content : encodeLz4Block(content);
    const asRaw = raw || content.length === 0 || payload.length >= content.length;
    const stored = asRaw ? content : payload;
    const header = Buffer.alloc(21);
    header.write('LZ4Block', 'latin1');
    header[8] = (asRaw ? 0x10 : 0x20) | 6;
    header.writeInt32LE(stored.length, 9);
    header.writeInt32LE(content.length, 13);
    header.writeInt32LE(content.length === 0 ? 0 : xxhash32(content, 0, content.length, 0x9747b28c) & 0x0fffffff, 17);
    parts.push(header, stored);
  };
  for (let at = 0; at < bytes.length; at += blockBytes) block(bytes.subarray(at, at + blockBytes));
  block(Buffer.alloc(0));
  return Buffer.concat(parts);
}

export function encodeSnappyBlock(bytes: Buffer): Buffer {
  const out: number[] = [];
  let length = bytes.length;
  for (; length >= 128; length >>>= 7) out.push((length & 127) | 128);
  out.push(length);
  for (const { literals, match } of tokens(bytes, { minMatch: 4, maxMatch: 64, maxDistance: 1_000_000 })) {
    const n = literals.length - 1;
    if (n >= 0) {
      if (n < 60) out.push(n << 2);
      else if (n < 256) out.push(60 << 2, n);
      else out.push(61 << 2, n & 255, n >> 8);
      out.push(...literals);
    }
    if (match === undefined) break;
    const { distance } = match;
    if (match.length < 12 && distance < 2048)
      out.push(1 | ((match.length - 4) << 2) | ((distance >> 8) << 5), distance & 255);
    else if (distance < 65_536) out.push(2 | ((match.length - 1) << 2), distance & 255, distance >> 8);
    else
      out.push(
        3 | ((match.length - 1) << 2),
        distance & 255,
        (distance >> 8) & 255,
        (distance >> 16) & 255,
        distance >> 24,
      );
  }
  return Buffer.from(out);
}

export const SNAPPY_HEADER = Buffer.from('82534e41505059000000000100000001', 'hex');

export function encodeSnappyStream(bytes: Buffer, blockBytes = 1024): Buffer {
  const parts: Buffer[] = [SNAPPY_HEADER];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = encodeSnappyBlock(bytes.subarray(at, at + blockBytes));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    parts.push(length, block);
  }
  return Buffer.concat(parts);
}

export function encodeLzfData(bytes: Buffer): Buffer {
  const out: number[] = [];
  for (const { literals, match } of tokens(bytes, { minMatch: 3, maxMatch: 264, maxDistance: 8192 })) {
    for (let at = 0; at < literals.length; at += 32) {
      const run = literals.subarray(at, at + 32);
      out.push(run.length - 1, ...run);
    }
    if (match === undefined) break;
    const distance = match.distance - 1;
    const length = match.length - 2;
    if (length < 7) out.push((length << 5) | (distance >> 8), distance & 255);
    else out.push((7 << 5) | (distance >> 8), length - 7, distance & 255);
  }
  return Buffer.from(out);
}

/** @param raw - store the bytes as they are */
export function encodeLzfStream(bytes: Buffer, chunkBytes = 1024, raw = false): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const chunk = bytes.subarray(at, at + chunkBytes);
    const data = raw ? chunk : encodeLzfData(chunk);
    const header = Buffer.alloc(raw ? 5 : 7);
    header.write('ZV', 'latin1');
    header[2] = raw ? 0 : 1;
    header.writeUInt16BE(data.length, 3);
    if (!raw) header.writeUInt16BE(chunk.length, 5);
    parts.push(header, data);
  }
  return Buffer.concat(parts);
}
