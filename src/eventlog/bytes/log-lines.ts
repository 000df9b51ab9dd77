import { EventLogError } from '../../util/errors.ts';
import type { Chunks } from './byte-window.ts';
import { codecOf, decode, MAGIC_BYTES } from './codec.ts';
import { DAMAGED, isTruncation } from './failures.ts';
import { DEFAULT_LIMITS, Meter, type ReadLimits } from './limits.ts';
import { type EventLogLines, LineSplitter, type LinePlace, type LinesReport, type TornEnd } from './lines.ts';
import type { LogFile } from './log-file.ts';

export interface LogLinesOptions {
  readonly compacted?: boolean | undefined;
  readonly limits?: ReadLimits | undefined;
  /** Bytes of memory there are for parsing a line; a line that may need more is left out. */
  readonly room?: (() => number) | undefined;
}

/** The lines of a log that consists of these files, in this order. */
export function linesOf(name: string, files: readonly LogFile[], options: LogLinesOptions = {}): EventLogLines {
  const limits = options.limits ?? DEFAULT_LIMITS;
  let current: { readonly file: string; readonly splitter: LineSplitter } | undefined;

  return {
    name,
    compacted: options.compacted ?? false,
    place: () => ({ file: current?.file ?? name, line: current?.splitter.lineNumber ?? 0 }),

    async forEach(onLine, { signal } = {}): Promise<LinesReport> {
      const meter = new Meter(limits);
      const tooLong: LinePlace[] = [];
      const torn: TornEnd[] = [];
      let lines = 0;
      for (const file of files) {
        const splitter = new LineSplitter(onLine, { maxLineBytes: limits.maxLineBytes, room: options.room });
        current = { file: file.name, splitter };
        const cut = await pushAll(decodedBytes(file, meter, signal), splitter, file.name);
        const { droppedBytes } = splitter.end();
        lines += splitter.handed;
        tooLong.push(...splitter.tooLong.map((line) => ({ file: file.name, line })));
        if (cut !== undefined || droppedBytes > 0) {
          torn.push({
            file: file.name,
            line: splitter.lineNumber + 1,
            droppedBytes,
            reason: cut ?? 'The last line is cut',
          });
        }
      }
      return { lines, bytes: meter.decodedBytes, storedBytes: meter.storedBytes, tooLong, torn };
    },
  };
}

/**
 * The decoded bytes of one file, within the limits of the meter.
 *
 * @throws EventLogError, after all bytes that could be decoded: `EVENT_LOG_TRUNCATED`, `EVENT_LOG_DAMAGED`; without
 * any: `EVENT_LOG_CODEC`
 */
export async function* decodedBytes(file: LogFile, meter: Meter, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const stored = meter.stored(file.open({ signal }));
  const { head, chunks } = await peek(stored);
  if (head.length === 0) return;
  for await (const chunk of meter.decoded(decode(codecOf(file.name, head), chunks), file.name)) {
    signal?.throwIfAborted();
    yield chunk;
  }
}

/** @returns why the stream is cut, when it is */
async function pushAll(chunks: Chunks, splitter: LineSplitter, file: string): Promise<string | undefined> {
  try {
    for await (const chunk of chunks) splitter.push(chunk);
    return undefined;
  } catch (error) {
    if (isTruncation(error)) return error.message;
    if (error instanceof EventLogError && error.code === DAMAGED) throw inFile(error, file, splitter.lineNumber);
    throw error;
  }
}

function inFile(error: EventLogError, file: string, linesBefore: number): EventLogError {
  const details = { ...error.details, file, linesBefore };
  return new EventLogError(error.code, `${file} after line ${linesBefore}: ${error.message}`, {
    details,
    cause: error,
  });
}

/** Looks at the first bytes without losing them. */
async function peek(stored: AsyncGenerator<Buffer>): Promise<{ readonly head: Buffer; readonly chunks: Chunks }> {
  const first: Buffer[] = [];
  let bytes = 0;
  while (bytes < MAGIC_BYTES) {
    const next = await stored.next();
    if (next.done === true) break;
    // Almost always one chunk does; more are copied, because a chunk lives until the next one.
    first.push(bytes === 0 && next.value.length >= MAGIC_BYTES ? next.value : Buffer.from(next.value));
    bytes += next.value.length;
  }
  async function* chunks(): AsyncGenerator<Buffer> {
    try {
      yield* first;
      yield* stored;
    } finally {
      await stored.return(undefined);
    }
  }
  const head = first.length === 1 ? first[0] : Buffer.concat(first);
  return { head: (head ?? Buffer.alloc(0)).subarray(0, MAGIC_BYTES), chunks: chunks() };
}
