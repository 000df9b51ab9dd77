import PQueue from 'p-queue';
import { findLogs, type ListedFile, type LogLayout } from '../../eventlog/bytes/layout.ts';
import type { ReadLimits } from '../../eventlog/bytes/limits.ts';
import type { LogFile } from '../../eventlog/bytes/log-file.ts';
import {
  endInTail,
  type EndScan,
  type LogStart,
  scanEnd,
  scanStart,
  searchEnd,
  startInHead,
} from '../../eventlog/bytes/scan.ts';
import { listZip } from '../../eventlog/bytes/zip.ts';
import type { Logger } from '../../logging/logger.ts';
import { EventLogError, SourceError, toError } from '../../util/errors.ts';
import { fileOf, type LogFileSystem } from './file-system.ts';
import { contentMarkOf, ENDS_BYTES, type EndsOfFile, headMarkOf, readIntoFrom, withEnds } from './file-ends.ts';
import { preferred, type ScannedLog } from './listing.ts';

export interface CatalogueOptions {
  readonly recursive: boolean;
  readonly limits: ReadLimits;
  readonly logger: Logger;
}

/** A file that could be a log and tells of no run, or is not read at all, with the reason. */
export interface UnlistedLog {
  readonly path: string;
  readonly error: Error;
}

type Scan = { readonly log: ScannedLog } | { readonly unlisted: UnlistedLog };

/** Logs looked into at the same time: enough to hide the distance to a bucket. */
const CONCURRENCY = 16;
/** Of them, logs decoded at the same time: that takes memory, and may be a bomb. */
const DECODERS = 4;
/** A rolling log may go on in a new file with the little that comes after its end, or with nothing. */
const MOST_BEHIND_END_BYTES = 16 * 1024;
/** Where each read is a request, a file up to this is read whole. */
const ONE_REQUEST_BYTES = 256 * 1024;
/** Of the name of an entry that is not read. */
const MAX_SHOWN_NAME = 80;
/** Examples in a warning; debug lines tell the others. */
const SHOWN_UNLISTED = 3;

/**
 * Knows which run each log holds, from its first and last events.
 *
 * What was learned is kept until a file of the log changes in size, time, name or version, so looking again at
 * thousands of logs costs one listing and the reading of what is new.
 */
export class LogCatalogue {
  readonly #fileSystem: LogFileSystem;
  readonly #options: CatalogueOptions;
  #scans = new Map<string, { readonly token: string; readonly scan: Scan }>();
  #archives = new Map<string, { readonly token: string; readonly archive: Archive }>();
  /** By attempt: `appId`, NUL, `attemptId`. */
  #runs: ReadonlyMap<string, ScannedLog> = new Map();
  #unlisted: readonly UnlistedLog[] = [];
  readonly #decoders = new PQueue({ concurrency: DECODERS });
  /** Room for the ends of files that is not in use. */
  readonly #spareRooms: Buffer[] = [];

  constructor(fileSystem: LogFileSystem, options: CatalogueOptions) {
    this.#fileSystem = fileSystem;
    this.#options = options;
  }

  get unlisted(): readonly UnlistedLog[] {
    return this.#unlisted;
  }

  find(appId: string, attemptId: string | undefined): ScannedLog | undefined {
    return this.#runs.get(runKeyOf(appId, attemptId));
  }

