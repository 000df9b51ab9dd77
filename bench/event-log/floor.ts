/** Child of goals.ts: reads a log and parses every line, keeping nothing. `node floor.ts LOG` */
import { measure } from '../support/child.ts';
import { readLines } from '../support/read-lines.ts';

const [path = ''] = process.argv.slice(2);
await measure(() => {
  let lines = 0;
  const bytes = readLines(path, (chunk, start, end) => {
    const event: unknown = JSON.parse(chunk.toString('utf8', start, end));
    if (event !== null) lines++;
  });
  return Promise.resolve({ bytes, lines });
});
