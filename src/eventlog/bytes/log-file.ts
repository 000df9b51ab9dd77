import type { Chunks } from './byte-window.ts';

export interface OpenOptions {
  /** First byte; the beginning when absent. */
  readonly start?: number | undefined;
  /** Byte behind the last one; the end of the file when absent. */
  readonly end?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A file of a log, wherever it is kept. */
export interface LogFile {
  /** For messages and for the codec its extension promises: path below the root of the source. */
  readonly name: string;
  /** Stored bytes when it was listed; a live log has more by now. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** False for an entry of an archive: it can only be read from its beginning. */
  readonly seekable: boolean;
  /** Chunks of stored bytes, each valid until the next one is asked for. */
  open(options?: OpenOptions): Chunks;
}

/** The bytes from `start` to `end`, as many of them as the file has. */
export async function readRange(file: LogFile, start: number, end: number, signal?: AbortSignal): Promise<Buffer> {
  if (start < 0 || start >= Math.min(end, file.size)) return Buffer.alloc(0);
  const parts: Buffer[] = [];
  for await (const chunk of file.open({ start, end, signal })) parts.push(Buffer.from(chunk));
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
}

/** A file whose bytes are in memory. */
export function memoryFile(name: string, bytes: Buffer, chunkBytes = 64 * 1024): LogFile {
  return {
    name,
    size: bytes.length,
    modified: 0,
    seekable: true,
    // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous
    async *open({ start = 0, end = bytes.length } = {}) {
      for (let at = start; at < end; at += chunkBytes) yield bytes.subarray(at, Math.min(at + chunkBytes, end));
    },
  };
}
