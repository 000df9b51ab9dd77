import { getHeapStatistics } from 'node:v8';
import type { LogLayout } from '../../eventlog/bytes/layout.ts';
import type { ReadLimits } from '../../eventlog/bytes/limits.ts';
import type { LongLineRoom } from '../../eventlog/bytes/lines.ts';
import type { LogFile } from '../../eventlog/bytes/log-file.ts';
import { linesOf, type LogLines } from '../../eventlog/bytes/log-lines.ts';
import type { RestDialect } from '../../eventlog/replay/executor-metrics.ts';
import { fileOf, type LogFileSystem } from './file-system.ts';

/** One log to replay: plain data, so that it can go to another thread. */
export interface ReplayTask {
  readonly layout: LogLayout;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly limits: ReadLimits;
  /** Which server's answers to give; 4.0 unless told. */
  readonly dialect?: RestDialect | undefined;
  /** Keeps every task attempt, for a History Server. */
  readonly history?: boolean | undefined;
  /** Of a log that is still being written, or was when it was read last: its reading goes on where it ended. */
  readonly growth?: Growth | undefined;
}

export interface Growth {
  /** Names the attempt, whatever its log is called. */
  readonly key: string;
  /** Of the first bytes of the log: with others it is another log. */
  readonly headMark: string;
  /** Nothing more will come: what was kept of it is given up. */
  readonly isLast: boolean;
}

/** What a log is read with. */
export interface LogReader {
  readonly lines: LogLines;
  /** Stored bytes that were read so far. */
  readonly bytesRead: () => number;
}

/** The lines of a log, in a thread that has memory for parsing them. */
export function openLog(
  fileSystem: LogFileSystem,
  { layout, limits }: ReplayTask,
  longLines?: LongLineRoom,
): LogReader {
  let bytes = 0;
  const files = layout.files.map((listed): LogFile => {
    const file = fileOf(fileSystem, listed);
    async function* open(...options: Parameters<LogFile['open']>): AsyncGenerator<Buffer> {
      for await (const chunk of file.open(...options)) {
        bytes += chunk.length;
        yield chunk;
      }
    }
    return { ...file, open };
  });
  const lines = linesOf(layout.path, files, { compacted: layout.compacted, limits, room: freeHeapBytes, longLines });
  return { lines, bytesRead: () => bytes };
}

/** Of the thread this runs in. Some of what counts as used may be garbage, so there is rather more. */
function freeHeapBytes(): number {
  const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
  return limit - used;
}
