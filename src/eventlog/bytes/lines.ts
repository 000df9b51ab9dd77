import { COSTLY_LINE_BYTES, DEFAULT_ROOM_BYTES, parseCost } from './parse-cost.ts';

/**
 * Takes one complete line: the bytes `start` (inclusive) to `end` (exclusive) of `bytes`, without the newline.
 *
 * No string is made, so that a reader can look at the bytes and decode only what it needs.
 * The buffer is valid during the call only: it is used again for later lines.
 */
export type LineHandler = (bytes: Buffer, start: number, end: number) => void;

/** Where a line stands: the file as the log names it, and the line's number in it, counted from 1. */
export interface LinePlace {
  readonly file: string;
  readonly line: number;
}

/** The lines of one log in the order Spark wrote them, across its files and through their codecs. */
export interface EventLogLines {
  /** The log as a person would name it, for messages. */
  readonly name: string;
  /** True when Spark's compactor dropped finished jobs from the log. */
  readonly compacted: boolean;
  /** Where the line stands that was handed over last. */
  place(): LinePlace;
  /**
   * Hands over every complete, non-empty line.
   *
   * A last line without newline is handed over if it is whole JSON, else reported as {@link LinesReport.torn}.
   * What the handler throws ends the reading and reaches the caller.
   *
   * @throws EventLogError `EVENT_LOG_BOMB`, `EVENT_LOG_TOO_LARGE`, `EVENT_LOG_DAMAGED`, `EVENT_LOG_CODEC`
   */
  forEach(onLine: LineHandler, options?: { readonly signal?: AbortSignal | undefined }): Promise<LinesReport>;
}

/** What a reading came to. */
export interface LinesReport {
  /** Lines handed over. */
  readonly lines: number;
  /** Decoded bytes, and bytes as they are stored. */
  readonly bytes: number;
  readonly storedBytes: number;
  /** Lines left out because they are longer than the limit, or would take more memory to parse than there is. */
  readonly tooLong: readonly LinePlace[];
  /** Files that end in the middle of a line or of a compressed block; empty when every file ends cleanly. */
  readonly torn: readonly TornEnd[];
}

export interface TornEnd extends LinePlace {
  /** Bytes of the cut line that were dropped; 0 when only the compressed stream is cut. */
  readonly droppedBytes: number;
  readonly reason: string;
}

/** A line longer than this is left out: 64 MiB. Spark's longest are SQL plans and environments of a few megabytes. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** How much a splitter may take in, and pass on. */
export interface SplitLimits {
  /** A longer line is left out; {@link MAX_LINE_BYTES} when absent. */
  readonly maxLineBytes?: number | undefined;
  /** Bytes of memory there are for parsing a line; asked for long lines only. */
  readonly room?: (() => number) | undefined;
  /** Where a long line is put together; a buffer of this thread when absent. */
  readonly longLines?: LongLineRoom | undefined;
}

/** Room for one long line, that several splitters use by turns. */
export interface LongLineRoom {
  /** The splitter's until it is given back; waits until it is free. */
  take(): Buffer;
  giveBack(): void;
}

const INITIAL_CARRY_BYTES = 64 * 1024;
/** Given back after the line, because few logs have a second one like it. */
const LARGE_CARRY_BYTES = 4 * 1024 * 1024;
/** The one of this thread that is not in use: one for each long line would be garbage faster than it is collected. */
let spareLargeCarry: Buffer | undefined;
const NEWLINE = 10;
const CARRIAGE_RETURN = 13;

/** What remains when a file has been split. */
export interface SplitEnd {
  /** Bytes after the last newline that were no whole JSON; 0 when nothing was dropped. */
  readonly droppedBytes: number;
  /** Whether what stood after the last newline was handed over. */
  readonly handedOpen: boolean;
}

/**
 * Cuts the chunks of one file into lines at minimum cost: a line inside a chunk is never copied.
 *
 * A line that crosses chunks is put together in a buffer of its own; one longer than `maxLineBytes` is skipped to
 * its end and reported by number, and so is one that would cost too much to parse: memory stays bounded.
 */
export class LineSplitter {
  readonly #onLine: LineHandler;
  readonly #maxLineBytes: number;
  readonly #room: () => number;
  readonly #longLines: LongLineRoom;
  /** Line numbers left out for their length or cost. */
  readonly tooLong: number[] = [];
  /** Number of the line handed over last. */
  lineNumber = 0;
  /** Lines handed over: fewer than numbered when some were empty or too long. */
  handed = 0;
  #carried: Buffer = Buffer.allocUnsafe(INITIAL_CARRY_BYTES);
  #carriedBytes = 0;
  #skipping = false;

  constructor(
    onLine: LineHandler,
    { maxLineBytes = MAX_LINE_BYTES, room = () => DEFAULT_ROOM_BYTES, longLines }: SplitLimits = {},
  ) {
    this.#onLine = onLine;
    this.#maxLineBytes = maxLineBytes;
    this.#room = room;
    this.#longLines = longLines ?? roomOfThread(maxLineBytes);
  }

