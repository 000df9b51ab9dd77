import { EventLogError } from '../../util/errors.ts';
import type { Chunks } from './byte-window.ts';
import { type Codec, codecOf, decode, MAGIC_BYTES } from './codec.ts';
import { DAMAGED, inFile, isTruncation } from './failures.ts';
import { DEFAULT_LIMITS, Meter, type ReadLimits } from './limits.ts';
import {
  type EventLogLines,
  type LineHandler,
  LineSplitter,
  type LinePlace,
  type LinesReport,
  type LongLineRoom,
  type TornEnd,
} from './lines.ts';
import type { LogFile } from './log-file.ts';
import {
  assertSameFiles,
  behind,
  finalName,
  type LogPosition,
  NotContinuedError,
  PositionTracker,
} from './log-position.ts';

export interface LogLinesOptions {
  readonly compacted?: boolean | undefined;
  readonly limits?: ReadLimits | undefined;
  /** Bytes of memory there are for parsing a line; a line that may need more is left out. */
  readonly room?: (() => number) | undefined;
  /** Where long lines are put together; of this thread when absent. */
  readonly longLines?: LongLineRoom | undefined;
}

/** Lines that can be read on from where an earlier reading ended. */
export interface LogLines extends EventLogLines {
  /**
   * @param options.from - the end of an earlier reading: only what follows is handed over
   * @throws NotContinuedError before any line is handed over, when the log is not the one that was read
   */
  forEach(onLine: LineHandler, options?: LogReading): Promise<LogReport>;
}

export interface LogReading {
  readonly signal?: AbortSignal | undefined;
  readonly from?: LogPosition | undefined;
}

export interface LogReport extends LinesReport {
  /** Where to read on; `undefined` for a log without files. */
  readonly position: LogPosition | undefined;
}

/** The lines of a log that consists of these files, in this order. */
export function linesOf(name: string, files: readonly LogFile[], options: LogLinesOptions = {}): LogLines {
  const limits = options.limits ?? DEFAULT_LIMITS;
  let current: { readonly file: string; readonly splitter: LineSplitter } | undefined;

  return {
    name,
    compacted: options.compacted ?? false,
    place: () => ({ file: current?.file ?? name, line: current?.splitter.lineNumber ?? 0 }),

    async forEach(onLine, { signal, from } = {}): Promise<LogReport> {
      if (from !== undefined) assertSameFiles(files, from);
      const meter = new Meter(limits, from?.before);
      const tooLong: LinePlace[] = [];
      const torn: TornEnd[] = [];
      let lines = 0;
      let position: LogPosition | undefined;
      const first = from === undefined ? 0 : from.files.length - 1;
      for (const [index, file] of files.entries()) {
        if (index < first) continue;
        const goOn = index === first ? from : undefined;
        const splitter = new LineSplitter(onLine, {
          maxLineBytes: limits.maxLineBytes,
          room: options.room,
          longLines: options.longLines,
        });
        splitter.lineNumber = goOn?.line ?? 0;
        current = { file: file.name, splitter };
        const { decodedBytes: decodedBefore, storedBytes: storedBefore } = meter;
        const reading = readFile(file, meter, goOn, signal);
        const cut = await pushAll(reading.chunks, splitter, file.name);
        const line = splitter.lineNumber;
        const { droppedBytes, handedOpen } = splitter.end();
        lines += splitter.handed;
        tooLong.push(...splitter.tooLong.map((number) => ({ file: file.name, line: number })));
        if (cut !== undefined || droppedBytes > 0) {
          torn.push({
            file: file.name,
            line: splitter.lineNumber + 1,
            droppedBytes,
            reason: cut ?? 'The last line is cut',
          });
        }
        position = {
          files: files.slice(0, index + 1).map((one) => finalName(one.name)),
          before: { decodedBytes: decodedBefore, storedBytes: storedBefore },
          line: handedOpen ? splitter.lineNumber : line,
          ...reading.end(handedOpen),
        };
      }
      return { lines, bytes: meter.decodedBytes, storedBytes: meter.storedBytes, tooLong, torn, position };
    },
  };
}

interface FileReading {
  readonly chunks: Chunks;
  /** Where the reading ended, once all chunks have been taken. */
  end(isOpen: boolean): Pick<LogPosition, 'codec' | 'offset' | 'mark' | 'isOpen'>;
}

/** The decoded bytes of a file, or of what follows a position in it. A plain file is not read again up to there. */
function readFile(file: LogFile, meter: Meter, from: LogPosition | undefined, signal?: AbortSignal): FileReading {
  const tracker = new PositionTracker(from);
  let codec = from?.codec;
  const onCodec = (shown: Codec): void => {
    codec = shown;
  };
  async function* chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of from === undefined ? decodedBytes(file, meter, signal, onCodec) : resumed(from)) {
      tracker.push(chunk);
      yield chunk;
    }
  }
  function resumed(position: LogPosition): Chunks {
    const start = position.codec === 'none' && file.seekable ? position.offset - position.mark.length : 0;
    if (start === 0) return behind(decodedBytes(file, meter, signal, onCodec), 0, position);
    if (file.size < position.offset) throw new NotContinuedError('The log is shorter than when it was read before');
    meter.decodedBytes += start;
    meter.storedBytes += start;
    const rest = meter.decoded(meter.stored(file.open({ start, signal })), file.name);
    return behind(rest, start, position);
  }
  return { chunks: chunks(), end: (isOpen) => ({ codec, ...tracker.position(isOpen) }) };
}

/**
 * The decoded bytes of one file, within the limits of the meter.
 *
 * @throws EventLogError, after all bytes that could be decoded: `EVENT_LOG_TRUNCATED`, `EVENT_LOG_DAMAGED`; without
 * any: `EVENT_LOG_CODEC`
 */
export async function* decodedBytes(
  file: LogFile,
  meter: Meter,
  signal?: AbortSignal,
  onCodec?: (codec: Codec) => void,
): AsyncGenerator<Buffer> {
  const stored = meter.stored(file.open({ signal }));
  const { head, chunks } = await peek(stored);
  if (head.length === 0) return;
  const codec = codecOf(file.name, head);
  onCodec?.(codec);
  for await (const chunk of meter.decoded(decode(codec, chunks), file.name)) {
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
