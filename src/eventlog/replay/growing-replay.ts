import type { LogLines } from '../bytes/log-lines.ts';
import { finalName, type LogPosition, NotContinuedError } from '../bytes/log-position.ts';
import type { LinePlace } from '../bytes/lines.ts';
import type { PackedRun } from './packed-run.ts';
import { type FinishOptions, LogReplay, type ReplayedRun, type ReplayOptions, skippedBy } from './replay.ts';

/** What one reading of a growing log is told. */
export interface GrowingReading {
  /** See {@link ReplayOptions.lastUpdated}. */
  readonly lastUpdated?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

type Advanced = readonly [replay: LogReplay, options: FinishOptions];

/**
 * The replay of a log that is still being written: each reading goes on where the one before it ended.
 *
 * The answer is always that of a replay from the first line, and where the log is no longer the one that was begun
 * (rewritten, compacted, another run under the same name), that is what it does. It lives on the heap and cannot be
 * kept in a store: its owner bounds how many there are, and drops one to give its memory back.
 */
export class GrowingReplay {
  readonly #options: Omit<ReplayOptions, 'place' | 'compacted' | 'lastUpdated'>;
  #replay: LogReplay | undefined;
  #lines: LogLines | undefined;
  #position: LogPosition | undefined;

  constructor(options: Omit<ReplayOptions, 'place' | 'compacted' | 'lastUpdated'> = {}) {
    this.#options = options;
  }

  /** How far the log was read; `undefined` before the first reading, and after one that failed. */
  get position(): LogPosition | undefined {
    return this.#position;
  }

  /**
   * Takes what was added since the last reading, all lines the first time.
   *
   * @param lines - the log as it was listed last; its file may have lost its `.inprogress`, and others may have followed
   * @throws EventLogError as {@link LogLines.forEach} does; the next reading then starts again from the first line
   */
  async read(lines: LogLines, reading: GrowingReading = {}): Promise<ReplayedRun> {
    const [replay, options] = await this.#advance(lines, reading);
    return replay.finish(options);
  }

  /** The same as {@link read}, for another thread. */
  async pack(lines: LogLines, reading: GrowingReading = {}): Promise<PackedRun> {
    const [replay, options] = await this.#advance(lines, reading);
    return replay.pack(options);
  }

  async #advance(lines: LogLines, reading: GrowingReading): Promise<Advanced> {
    try {
      return await this.#goOn(lines, reading);
    } catch (error) {
      this.#replay = undefined;
      this.#position = undefined;
      if (!(error instanceof NotContinuedError)) throw error;
      return await this.#goOn(lines, reading);
    } finally {
      this.#lines = undefined;
    }
  }

  async #goOn(lines: LogLines, { lastUpdated, signal }: GrowingReading): Promise<Advanced> {
    this.#lines = lines;
    const replay = (this.#replay ??= new LogReplay({
      ...this.#options,
      compacted: lines.compacted,
      place: () => this.#lines?.place() ?? { file: lines.name, line: 0 },
    }));
    const from = this.#position;
    const report = await lines.forEach(
      (bytes, start, end) => {
        replay.line(bytes, start, end);
      },
      { signal, from },
    );
    this.#position = report.position;
    const skipped = skippedBy(report);
    const isUnfinished = (place: LinePlace): boolean => isBehind(place, report.position);
    for (const place of skipped) if (!isUnfinished(place)) replay.skip(place, place.reason);
    return [replay, { lastUpdated, unfinished: skipped.filter(isUnfinished) }];
  }
}

/** Whether a place is behind the last whole line: it is read again. */
function isBehind({ file, line }: LinePlace, position: LogPosition | undefined): boolean {
  const inLast = finalName(file) === position?.files.at(-1);
  return inLast && line > position.line;
}
