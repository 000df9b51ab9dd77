import { createHash } from 'node:crypto';
import { type LogFile, memoryFile, readRange } from '../../eventlog/bytes/log-file.ts';

/** A file whose first and last bytes are in memory. */
export interface EndsOfFile extends LogFile {
  readonly head: Buffer;
  /** Empty where the head is the whole file, or its end cannot be read without all of it. */
  readonly tail: Buffer;
}

/** A smaller file is read in one go, where a larger one takes a read at each end. */
const SMALL_BYTES = 256 * 1024;
const HEAD_BYTES = 64 * 1024;
const END_BYTES = 16 * 1024;

/** Reads both ends; what lies in them is not read a second time. */
export async function withEnds(file: LogFile, signal?: AbortSignal): Promise<EndsOfFile> {
  const none = Buffer.alloc(0);
  if (file.seekable && file.size <= SMALL_BYTES) {
    const whole = await readRange(file, 0, file.size, signal);
    return { ...memoryFile(file.name, whole), head: whole, tail: none };
  }
  const head = await readRange(file, 0, HEAD_BYTES, signal);
  const tailStart = file.size - END_BYTES;
  const tail = file.seekable ? await readRange(file, tailStart, file.size, signal) : none;
  const open: LogFile['open'] = (options) => {
    const { start = 0, end = Infinity } = options ?? {};
    if (end <= head.length) return inMemory(head.subarray(start, end));
    const isInTail = start >= tailStart && end <= tailStart + tail.length;
    return isInTail ? inMemory(tail.subarray(start - tailStart, end - tailStart)) : file.open(options);
  };
  return { ...file, open, head, tail };
}

/** @returns 16 hexadecimal digits over the size of each file and its first and last bytes, as far as they are in memory */
export function contentMarkOf(files: readonly EndsOfFile[]): string {
  const hash = createHash('sha256');
  for (const { size, head, tail } of files) {
    hash.update(`${size}\n`).update(head.subarray(0, END_BYTES));
    hash.update(tail.length > 0 ? tail : head.subarray(END_BYTES).subarray(-END_BYTES));
  }
  return hash.digest('hex').slice(0, 16);
}

function inMemory(bytes: Buffer): ReturnType<LogFile['open']> {
  return memoryFile('', bytes, Math.max(1, bytes.length)).open();
}
