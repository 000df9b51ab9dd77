/** Child of event-log.ts: replays a log into all its parts. `node replay.ts LOG` */
import { LogReplay } from '../../src/eventlog/replay/replay.ts';
import { measure } from '../support/child.ts';
import { readLines } from '../support/read-lines.ts';

const [path = ''] = process.argv.slice(2);
await measure(() => {
  const replay = new LogReplay();
  const bytes = readLines(path, (chunk, start, end) => {
    replay.line(chunk, start, end);
  });
  const { stages, sql, detail } = replay.finish();
  if (detail.quality.skippedLines > 0) throw new Error(detail.quality.skippedExamples.join('\n'));
  const tasks = detail.stages.reduce((sum, stage) => sum + stage.launchedTasks, 0);
  return Promise.resolve({ bytes, lines: detail.quality.events, stages: stages.length, executions: sql.length, tasks });
});
