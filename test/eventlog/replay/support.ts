import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import type { ReplayedRun, ReplayOptions } from '../../../src/eventlog/replay/replay.ts';
import { LogReplay } from '../../../src/eventlog/replay/replay.ts';

const FIXTURES = new URL('../../fixtures/replay/', import.meta.url);

/** A fixture of `test/fixtures/replay/`, unpacked. */
export function readFixture(path: string): Buffer {
  const bytes = readFileSync(new URL(path, FIXTURES));
  return path.endsWith('.br') ? brotliDecompressSync(bytes) : bytes;
}

export function readJsonFixture(path: string): unknown {
  return JSON.parse(readFixture(path).toString());
}

/** Pushes every line of a log, a last one without newline too. */
export function pushLines(replay: LogReplay, log: Buffer): LogReplay {
  for (let start = 0; start < log.length;) {
    const newline = log.indexOf(10, start);
    const end = newline < 0 ? log.length : newline;
    replay.line(log, start, end);
    start = end + 1;
  }
  return replay;
}

export function replayLog(log: Buffer, options?: ReplayOptions): ReplayedRun {
  return pushLines(new LogReplay(options), log).finish();
}

/** Events as the lines of a log. */
export function logOf(events: readonly unknown[]): Buffer {
  return Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

/** JSON as it would arrive: without what is `undefined`, and without when the server last looked at the file. */
export function asAnswer(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) =>
    key.startsWith('lastUpdated') ? undefined : inner,
  );
}
