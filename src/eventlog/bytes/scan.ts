import { EventLogError } from '../../util/errors.ts';
import { codecOf, codecOfBytes, MAGIC_BYTES } from './codec.ts';
import { DAMAGED, inFile, isTruncation } from './failures.ts';
import { DEFAULT_LIMITS, Meter, type ReadLimits } from './limits.ts';
import { type LineHandler, LineSplitter } from './lines.ts';
import { type LogFile, readRange } from './log-file.ts';
import { decodedBytes } from './log-lines.ts';
import { decodeTail } from './tail.ts';

/** What the first events of a log tell of its application. */
export interface LogStart {
  readonly appId: string;
  readonly name: string;
  readonly user: string;
  /** Absent where the cluster manager knows no attempts. */
  readonly attemptId?: string | undefined;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  /** Empty for logs before Spark 1.4. */
  readonly sparkVersion: string;
}

export interface ScanOptions {
  readonly limits?: ReadLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The application stands behind the environment, which is 30 to 90 KB. */
const HEAD_BYTES = [128 * 1024, 1024 * 1024, undefined] as const;
const TAIL_BYTES = [16 * 1024, 256 * 1024, 1024 * 1024] as const;
const START = Buffer.from('SparkListenerApplicationStart');
const END = Buffer.from('SparkListenerApplicationEnd');
const NEWLINE = 10;
const OPEN_BRACE = 123;
const VERSION = Buffer.from('SparkListenerLogStart');

/**
 * Looks for the start of a plain log in its first bytes: what {@link scanStart} finds there, for a tenth of the time.
 *
 * @param head - the first bytes of a file; the last line may be cut
 * @returns undefined where only {@link scanStart} can tell
 */
export function startInHead(name: string, head: Buffer): LogStart | undefined {
  if (!isPlain(head)) return undefined;
  for (let at = head.indexOf(START); at >= 0; at = head.indexOf(START, at + 1)) {
    const line = lineAround(head, at);
    const event = line === undefined ? undefined : eventIn(line, START);
    if (event !== undefined) return startOf(event, versionIn(head.subarray(0, at)), name);
  }
  return undefined;
}

function isPlain(head: Buffer): boolean {
  return head[0] === OPEN_BRACE || (head.length > 0 && codecOfBytes(head.subarray(0, MAGIC_BYTES)) === 'none');
}

/** The last version that these bytes tell. */
function versionIn(bytes: Buffer): string {
  let version = '';
  for (let at = bytes.indexOf(VERSION); at >= 0; at = bytes.indexOf(VERSION, at + 1)) {
    const line = lineAround(bytes, at);
    if (line !== undefined) version = textOf(eventIn(line, VERSION)?.['Spark Version']) ?? version;
  }
  return version;
}

/** @returns undefined when the bytes end before the line does */
function lineAround(bytes: Buffer, at: number): Buffer | undefined {
  const newline = bytes.indexOf(NEWLINE, at);
  return newline < 0 ? undefined : bytes.subarray(bytes.lastIndexOf(NEWLINE, at) + 1, newline);
}

/**
 * Reads a log's beginning, no further than its `SparkListenerApplicationStart`.
 *
 * @param files - in reading order; the event may stand behind the first file
 * @throws EventLogError `EVENT_LOG_NO_APPLICATION` when the log names no application, and as reading does
 */
export async function scanStart(files: readonly LogFile[], options: ScanOptions = {}): Promise<LogStart> {
  let sparkVersion = '';
  for (const file of files) {
    for (const end of file.seekable ? HEAD_BYTES : [undefined]) {
      let event: Record<string, unknown> | undefined;
      await eachLine(file, end, options, (bytes, start, stop) => {
        const line = bytes.subarray(start, stop);
        if (line.includes(VERSION)) sparkVersion = textOf(eventIn(line, VERSION)?.['Spark Version']) ?? sparkVersion;
        if (line.includes(START)) event = eventIn(line, START);
        return event !== undefined;
      });
      if (event !== undefined) return startOf(event, sparkVersion, file.name);
      if (end === undefined || file.size <= end) break;
    }
  }
  const file = files[0]?.name ?? 'log';
  throw new EventLogError(
    'EVENT_LOG_NO_APPLICATION',
    `${file} tells of no application: it has no SparkListenerApplicationStart`,
    {
      details: { file },
    },
  );
}

function startOf(event: Record<string, unknown>, sparkVersion: string, file: string): LogStart {
  const appId = textOf(event['App ID']);
  const startTime = timeOf(event);
  if (appId === undefined || appId === '' || startTime === undefined) {
    const lacks = startTime === undefined ? 'a start time' : 'an id';
    throw new EventLogError('EVENT_LOG_NO_APPLICATION', `${file} tells of an application without ${lacks}`, {
      details: { file },
    });
  }
  return {
    appId,
    name: textOf(event['App Name']) ?? '',
    user: textOf(event['User']) ?? '',
    attemptId: textOf(event['App Attempt ID']),
    startTime,
    sparkVersion,
  };
}

/** `unknown`: the end of the file could not be read without reading all of it. */
export type EndScan = { readonly endTime: number } | 'none' | 'unknown';

/**
 * Looks for the `SparkListenerApplicationEnd` in the last stored bytes of a log's last file.
 *
 * @returns `none` when the last events are there and the end is not among them
 */
export async function scanEnd(file: LogFile, options: ScanOptions = {}): Promise<EndScan> {
  if (!file.seekable) return 'unknown';
  const head = await readRange(file, 0, Math.min(MAGIC_BYTES, file.size), options.signal);
  if (head.length === 0) return 'none';
  const codec = codecOf(file.name, head);
  let found: EndScan = 'unknown';
  for (const bytes of TAIL_BYTES) {
    const start = Math.max(0, file.size - bytes);
    const tail = await decodeTail(codec, await readRange(file, start, file.size, options.signal));
    // A longer tail would hold these bytes, too.
    if (tail === 'too much') return 'unknown';
    if (tail !== 'nowhere') {
      found = lastEndIn(tail);
      if (found !== 'none') return found;
    }
    if (start === 0) break;
  }
  return found;
}

/**
 * Looks for the end of a plain log in bytes that are in memory already.
 *
 * @param head - the first bytes of the log's last file
 * @param tail - its last bytes; empty where the head is the whole file
 * @returns undefined where only {@link scanEnd} can tell
 */
export function endInTail(head: Buffer, tail: Buffer): { readonly endTime: number } | undefined {
  if (!isPlain(head)) return undefined;
  const found = lastEndIn(tail.length > 0 ? tail : head);
  return found === 'none' ? undefined : found;
}

/** Reads a whole log for its `SparkListenerApplicationEnd`; the last one counts. */
export async function searchEnd(
  files: readonly LogFile[],
  options: ScanOptions = {},
): Promise<{ readonly endTime: number } | 'none'> {
  let found: { readonly endTime: number } | 'none' = 'none';
  for (const file of files) {
    await eachLine(file, undefined, options, (bytes, start, stop) => {
      const line = bytes.subarray(start, stop);
      if (line.includes(END)) found = endOf(line) ?? found;
      return false;
    });
  }
  return found;
}

function lastEndIn(tail: Buffer): { readonly endTime: number } | 'none' {
  let from = tail.length;
  while (from > 0) {
    const at = tail.lastIndexOf(END, from - 1);
    if (at < 0) return 'none';
    const lineStart = tail.lastIndexOf(NEWLINE, at) + 1;
    const newline = tail.indexOf(NEWLINE, at);
    const found = endOf(tail.subarray(lineStart, newline < 0 ? tail.length : newline));
    if (found !== undefined) return found;
    from = lineStart;
  }
  return 'none';
}

function endOf(line: Buffer): { readonly endTime: number } | undefined {
  const event = eventIn(line, END);
  const endTime = event === undefined ? undefined : timeOf(event);
  return endTime === undefined ? undefined : { endTime };
}

/** @returns undefined for what is no time that a calendar has */
function timeOf(event: Record<string, unknown>): number | undefined {
  const time = event['Timestamp'];
  return typeof time === 'number' && Number.isInteger(time) && !Number.isNaN(new Date(time).getTime())
    ? time
    : undefined;
}

/** Hands over lines until the handler says that it has enough; a cut end is no failure. */
async function eachLine(
  file: LogFile,
  end: number | undefined,
  { limits = DEFAULT_LIMITS, signal }: ScanOptions,
  enough: (...line: Parameters<LineHandler>) => boolean,
): Promise<void> {
  const state = { done: false };
  // Many logs are scanned at the same time, so none may hold more of a line than can be an event that is looked for.
  const maxLineBytes = Math.min(limits.maxLineBytes, MAX_EVENT_BYTES);
  const splitter = new LineSplitter(
    (bytes, start, stop) => {
      state.done ||= enough(bytes, start, stop);
    },
    { maxLineBytes },
  );
  const part: LogFile = { ...file, open: (options) => file.open({ ...options, end }) };
  try {
    for await (const chunk of decodedBytes(part, new Meter(limits), signal)) {
      splitter.push(chunk);
      if (state.done) return;
    }
  } catch (error) {
    if (error instanceof EventLogError && error.code === DAMAGED) throw inFile(error, file.name, splitter.lineNumber);
    if (!isTruncation(error)) throw error;
  }
  // Where only a part was read, the last line is cut: no need to parse it to know.
  if (end === undefined || end >= file.size) splitter.end();
}

/** The events that are looked for are short; what is longer only mentions them. */
const MAX_EVENT_BYTES = 1024 * 1024;

/** @returns the line's event when it is JSON and of that class, however it is written */
function eventIn(line: Buffer, className: Buffer): Record<string, unknown> | undefined {
  if (line.length > MAX_EVENT_BYTES) return undefined;
  try {
    const event: unknown = JSON.parse(line.toString('utf8'));
    if (typeof event !== 'object' || event === null) return undefined;
    const fields = event as Record<string, unknown>;
    return fields['Event'] === className.toString('latin1') ? fields : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
