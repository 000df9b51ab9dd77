import { EventLogError } from '../../util/errors.ts';
import type { Chunks } from './byte-window.ts';
import { decodeGzip } from './gzip.ts';
import { decodeLz4, LZ4_MAGIC } from './lz4.ts';
import { decodeLzf, LZF_MAGIC } from './lzf.ts';
import { decodeSnappy, SNAPPY_MAGIC } from './snappy.ts';
import { decodeZstd, ZSTD_MAGIC } from './zstd.ts';

export type Codec = 'none' | 'zstd' | 'lz4' | 'snappy' | 'lzf' | 'gzip';

const CODEC_BY_EXTENSION: Readonly<Record<string, Codec>> = {
  zstd: 'zstd',
  zst: 'zstd',
  lz4: 'lz4',
  snappy: 'snappy',
  lzf: 'lzf',
  gz: 'gzip',
  gzip: 'gzip',
};

/** Bytes that {@link codecOfBytes} wants to see. */
export const MAGIC_BYTES = 64;

/** The codec a name promises: its last extension, behind `.inprogress` and `.compact` (`a.zstd.inprogress`). */
export function codecOfName(name: string): Codec {
  const bare = name.replace(/\.inprogress$/, '').replace(/\.compact$/, '');
  const extension = bare.slice(bare.lastIndexOf('.') + 1).toLowerCase();
  return (Object.hasOwn(CODEC_BY_EXTENSION, extension) ? CODEC_BY_EXTENSION[extension] : undefined) ?? 'none';
}

/** The codec the first bytes show; undefined when they begin neither a known format nor a JSON object. */
export function codecOfBytes(head: Buffer): Codec | undefined {
  if (head.length >= 4) {
    const magic = head.readUInt32LE(0);
    if (magic === ZSTD_MAGIC || (magic & 0xfffffff0) >>> 0 === 0x184d2a50) return 'zstd';
  }
  if (head.subarray(0, LZ4_MAGIC.length).equals(LZ4_MAGIC)) return 'lz4';
  if (head.subarray(0, SNAPPY_MAGIC.length).equals(SNAPPY_MAGIC)) return 'snappy';
  if (head.subarray(0, LZF_MAGIC.length).equals(LZF_MAGIC)) return 'lzf';
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  return /^(\uFEFF)?\s*(\{|$)/.test(head.toString('utf8')) ? 'none' : undefined;
}

/**
 * What a file is: its bytes decide, and the name only says what a file is that has too few of them.
 *
 * @throws EventLogError `EVENT_LOG_CODEC` when the bytes begin no format in which Spark writes logs
 */
export function codecOf(name: string, head: Buffer): Codec {
  const shown = codecOfBytes(head);
  if (shown !== undefined) return shown;
  const promised = codecOfName(name);
  if (head.length < LZ4_MAGIC.length && promised !== 'none') return promised;
  throw new EventLogError(
    'EVENT_LOG_CODEC',
    `${name} is no event log: it begins neither with a JSON object nor as zstd, lz4, snappy, lzf or gzip in Spark's framing`,
    { details: { file: name, firstBytes: head.toString('hex', 0, 16) } },
  );
}

/** Decodes a stream; what it yields is valid until the next chunk is asked for. */
export function decode(codec: Codec, chunks: Chunks): Chunks {
  switch (codec) {
    case 'none':
      return chunks;
    case 'zstd':
      return decodeZstd(chunks);
    case 'lz4':
      return decodeLz4(chunks);
    case 'snappy':
      return decodeSnappy(chunks);
    case 'lzf':
      return decodeLzf(chunks);
    case 'gzip':
      return decodeGzip(chunks);
  }
}