  /**
   * Lists anew, and looks into what changed.
   *
   * @returns one log for each attempt, and the first failure to reach a log, if any: then the list lacks runs
   * @throws SourceError when the listing itself fails
   */
  async refresh(
    signal?: AbortSignal,
  ): Promise<{ readonly logs: Iterable<ScannedLog>; readonly failure: Error | undefined }> {
    const { files, skipped } = await this.#listFiles(signal);
    const layouts = findLogs(files);
    const scans = new Map<string, { readonly token: string; readonly scan: Scan }>();
    const queue = new PQueue({ concurrency: this.#fileSystem.concurrency ?? CONCURRENCY });
    let failure: Error | undefined;
    for (const layout of layouts) {
      const token = tokenOf(layout);
      const known = this.#scans.get(layout.path);
      if (known?.token === token) {
        scans.set(layout.path, known);
        continue;
      }
      void queue.add(async () => {
        try {
          const scan = await this.#scan(layout, signal);
          if (scan !== undefined) scans.set(layout.path, { token, scan });
        } catch (error) {
          failure ??= toError(error);
        }
      });
    }
    await queue.onIdle();
    signal?.throwIfAborted();

    this.#scans = scans;
    this.#take(layouts, scans, skipped);
    return { logs: this.#runs.values(), failure };
  }

  #take(
    layouts: readonly LogLayout[],
    scans: ReadonlyMap<string, { readonly scan: Scan }>,
    skipped: readonly UnlistedLog[],
  ): void {
    const runs = new Map<string, ScannedLog>();
    const unlisted = [...skipped];
    // In the order of the listing, so that the same files always give the same choice.
    for (const { path } of layouts) {
      const scan = scans.get(path)?.scan;
      if (scan === undefined) continue;
      if ('unlisted' in scan) {
        unlisted.push(scan.unlisted);
        continue;
      }
      const key = runKeyOf(scan.log.start.appId, scan.log.start.attemptId);
      const other = runs.get(key);
      const chosen = other === undefined ? scan.log : preferred(other, scan.log);
      runs.set(key, chosen);
      // A copy tells of the same run; these are two runs, and only one can have the id.
      if (other !== undefined && other.start.startTime !== scan.log.start.startTime)
        unlisted.push(shadowed(chosen === other ? scan.log : other, chosen));
    }
    this.#warnOfNew(unlisted);
    this.#runs = runs;
    this.#unlisted = unlisted;
  }

  /** Once for each change, and not once for each file: a folder may hold much that is no event log. */
  #warnOfNew(unlisted: readonly UnlistedLog[]): void {
    const sentence = ({ path, error }: UnlistedLog): string => `${path}: ${error.message}`;
    const before = new Set(this.#unlisted.map(sentence));
    const added = unlisted.map(sentence).filter((file) => !before.has(file));
    if (added.length === 0) return;
    const examples = added.slice(0, SHOWN_UNLISTED);
    this.#options.logger.warn('Files that are not read, or tell of no run.', {
      added: added.length,
      total: unlisted.length,
      examples,
    });
  }

