/**
 * `npm run services`: starts the servers of the tests and keeps them until Ctrl-C.
 *
 * Prints `export NAME=VALUE` lines on standard output, also into the file given as argument, for another terminal:
 * `. ./FILE && npx mocha test/store/elasticsearch`.
 */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { TestServices } from './test-services.ts';

await using services = await TestServices.start(({ name, told, isRunning }) => {
  console.error(`${isRunning ? 'started' : 'MISSING'}  ${name}: ${told}`);
});
const exports = Object.entries(services.env)
  .map(([name, value]) => `export ${name}='${value}'\n`)
  .join('');
process.stdout.write(exports);
const [file] = process.argv.slice(2);
if (file !== undefined) writeFileSync(file, exports);

console.error('Ready; Ctrl-C stops them.');
const keepAlive = setInterval(() => undefined, 60_000);
await Promise.race(['SIGINT', 'SIGTERM'].map((signal) => once(process, signal)));
clearInterval(keepAlive);
console.error('Stopping ...');
