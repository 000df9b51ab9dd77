/** The body of a {@link ReplayThread}: replays one log after another and answers each. */
import { getHeapStatistics } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { packEventLog } from '../../eventlog/replay/replay.ts';
import { GrowingLogs } from './growing-logs.ts';
import { openFileSystem } from './open-file-system.ts';
import { openLog, type ReplayTask } from './replay-task.ts';
import type { ReplayAnswer, ReplayThreadData } from './replay-thread.ts';
import { SharedLineRoom } from './shared-line-room.ts';
import { toPlain } from './thrown.ts';

const port = parentPort;
if (port === null) throw new Error('This file is the body of a worker thread');

const { settings, lineMemory, number } = workerData as ReplayThreadData;
const longLines = new SharedLineRoom(lineMemory, number);
const growing = new GrowingLogs();
const fileSystem = openFileSystem(settings);
// A failure to open is told with the first task, not as an unhandled rejection.
fileSystem.catch(() => undefined);

port.on('message', (task: ReplayTask) => {
  void answerTo(task).then((answer) => {
    port.postMessage(answer);
  });
});

async function answerTo(task: ReplayTask): Promise<ReplayAnswer> {
  const { modified: lastUpdated, dialect, history, growth } = task;
  try {
    const { lines, bytesRead } = openLog(await fileSystem, task, longLines);
    if (growth === undefined) {
      const run = await packEventLog(lines, { lastUpdated, dialect, history });
      return { run, bytesRead: bytesRead(), memoryBytes: memoryBytes() };
    }
    const replay = growing.take(growth);
    const run = await replay.pack(lines, { lastUpdated });
    return { run, bytesRead: bytesRead(), kept: growing.keep(growth, replay), memoryBytes: memoryBytes() };
  } catch (error) {
    return { error: toPlain(error) };
  } finally {
    // A reading that fails in the middle of a long line gives nothing back.
    longLines.giveBack();
  }
}

function memoryBytes(): number {
  const { total_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}
