/**
 * A crawler as one would write it first, for a test only: the negative control of the harness, which must lose runs.
 *
 *     naive-crawler.ts watermark|seen SERVER FOLDER
 *
 * `watermark` remembers the latest end it has stored and asks for what ended after it.
 * `seen` remembers each run, but before it has read and stored it.
 * A call that fails is skipped. `FOLDER/stored` gets a line for each run, `FOLDER/memory` what is remembered.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApplicationInfo } from '../../src/spark/rest.ts';

const [mode, server = '', folder = ''] = process.argv.slice(2);
const [stored, memory] = [join(folder, 'stored'), join(folder, 'memory')];
const remembered = existsSync(memory) ? readFileSync(memory, 'utf8').trim().split('\n') : [];

let watermark = mode === 'watermark' ? (remembered[0] ?? '') : '';
const seen = new Set(mode === 'seen' ? remembered : []);

const window = watermark === '' ? '' : `?minEndDate=${watermark.replace('Z', 'GMT')}`;
const applications = (await getJson(`/applications${window}`)) as readonly ApplicationInfo[] | undefined;
for (const { id, attempts } of applications ?? []) {
  for (const { attemptId, endTimeEpoch } of attempts) {
    const run = attemptId === undefined ? id : `${id}/${attemptId}`;
    if (mode === 'seen') {
      if (seen.has(run)) continue;
      appendFileSync(memory, `${run}\n`);
    }
    const parts = [];
    for (const part of ['allexecutors', 'stages', 'environment'])
      parts.push(await getJson(`/applications/${run}/${part}`));
    if (parts.includes(undefined)) continue;
    appendFileSync(stored, `${run}\n`);
    const end = new Date(endTimeEpoch).toISOString();
    if (mode === 'watermark' && end > watermark) {
      watermark = end;
      writeFileSync(memory, watermark);
    }
  }
}

async function getJson(path: string): Promise<unknown> {
  try {
    return await (await fetch(`${server}/api/v1${path}`)).json();
  } catch {
    return undefined;
  }
}
