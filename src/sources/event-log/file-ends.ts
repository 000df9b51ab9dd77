import { createHash } from 'node:crypto';
import { type LogFile, memoryFile } from '../../eventlog/bytes/log-file.ts';
import type { ReadInto } from './file-system.ts';

/** A file whose first and last bytes are in memory. */
export interface EndsOfFile extends LogFile {
  readonly head: Buffer;
  /** Empty where the head is the whole file, or its end cannot be read without all of it. */
  readonly tail: Buffer;
}

/** The application stands behind the environment, which is 30 to 90 KB. */
const HEAD_BYTES = 128 * 1024;
const END_BYTES = 16 * 1024;
/** Room for both ends of a file. */
export const ENDS_BYTES = HEAD_BYTES + END_BYTES;

/**
 * Reads both ends; what lies in them is not read a second time.
 *
 * @param room - at least {@link ENDS_BYTES}, the file's until its ends are no longer needed; a file that fits is read
 * whole
 */
export async function withEnds(file: LogFile, room: Buffer, read: ReadInto): Promise<EndsOfFile> {
  const none = Buffer.alloc(0);
  if (file.seekable && file.size <= room.length) {
    const whole = room.subarray(0, await read(room.subarray(0, file.size), 0));
    return { ...memoryFile(file.name, whole), head: whole, tail: none };
  }
  const head = room.subarray(0, await read(room.subarray(0, HEAD_BYTES), 0));
  const tailStart = file.size - END_BYTES;
  const behindHead = room.subarray(HEAD_BYTES, HEAD_BYTES + END_BYTES);
  const tail = file.seekable ? behindHead.subarray(0, await read(behindHead, tailStart)) : none;
  const open: LogFile['open'] = (options) => {
    const { start = 0, end = Infinity } = options ?? {};
    if (end <= head.length) return inMemory(head.subarray(start, end));
    const isInTail = start >= tailStart && end <= tailStart + tail.length;
    return isInTail ? inMemory(tail.subarray(start - tailStart, end - tailStart)) : file.open(options);
  };
  return { ...file, open, head, tail };
}

/** Reads through the file's chunks: the way that every place has. */
export function readIntoFrom(file: LogFile, signal: AbortSignal | undefined): ReadInto {
  return async (into, start) => {
    const end = start + into.length;
    let bytes = 0;
    if (start >= file.size && file.seekable) return bytes;
    for await (const chunk of file.open({ start, end, signal })) bytes += chunk.copy(into, bytes);
    return bytes;
  };
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

/** @returns 16 hexadecimal digits over the first 16 KiB of the first file, which stay as they are while a log grows */
export function headMarkOf([first]: readonly EndsOfFile[]): string {
  const head = first?.head.subarray(0, END_BYTES) ?? '';
  return createHash('sha256').update(head).digest('hex').slice(0, 16);
}

function inMemory(bytes: Buffer): ReturnType<LogFile['open']> {
  return memoryFile('', bytes, Math.max(1, bytes.length)).open();
}