  /** Archives are opened up: their entries stand in the list in their place. */
  async #listFiles(
    signal: AbortSignal | undefined,
  ): Promise<{ readonly files: readonly ListedFile[]; readonly skipped: readonly UnlistedLog[] }> {
    const skipped: UnlistedLog[] = [];
    const onSkipped = (path: string, error: Error): void => {
      skipped.push({ path, error });
    };
    const listed = await this.#fileSystem.list({ recursive: this.#options.recursive, signal, onSkipped });
    const files: ListedFile[] = [];
    const archives = new Map<string, { readonly token: string; readonly archive: Archive }>();
    for (const file of listed) {
      if (!file.path.endsWith('.zip')) {
        files.push(file);
        continue;
      }
      const token = tokenOfFile(file);
      const known = this.#archives.get(file.path);
      const opened = known?.token === token ? known : { token, archive: await this.#openArchive(file, signal) };
      archives.set(file.path, opened);
      files.push(...opened.archive.entries);
      if (opened.archive.refused !== undefined) skipped.push(opened.archive.refused);
    }
    this.#archives = archives;
    return { files, skipped };
  }

  async #openArchive(file: ListedFile, signal: AbortSignal | undefined): Promise<Archive> {
    // Counted, with one example: a hostile archive may have a million of them.
    let count = 0;
    let example = '';
    const onRefused = (name: string, why: string): void => {
      count++;
      example ||= `${JSON.stringify(name.slice(0, MAX_SHOWN_NAME))}: ${why}`;
    };
    try {
      const { version, path } = file;
      const entries = await listZip(fileOf(this.#fileSystem, file), { version, signal, onRefused });
      return count === 0 ? { entries } : { entries, refused: { path, error: refusedEntries(path, count, example) } };
    } catch (error) {
      if (!(error instanceof EventLogError) && !isOfOneFile(error)) throw error;
      // It stays in the list as the file it is, and is refused there with its own reason.
      return { entries: [file] };
    }
  }

  /** @returns undefined when the log has vanished since it was listed */
  async #scan(layout: LogLayout, signal: AbortSignal | undefined): Promise<Scan | undefined> {
    const last = layout.files.at(-1);
    if (last === undefined) return undefined;
    const rooms: Buffer[] = [];
    try {
      const files = await this.#withEnds(layout, rooms, signal);
      const start = await this.#findStart(files, signal);
      const end = await this.#findEnd(files, signal);
      const modified = Math.floor(last.modified);
      const [contentMark, headMark] = [contentMarkOf(files), headMarkOf(files)];
      return { log: { layout, start, end, modified, contentMark, headMark } };
    } catch (error) {
      if (error instanceof SourceError && error.code === 'SOURCE_RUN_VANISHED') return undefined;
      if (!(error instanceof EventLogError) && !isOfOneFile(error)) throw error;
      this.#options.logger.debug('File not listed.', { path: layout.path, code: error.code, reason: error.message });
      return { unlisted: { path: layout.path, error } };
    } finally {
      this.#spareRooms.push(...rooms);
    }
  }

  async #findStart(files: readonly EndsOfFile[], signal: AbortSignal | undefined): Promise<LogStart> {
    const { limits } = this.#options;
    const [first] = files;
    const start = first === undefined ? undefined : startInHead(first.name, first.head);
    return start ?? (await this.#decoders.add(() => scanStart(files, { limits, signal })));
  }

  /** In the last file; where there is next to nothing in it, also in the one before. */
  async #findEnd(files: readonly EndsOfFile[], signal: AbortSignal | undefined): Promise<EndScan> {
    for (const file of files.toReversed()) {
      const end = await this.#endIn(file, signal);
      if (end !== 'none' || file.size > MOST_BEHIND_END_BYTES) return end;
    }
    return 'none';
  }

  /** Damage before the end leaves the run without end: its reading will tell more. */
  async #endIn(file: EndsOfFile, signal: AbortSignal | undefined): Promise<EndScan> {
    const { limits } = this.#options;
    try {
      const seen = endInTail(file.head, file.tail);
      if (seen !== undefined) return seen;
      return await this.#decoders.add(async () => {
        const end = await scanEnd(file, { limits, signal });
        return end === 'unknown' ? await searchEnd([file], { limits, signal }) : end;
      });
    } catch (error) {
      if (error instanceof EventLogError) return 'none';
      throw error;
    }
  }

  /**
   * First and last file come with their ends in memory: that is all that most scans need.
   *
   * @param rooms - is given the room that their ends take
   */
  async #withEnds(layout: LogLayout, rooms: Buffer[], signal: AbortSignal | undefined): Promise<EndsOfFile[]> {
    const last = layout.files.length - 1;
    return await Promise.all(
      layout.files.map(async (listed, index) => {
        const file = fileOf(this.#fileSystem, listed);
        const isEnd = index === 0 || index === last;
        return isEnd ? await this.#readEnds(listed, file, rooms, signal) : { ...file, head: NONE, tail: NONE };
      }),
    );
  }

  async #readEnds(
    listed: ListedFile,
    file: LogFile,
    rooms: Buffer[],
    signal: AbortSignal | undefined,
  ): Promise<EndsOfFile> {
    const room =
      this.#spareRooms.pop() ??
      Buffer.allocUnsafeSlow(this.#fileSystem.readAt === undefined ? ONE_REQUEST_BYTES : ENDS_BYTES);
    rooms.push(room);
    if (listed.member === undefined && this.#fileSystem.readAt !== undefined) {
      return await this.#fileSystem.readAt(listed.path, (read) => withEnds(file, room, read));
    }
    return await withEnds(file, room, readIntoFrom(file, signal));
  }
}

const NONE = Buffer.alloc(0);

/** What an archive holds, and what of it is not read. */
interface Archive {
  readonly entries: readonly ListedFile[];
  readonly refused?: UnlistedLog;
}

function refusedEntries(path: string, refused: number, example: string): EventLogError {
  const entries = refused === 1 ? 'one entry' : `${refused} entries`;
  return new EventLogError('EVENT_LOG_ARCHIVE', `${path} has ${entries} that Spot does not read; ${example}`, {
    details: { file: path, refused },
  });
}

function runKeyOf(appId: string, attemptId: string | undefined): string {
  return `${appId}\0${attemptId ?? ''}`;
}

function tokenOf(layout: LogLayout): string {
  return [layout.inProgress, layout.gap ?? '', ...layout.files.map(tokenOfFile)].join('\n');
}

function tokenOfFile({ path, size, modified, version }: ListedFile): string {
  return JSON.stringify([path, size, modified, version]);
}

/** A failure that concerns one file and will be the same at the next look, until somebody changes something. */
function isOfOneFile(error: unknown): error is SourceError {
  return error instanceof SourceError && !error.retryable;
}

/** Of two runs with one id one can be listed; the other is named. */
function shadowed(log: ScannedLog, by: ScannedLog): UnlistedLog {
  const { path } = log.layout;
  const message = `it tells of another run than ${by.layout.path} under the same id (${log.start.appId}); of two runs with one id one can be stored`;
  return { path, error: new EventLogError('EVENT_LOG_SAME_ID', message, { details: { path } }) };
}
