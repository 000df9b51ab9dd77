/** The body of a {@link ReplayThread}: replays one log after another and answers each. */
import { parentPort, workerData } from 'node:worker_threads';
import type { EventLogsSettings } from './config.ts';
import { openFileSystem } from './open-file-system.ts';
import { replayLog, type ReplayTask } from './replay-task.ts';
import type { ReplayAnswer } from './replay-thread.ts';
import { toPlain } from './thrown.ts';

const port = parentPort;
if (port === null) throw new Error('This file is the body of a worker thread');

const fileSystem = openFileSystem(workerData as EventLogsSettings);
// A failure to open is told with the first task, not as an unhandled rejection.
fileSystem.catch(() => undefined);

port.on('message', (task: ReplayTask) => {
  void answerTo(task).then((answer) => {
    port.postMessage(answer);
  });
});

async function answerTo(task: ReplayTask): Promise<ReplayAnswer> {
  try {
    return { run: await replayLog(await fileSystem, task) };
  } catch (error) {
    return { error: toPlain(error) };
  }
}
