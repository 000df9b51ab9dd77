import { getHeapStatistics } from 'node:v8';
import type { LogLayout } from '../../eventlog/bytes/layout.ts';
import type { ReadLimits } from '../../eventlog/bytes/limits.ts';
import type { EventLogLines } from '../../eventlog/bytes/lines.ts';
import { linesOf } from '../../eventlog/bytes/log-lines.ts';
import type { RestDialect } from '../../eventlog/replay/executor-metrics.ts';
import { packEventLog, type PackedRun } from '../../eventlog/replay/replay.ts';
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
}

/** The lines of a log, in a thread that has memory for parsing them. */
export function openLog(fileSystem: LogFileSystem, { layout, limits }: ReplayTask): EventLogLines {
  const files = layout.files.map((listed) => fileOf(fileSystem, listed));
  return linesOf(layout.path, files, { compacted: layout.compacted, limits, room: freeHeapBytes });
}

/** Reads a log from its first to its last byte and tells the run, in the form in which it goes to another thread. */
export async function replayLog(
  fileSystem: LogFileSystem,
  task: ReplayTask,
  signal?: AbortSignal,
): Promise<PackedRun> {
  const { modified: lastUpdated, dialect, history } = task;
  return await packEventLog(openLog(fileSystem, task), { lastUpdated, dialect, history, signal });
}

/** Of the thread this runs in. Some of what counts as used may be garbage, so there is rather more. */
function freeHeapBytes(): number {
  const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
  return limit - used;
}
