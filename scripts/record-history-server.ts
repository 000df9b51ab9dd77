/**
 * Records the answers of a Spark History Server that Spot asks for, unchanged.
 *
 *     node scripts/record-history-server.ts http://localhost:18080 FOLDER
 *
 * FOLDER/applications.json is the list; FOLDER/APP/{allexecutors,stages,environment}.json.gz are the answers for its
 * applications of one attempt. Those of several are left out: the server that plays the recording (FakeHistoryServer)
 * answers alike for each attempt.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { ApplicationInfo } from '../src/spark/rest.ts';

const [server = '', folder = ''] = process.argv.slice(2);
if (folder === '') throw new Error('usage: record-history-server.ts URL FOLDER');
const api = `${server.replace(/\/$/, '')}/api/v1`;

const listed = JSON.parse(
  await ask('/applications?status=completed&minDate=1960-01-01&minEndDate=1960-01-01'),
) as ApplicationInfo[];
const applications = listed.filter(({ attempts }) => attempts.length === 1);
await mkdir(folder, { recursive: true });
await writeFile(join(folder, 'applications.json'), `${JSON.stringify(applications, undefined, 2)}\n`);

for (const { id, name } of applications) {
  await mkdir(join(folder, id), { recursive: true });
  for (const part of ['allexecutors', 'stages', 'environment']) {
    const answer = await ask(`/applications/${encodeURIComponent(id)}/${part}`);
    // Without the time, so that the same answer gives the same bytes.
    await writeFile(join(folder, id, `${part}.json.gz`), gzipSync(answer, { level: 9 }));
  }
  console.log(`${id}  ${name}`);
}

async function ask(path: string): Promise<string> {
  const answer = await fetch(`${api}${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.text();
}
