import { closeSync, openSync, readSync } from 'node:fs';
import type { LineHandler } from '../../src/eventlog/bytes/lines.ts';
import { LineSplitter } from '../../src/eventlog/bytes/lines.ts';

const CHUNK = 256 * 1024;

/** Hands over the lines of a plain file, one buffer used again and again. @returns bytes read */
export function readLines(path: string, onLine: LineHandler): number {
  const splitter = new LineSplitter(onLine);
  const chunk = Buffer.allocUnsafe(CHUNK);
  const file = openSync(path, 'r');
  let bytes = 0;
  for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
    bytes += read;
    splitter.push(chunk.subarray(0, read));
  }
  splitter.end();
  closeSync(file);
  return bytes;
}
