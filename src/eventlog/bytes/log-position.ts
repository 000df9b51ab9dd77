import type { Chunks } from './byte-window.ts';
import type { Codec } from './codec.ts';
import type { LogFile } from './log-file.ts';

/** Enough to tell a log from another one: a line of an event log carries times and ids. */
const MARK_BYTES = 256;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** How far a log was read: plain data, from which the reading goes on when the log has grown. */
export interface LogPosition {
  /** The files that were begun, in order, by {@link finalName}; only the last one may grow. */
  readonly files: readonly string[];
  /** Of the last file; `undefined` while it has no bytes. */
  readonly codec: Codec | undefined;
  /** Bytes of the files before the last one. */
  readonly before: { readonly decodedBytes: number; readonly storedBytes: number };
  /** Decoded bytes of the last file up to the end of the last line that was handed over or left out. */
  readonly offset: number;
  /** How many lines of the last file that is. */
  readonly line: number;
  /** True when that line was handed over without a newline behind it: whole JSON at the end of the file. */
  readonly isOpen: boolean;
  /** The decoded bytes before {@link offset}, at most 256: when others stand there, the file is another one. */
  readonly mark: Buffer;
}

/** The log is not the one of which a part was read: it was rewritten, compacted, or lost bytes. It must be read whole. */
export class NotContinuedError extends Error {}

/** The name that a file has once Spark has finished it. */
export function finalName(name: string): string {
  return name.replace(/\.inprogress$/, '');
}

/** @throws NotContinuedError when the log no longer begins with the files that were read */
export function assertSameFiles(files: readonly LogFile[], { files: read }: LogPosition): void {
  if (read.every((name, i) => finalName(files[i]?.name ?? '') === name)) return;
  throw new NotContinuedError('The log has other files than when it was read before');
}

/**
 * What follows a position.
 *
 * @param chunks - the decoded bytes of the file from `first` on
 * @param first - the offset of the first of them, at most that of the mark
 * @throws NotContinuedError when the bytes before the position are not those that were read
 */
export async function* behind(chunks: Chunks, first: number, position: LogPosition): AsyncGenerator<Buffer> {
  const { offset, mark, isOpen } = position;
  let at = first;
  let seen: Buffer = Buffer.alloc(0);
  let mayBeNewline = isOpen;
  for await (const chunk of chunks) {
    let start = 0;
    if (at < offset) {
      const before = chunk.subarray(0, offset - at);
      seen = lastOf(seen, before, mark.length);
      at += before.length;
      if (at < offset) continue;
      if (!seen.equals(mark)) throw new NotContinuedError('The log has other lines than when it was read before');
      start = before.length;
    }
    if (mayBeNewline && start < chunk.length) {
      start += newlineAt(chunk, start);
      mayBeNewline = false;
    }
    if (start < chunk.length) yield chunk.subarray(start);
  }
  if (at < offset) throw new NotContinuedError('The log is shorter than when it was read before');
}

/** @returns bytes of the newline that ends the line handed over before */
function newlineAt(chunk: Buffer, start: number): number {
  if (chunk[start] === NEWLINE) return 1;
  if (chunk[start] === CARRIAGE_RETURN && chunk[start + 1] === NEWLINE) return 2;
  throw new NotContinuedError('The last line goes on');
}

/** Watches the decoded bytes of a file go by, and knows where the last line ends. */
export class PositionTracker {
  /** Decoded bytes so far. */
  #at: number;
  #recent: Buffer;
  #offset: number;
  #mark: Buffer;

  constructor(from?: LogPosition) {
    this.#at = this.#offset = from?.offset ?? 0;
    this.#recent = this.#mark = from?.mark ?? Buffer.alloc(0);
  }

  push(chunk: Buffer): void {
    const lineEnd = chunk.lastIndexOf(NEWLINE) + 1;
    if (lineEnd > 0) {
      this.#offset = this.#at + lineEnd;
      this.#mark = lastOf(this.#recent, chunk.subarray(0, lineEnd), MARK_BYTES);
    }
    this.#recent = lastOf(this.#recent, chunk, MARK_BYTES);
    this.#at += chunk.length;
  }

  /** @param isOpen - whether what stands behind the last newline was handed over, too */
  position(isOpen: boolean): Pick<LogPosition, 'offset' | 'mark' | 'isOpen'> {
    return isOpen
      ? { offset: this.#at, mark: this.#recent, isOpen }
      : { offset: this.#offset, mark: this.#mark, isOpen };
  }
}

/** A copy of the last bytes of two pieces that follow each other. */
function lastOf(before: Buffer, chunk: Buffer, count: number): Buffer {
  if (chunk.length >= count) return Buffer.from(chunk.subarray(chunk.length - count));
  return Buffer.concat([before.subarray(Math.max(0, before.length + chunk.length - count)), chunk]);
}
