import { getHeapStatistics } from 'node:v8';
import type { LogLayout } from '../../eventlog/bytes/layout.ts';
import type { ReadLimits } from '../../eventlog/bytes/limits.ts';
import { linesOf } from '../../eventlog/bytes/log-lines.ts';
import { type ReplayedRun, replayEventLog } from '../../eventlog/replay/replay.ts';
import { fileOf, type LogFileSystem } from './file-system.ts';

/** One log to replay: plain data, so that it can go to another thread. */
export interface ReplayTask {
  readonly layout: LogLayout;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly limits: ReadLimits;
}

/** Reads a log from its first to its last byte and tells the run. */
export async function replayLog(
  fileSystem: LogFileSystem,
  { layout, modified, limits }: ReplayTask,
  signal?: AbortSignal,
): Promise<ReplayedRun> {
  const files = layout.files.map((listed) => fileOf(fileSystem, listed));
  const lines = linesOf(layout.path, files, { compacted: layout.compacted, limits, room: freeHeapBytes });
  return await replayEventLog(lines, { lastUpdated: modified, signal });
}

/** Of the thread this runs in. Some of what counts as used may be garbage, so there is rather more. */
function freeHeapBytes(): number {
  const { heap_size_limit: limit, used_heap_size: used } = getHeapStatistics();
  return limit - used;
}
