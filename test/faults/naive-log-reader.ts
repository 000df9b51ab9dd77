/**
 * A reader of event logs as one would write it first, for a test only: the negative control of the harness, which must
 * lose runs.
 *
 *     naive-log-reader.ts LOGS FOLDER
 *
 * It remembers each log before it has read and stored it, whether it was whole or not. `FOLDER/stored` gets a line for
 * each run that has ended, `FOLDER/memory` one for each log.
 */
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const [, , logs = '', folder = ''] = process.argv;
const [stored, memory] = [join(folder, 'stored'), join(folder, 'memory')];
const seen = new Set(existsSync(memory) ? readFileSync(memory, 'utf8').trim().split('\n') : []);
/** What reading one takes. */
const READING_MS = 20;

for (const file of readdirSync(logs).sort()) {
  const name = file.replace('.inprogress', '');
  if (seen.has(name)) continue;
  appendFileSync(memory, `${name}\n`);
  const text = readFileSync(join(logs, file), 'utf8');
  await sleep(READING_MS);
  if (text.includes('"SparkListenerApplicationEnd"')) appendFileSync(stored, `${name}\n`);
  // As Spot says it, for whoever waits until so many are read.
  console.error('Event log replayed.');
}
