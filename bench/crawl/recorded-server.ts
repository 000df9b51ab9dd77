import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { ApplicationInfo } from '../../src/spark/rest.ts';

/** What a History Server said of its applications: the list, and the text of each answer by `application[/attempt]/part`. */
export interface RecordedAnswers {
  readonly applications: readonly ApplicationInfo[];
  readonly parts: ReadonlyMap<string, string>;
}

const PARTS = ['allexecutors', 'stages', 'environment'];
const RECORDED = 90;

/** Asks a real History Server for its first applications, as a crawl does. */
export async function recordAnswers(url: string): Promise<RecordedAnswers> {
  const text = async (path: string): Promise<string> => (await fetch(`${url}/api/v1/applications${path}`)).text();
  const applications = (JSON.parse(await text('')) as ApplicationInfo[]).slice(0, RECORDED);
  const parts = new Map<string, string>();
  for (const { id, attempts } of applications) {
    for (const { attemptId } of attempts) {
      const run = [id, ...(attemptId === undefined ? [] : [attemptId])].join('/');
      for (const part of PARTS) parts.set(`${run}/${part}`, await text(`/${run}/${part}`));
    }
  }
  return { applications, parts };
}

/** Serves `count` applications: the recorded ones again and again, each time with an id and an end of its own. */
export async function serveRecorded(
  { applications, parts }: RecordedAnswers,
  count: number,
): Promise<AsyncDisposable & { readonly url: string }> {
  const originals = new Map<string, string>();
  const list = Array.from({ length: count }, (_, index) => {
    const original = applications[index % applications.length];
    if (original === undefined) throw new Error('nothing was recorded');
    const id = `app-20260101000000-${String(index).padStart(5, '0')}`;
    originals.set(id, original.id);
    return { ...original, id, attempts: original.attempts.map((attempt) => endingAt(attempt, index)) };
  });
  const server = createServer((request, response) => {
    const [, id = '', ...rest] = new URL(request.url ?? '', 'http://server').pathname.split('/').slice(3);
    const body = id === '' ? JSON.stringify(list) : parts.get([originals.get(id), ...rest].join('/'));
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

function endingAt<A extends ApplicationInfo['attempts'][number]>(attempt: A, minute: number): A {
  const end = Date.UTC(2026, 0, 1) + minute * 60_000;
  const start = end - attempt.duration;
  const written = (milliseconds: number): string => new Date(milliseconds).toISOString().replace('Z', 'GMT');
  return {
    ...attempt,
    ...{ startTime: written(start), endTime: written(end), lastUpdated: written(end) },
    ...{ startTimeEpoch: start, endTimeEpoch: end, lastUpdatedEpoch: end },
  };
}
