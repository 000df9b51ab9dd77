/** Child of goals.ts: replays a log into all its parts, in a thread as the product does. `node replay.ts LOG` */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { LogReplay } from '../../src/eventlog/replay/replay.ts';
import { measure } from '../support/child.ts';
import { readLines } from '../support/read-lines.ts';

/** What a thread that replays logs should be given: more is only room for garbage. */
const YOUNG_GENERATION_MB = 8;

if (isMainThread) {
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB };
  const worker = new Worker(new URL(import.meta.url), { resourceLimits });
  await once(worker, 'message');
  await measure(async () => {
    worker.postMessage(process.argv[2]);
    const [figures] = (await once(worker, 'message')) as [Record<string, number>];
    return figures;
  });
} else {
  parentPort?.once('message', (path: string) => {
    parentPort?.postMessage(replay(path));
  });
  parentPort?.postMessage('ready');
}

function replay(path: string): Record<string, number> {
  const log = new LogReplay();
  const bytes = readLines(path, (chunk, start, end) => {
    log.line(chunk, start, end);
  });
  const { stages, sql, detail } = log.finish();
  if (detail.quality.skippedLines > 0) throw new Error(detail.quality.skippedExamples.join('\n'));
  const tasks = detail.stages.reduce((sum, stage) => sum + stage.launchedTasks, 0);
  return { bytes, lines: detail.quality.events, stages: stages.length, executions: sql.length, tasks };
}
