/**
 * The floor of a crawl: the same URLs fetched and parsed with `JSON.parse`, nothing else.
 *
 * With an Elasticsearch and a folder of bulks it sends those as well, ready as they are, as far apart as a crawl sends them:
 * what no client that feeds this Elasticsearch can be faster than.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from 'undici';
import PQueue from 'p-queue';
import { measure } from '../support/child.ts';

const [url = '', concurrency = '2', elasticsearchUrl, folder] = process.argv.slice(2);
const pool = new Pool(new URL(url).origin, { connections: Number(concurrency) });
const elasticsearch = elasticsearchUrl === undefined ? undefined : new Pool(elasticsearchUrl);
const bulks = folder === undefined ? [] : readdirSync(folder).map((name) => readFileSync(join(folder, name)));

async function fetchJson(path: string): Promise<unknown> {
  const { statusCode, body } = await pool.request({ path, method: 'GET' });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode}`);
  return JSON.parse(text);
}

async function send(body: Buffer): Promise<void> {
  const headers = { 'content-type': 'application/x-ndjson' };
  const path = '/_bulk?filter_path=items.*.error';
  const answer = await elasticsearch?.request({ path, method: 'POST', headers, body });
  const text = await answer?.body.text();
  if (answer?.statusCode !== 200 || text !== '{}') throw new Error(`bulk: ${String(answer?.statusCode)} ${text ?? ''}`);
}

interface Listed {
  readonly id: string;
  readonly attempts: readonly { readonly attemptId?: string }[];
}

await measure(async () => {
  const applications = (await fetchJson('/api/v1/applications')) as readonly Listed[];
  const queue = new PQueue({ concurrency: Number(concurrency) });
  const runs = applications.flatMap(({ id, attempts }) =>
    attempts.map(({ attemptId }) => (attemptId === undefined ? id : `${id}/${attemptId}`)),
  );
  let read = 0;
  let sent = 0;
  let sending = Promise.resolve();
  await queue.addAll(
    runs.map((run) => async () => {
      for (const part of ['allexecutors', 'stages', 'environment']) {
        await fetchJson(`/api/v1/applications/${run}/${part}`);
      }
      read += 1;
      // One after the other, and the next one is awaited only when it is its turn, as a crawl does.
      for (; sent < Math.floor((bulks.length * read) / runs.length); sent += 1) {
        const body = bulks[sent] ?? Buffer.alloc(0);
        sending = sending.then(() => send(body));
      }
    }),
  );
  await sending;
  return { runs: runs.length };
});
await pool.close();
await elasticsearch?.close();
