/** The floor of collecting: reads every log of a folder and parses every line, keeping nothing. `node floor.ts FOLDER` */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { measure } from '../support/child.ts';
import { readLines } from '../support/read-lines.ts';

const [folder = ''] = process.argv.slice(2);
await measure(() => {
  let lines = 0;
  const names = readdirSync(folder);
  for (const name of names) {
    readLines(join(folder, name), (chunk, start, end) => {
      const event: unknown = JSON.parse(chunk.toString('utf8', start, end));
      if (event !== null) lines++;
    });
  }
  return Promise.resolve({ logs: names.length, lines });
});
