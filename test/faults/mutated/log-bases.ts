import { gzipSync, zstdCompressSync } from 'node:zlib';
import { encodeLz4Stream, encodeLzfStream, encodeSnappyStream, SNAPPY_HEADER } from '../../eventlog/bytes/encoders.ts';
import { readFixture, readJsonFixture } from '../../eventlog/replay/support.ts';

/** What a History Server of Spark answered for a log, by the name of the answer; see test/fixtures/replay/README.md. */
export type ServerAnswers = Readonly<Record<string, unknown>>;

/** A small log of a real Spark, and what a real server says of it. */
export interface LogBase {
  readonly name: string;
  readonly lines: readonly string[];
  readonly dialect: '3.5' | '4.0';
  /** Undefined for a log without an end: what its server says counts up to the moment of the question. */
  readonly answers: ServerAnswers | undefined;
}

/** Retries and a lost executor, a failing job, SQL, a stream, spill, a skewed join, a driver that was killed. */
const NAMES = [
  '3.5.7-driver-heavy',
  '3.5.7-idle-executors',
  '3.5.7-streaming',
  '4.0.1-spill',
  '4.0.1-failing',
  '4.0.1-retries',
  '4.0.1-skewed-join',
  '4.0.1-crash',
] as const;

export const LOG_BASES: readonly LogBase[] = NAMES.map((name) => {
  const version = name.slice(0, name.indexOf('-'));
  return {
    name,
    lines: readFixture(`corpus/${name}.log.br`).toString().trimEnd().split('\n').map(withShortEnvironment),
    dialect: version.startsWith('3.5') ? '3.5' : '4.0',
    answers: name.endsWith('crash')
      ? undefined
      : (readJsonFixture(`corpus/${name}.server-${version}.json.br`) as ServerAnswers),
  };
});

/** Nine tenths of a small log are its class path and Hadoop's defaults, of which nobody asks anything here. */
function withShortEnvironment(line: string): string {
  if (!line.startsWith('{"Event":"SparkListenerEnvironmentUpdate"')) return line;
  const event = JSON.parse(line) as Record<string, Readonly<Record<string, string>>>;
  for (const part of ['Hadoop Properties', 'System Properties', 'Classpath Entries']) {
    event[part] = Object.fromEntries(Object.entries(event[part] ?? {}).slice(0, 5));
  }
  return JSON.stringify(event);
}

export type LogCodec = 'none' | 'zstd' | 'lz4' | 'snappy' | 'lzf' | 'gzip';

export const CODECS: readonly [LogCodec, ...LogCodec[]] = ['none', 'zstd', 'lz4', 'snappy', 'lzf', 'gzip'];

export const EXTENSIONS: Readonly<Record<LogCodec, string>> = {
  none: '',
  zstd: '.zstd',
  lz4: '.lz4',
  snappy: '.snappy',
  lzf: '.lzf',
  gzip: '.gz',
};

const BLOCK_BYTES = 32 * 1024;

/** In the framing that Spark writes; blocks of the codecs without an encoder in Node are stored as they are, which is as valid. */
export function encode(codec: LogCodec, bytes: Buffer): Buffer {
  switch (codec) {
    case 'none':
      return bytes;
    case 'zstd':
      return zstdCompressSync(bytes);
    case 'gzip':
      return gzipSync(bytes, { level: 1 });
    case 'lz4':
      return encodeLz4Stream(bytes, BLOCK_BYTES, true);
    case 'lzf':
      return encodeLzfStream(bytes, BLOCK_BYTES, true);
    case 'snappy':
      return storedSnappy(bytes);
  }
}

/** Blocks that are one literal each. @see https://github.com/google/snappy/blob/main/format_description.txt */
function storedSnappy(bytes: Buffer): Buffer {
  const parts: Buffer[] = [SNAPPY_HEADER];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    const content = bytes.subarray(at, at + BLOCK_BYTES);
    const { length } = content;
    const varint = [(length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14];
    const head = Buffer.from([...varint, 61 << 2, (length - 1) & 255, (length - 1) >> 8]);
    const size = Buffer.alloc(4);
    size.writeInt32BE(head.length + length);
    parts.push(size, head, content);
  }
  return Buffer.concat(parts);
}

const compressed = new Map<string, Buffer>();

/** The whole log as the real encoders write it: matches, copies, checksums. Slow the first time. */
export function compressedBase(base: LogBase, codec: LogCodec): Buffer {
  const key = `${base.name} ${codec}`;
  let bytes = compressed.get(key);
  if (bytes === undefined) {
    const plain = joined(base.lines);
    bytes = (REAL_ENCODERS[codec] ?? ((whole: Buffer) => encode(codec, whole)))(plain);
    compressed.set(key, bytes);
  }
  return bytes;
}

const REAL_ENCODERS: Partial<Record<LogCodec, (plain: Buffer) => Buffer>> = {
  lz4: (plain) => encodeLz4Stream(plain, BLOCK_BYTES),
  snappy: (plain) => encodeSnappyStream(plain, BLOCK_BYTES),
  lzf: (plain) => encodeLzfStream(plain, BLOCK_BYTES),
};

export function joined(lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}
