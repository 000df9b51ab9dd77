/** The floor of a crawl: the same URLs fetched and parsed with `JSON.parse`, nothing else. */
import { Pool } from 'undici';
import PQueue from 'p-queue';
import { measure } from '../support/child.ts';

const [url = '', concurrency = '2'] = process.argv.slice(2);
const pool = new Pool(new URL(url).origin, { connections: Number(concurrency) });

async function fetchJson(path: string): Promise<unknown> {
  const { statusCode, body } = await pool.request({ path, method: 'GET' });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode}`);
  return JSON.parse(text);
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
  await queue.addAll(
    runs.map((run) => async () => {
      for (const part of ['allexecutors', 'stages', 'environment']) {
        await fetchJson(`/api/v1/applications/${run}/${part}`);
      }
    }),
  );
  return { runs: runs.length };
});
await pool.close();