  /** Takes the next bytes; they may be changed again after the call. */
  push(chunk: Buffer): void {
    let start = 0;
    if (this.#carriedBytes > 0 || this.#skipping) {
      const newline = chunk.indexOf(NEWLINE);
      if (newline < 0) {
        this.#carry(chunk, 0);
        return;
      }
      this.#finishCarried(chunk, newline);
      start = newline + 1;
    }
    while (start < chunk.length) {
      // A file of nothing but newlines: a look at one byte is a hundred times cheaper than a search.
      const newline = chunk[start] === NEWLINE ? start : chunk.indexOf(NEWLINE, start);
      if (newline < 0) break;
      this.#hand(chunk, start, newline);
      start = newline + 1;
    }
    if (start < chunk.length) this.#carry(chunk, start);
  }

  /** Ends the file: a last line without newline counts if it is whole JSON. */
  end(): SplitEnd {
    if (this.#skipping) {
      this.#leaveOut();
      return { droppedBytes: 0, handedOpen: false };
    }
    if (this.#carriedBytes === 0) return { droppedBytes: 0, handedOpen: false };
    const bytes = this.#takeCarried();
    const isTorn = this.#isAffordable(this.#carried, 0, bytes) && !isWholeJson(this.#carried.subarray(0, bytes));
    const handedBefore = this.handed;
    if (!isTorn) this.#hand(this.#carried, 0, bytes);
    this.#giveLargeBack();
    return { droppedBytes: isTorn ? bytes : 0, handedOpen: this.handed > handedBefore };
  }

  #hand(bytes: Buffer, start: number, newline: number): void {
    this.lineNumber++;
    const end = newline > start && bytes[newline - 1] === CARRIAGE_RETURN ? newline - 1 : newline;
    if (end === start) return;
    if (!this.#isAffordable(bytes, start, end)) {
      this.tooLong.push(this.lineNumber);
      return;
    }
    this.handed++;
    this.#onLine(bytes, start, end);
  }

  #isAffordable(bytes: Buffer, start: number, end: number): boolean {
    if (end - start < COSTLY_LINE_BYTES) return end - start <= this.#maxLineBytes;
    return end - start <= this.#maxLineBytes && parseCost(bytes, start, end) <= this.#room();
  }

  #carry(chunk: Buffer, start: number, end = chunk.length): void {
    if (this.#skipping) return;
    const bytes = this.#carriedBytes + end - start;
    if (bytes > this.#maxLineBytes) {
      this.#skipping = true;
      this.#carriedBytes = 0;
      this.#giveLargeBack();
      return;
    }
    if (bytes > this.#carried.length) {
      const larger =
        bytes > LARGE_CARRY_BYTES
          ? this.#longLines.take()
          : Buffer.allocUnsafe(Math.max(bytes, this.#carried.length * 2));
      this.#carried.copy(larger, 0, 0, this.#carriedBytes);
      this.#carried = larger;
    }
    chunk.copy(this.#carried, this.#carriedBytes, start, end);
    this.#carriedBytes = bytes;
  }

  #finishCarried(chunk: Buffer, newline: number): void {
    this.#carry(chunk, 0, newline);
    if (this.#skipping) this.#leaveOut();
    else this.#hand(this.#carried, 0, this.#takeCarried());
    this.#giveLargeBack();
  }

  #giveLargeBack(): void {
    if (this.#carried.length <= 2 * LARGE_CARRY_BYTES) return;
    this.#carried = Buffer.allocUnsafe(INITIAL_CARRY_BYTES);
    this.#longLines.giveBack();
  }

  /** Bytes carried so far, which are then handed over or dropped: nothing is carried any more. */
  #takeCarried(): number {
    const bytes = this.#carriedBytes;
    this.#carriedBytes = 0;
    return bytes;
  }

  #leaveOut(): void {
    this.#skipping = false;
    this.lineNumber++;
    this.tooLong.push(this.lineNumber);
  }
}

/** Room for the longest line at once: memory that is not written to takes no room. */
function roomOfThread(maxLineBytes: number): LongLineRoom {
  let taken: Buffer | undefined;
  return {
    take() {
      const spare = spareLargeCarry;
      spareLargeCarry = undefined;
      taken = spare !== undefined && spare.length >= maxLineBytes ? spare : Buffer.allocUnsafe(maxLineBytes);
      return taken;
    },
    giveBack() {
      spareLargeCarry = taken;
    },
  };
}

/** The lines of bytes in memory: for tests, and for a log that is already decoded. */
export function linesOfBuffer(bytes: Buffer, file = 'memory'): EventLogLines {
  let splitter: LineSplitter | undefined;
  return {
    name: file,
    compacted: false,
    place: () => ({ file, line: splitter?.lineNumber ?? 0 }),
    // eslint-disable-next-line @typescript-eslint/require-await -- an async function turns what the handler throws into a rejection
    async forEach(onLine, options): Promise<LinesReport> {
      options?.signal?.throwIfAborted();
      splitter = new LineSplitter(onLine);
      splitter.push(bytes);
      const { droppedBytes } = splitter.end();
      const { handed, lineNumber, tooLong } = splitter;
      return {
        lines: handed,
        bytes: bytes.length,
        storedBytes: bytes.length,
        tooLong: tooLong.map((line) => ({ file, line })),
        torn: droppedBytes === 0 ? [] : [{ file, line: lineNumber + 1, droppedBytes, reason: 'the last line is cut' }],
      };
    },
  };
}

function isWholeJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
