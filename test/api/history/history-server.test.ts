import { expect } from 'chai';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { HistoryServer } from '../../../src/api/history/history-server.ts';
import type { HistoryRun, RunHistory } from '../../../src/api/history/run-history.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import type { JobData } from '../../../src/spark/rest.ts';
import { EventLogError, SourceError } from '../../../src/util/errors.ts';
import { applicationOf } from '../../support/memory-source.ts';

const EMPTY: HistoryRun = {
  application: applicationOf('app-1', { endsAt: 10 }),
  environment: undefined,
  allexecutors: [],
  stages: [],
  jobs: [],
  sql: [],
  storageRdd: [],
  history: { dialect: '4.0', stages: [], rdds: [], processes: [] },
};

class MemoryHistory implements RunHistory {
  readonly sparkVersion = '4.0.1';
  run: HistoryRun | Error = EMPTY;
  signals: AbortSignal[] = [];
  /** Answers only when it is resolved. */
  gate: Promise<unknown> = Promise.resolve();

  applications() {
    return [applicationOf('app-1', { endsAt: 10 })];
  }

  application(appId: string) {
    return this.applications().find(({ id }) => id === appId);
  }

  async replay(appId: string, attemptId: string | undefined, { signal }: { readonly signal: AbortSignal }) {
    this.signals.push(signal);
    await this.gate;
    if (this.run instanceof Error) throw this.run;
    return appId === 'app-1' && attemptId === undefined ? this.run : undefined;
  }
}

describe('api/history/history-server', () => {
  let history: MemoryHistory;
  let server: HistoryServer;
  beforeEach(async () => {
    history = new MemoryHistory();
    server = await HistoryServer.listen(history, { port: 0, logger: silentLogger, now: () => new Date() });
  });
  afterEach(async () => {
    await server[Symbol.asyncDispose]();
  });

  async function answerTo(
    path: string,
    options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<{ status: number; headers: Readonly<Record<string, unknown>>; body: string }> {
    return await new Promise((resolve, reject) => {
      request(server.url + path, options, (response) => {
        text(response).then((body) => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        }, reject);
      })
        .on('error', reject)
        .end();
    });
  }

  it('listens on the loopback address alone unless told', () => {
    expect(server.url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it('tells a person what there is', async () => {
    expect((await answerTo('/')).body).to.contain('/api/v1/applications');
  });

  it('answers HEAD with the headers of GET', async () => {
    const [get, head] = [await answerTo('/api/v1/version'), await answerTo('/api/v1/version', { method: 'HEAD' })];

    expect(get.body).to.equal('{\n  "spark": "4.0.1"\n}');
    expect(head.body).to.equal('');
    expect(head.headers).to.include({ 'content-type': 'application/json', 'content-length': String(get.body.length) });
    expect(head.headers).to.include({ 'x-content-type-options': 'nosniff' });
  });

  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    it(`refuses ${method} with 405`, async () => {
      const { status, headers } = await answerTo('/api/v1/applications', { method });

      expect({ status, allow: headers['allow'] }).to.deep.equal({ status: 405, allow: 'GET, HEAD' });
    });
  }

  it('answers no web page that calls it by a name of its own, but addresses and localhost', async () => {
    const statusFor = async (host: string): Promise<number> =>
      (await answerTo('/api/v1/version', { headers: { host } })).status;

    expect(await statusFor('rebound.example:18080')).to.equal(403);
    expect(await statusFor('127.0.0.1.rebound.example')).to.equal(403);
    expect(await statusFor('localhost:1')).to.equal(200);
    expect(await statusFor('[::1]:18080')).to.equal(200);
    expect(await statusFor('10.0.0.7')).to.equal(200);
  });

  it('refuses an empty part of a path, and percent signs that encode nothing, with 400', async () => {
    expect((await answerTo('/api/v1/applications//jobs')).status).to.equal(400);
    expect((await answerTo('/api/v1/applications/a%zz/jobs')).status).to.equal(400);
  });

  it('is not led outside of the API by dots', async () => {
    expect((await answerTo('/api/v1/../../etc/passwd')).status).to.equal(404);
    expect((await answerTo('/api/v1/applications/%2e%2e/%2e%2e/%2e%2e/etc/passwd')).status).to.equal(404);
  });

  it('says 404 of a log that vanished, 503 with a time of one that cannot be read now, 500 of a damaged one', async () => {
    const path = '/api/v1/applications/app-1/jobs';
    const answers = [];
    for (const error of [
      new SourceError('SOURCE_UNAVAILABLE', 'a cannot be read now', { retryable: true }),
      new EventLogError('EVENT_LOG_DAMAGED', 'a is damaged'),
      new TypeError('secret of the inside'),
    ]) {
      history.run = error;
      const { status, headers, body } = await answerTo(path);
      answers.push([status, headers['retry-after'], body]);
    }

    expect(answers).to.deep.equal([
      [503, '10', 'a cannot be read now (SOURCE_UNAVAILABLE)'],
      [500, undefined, 'a is damaged (EVENT_LOG_DAMAGED)'],
      [500, undefined, 'Request failed.'],
    ]);
    history.run = EMPTY;
    expect(await answerTo('/api/v1/applications/app-2/jobs')).to.include({ status: 404, body: 'no such app: app-2' });
  });

  it('says 501 of what Spark has and it has not', async () => {
    for (const page of ['logs', 'stages/0/0/taskTable']) {
      expect((await answerTo(`/api/v1/applications/app-1/${page}`)).status, page).to.equal(501);
      expect((await answerTo(`/api/v1/applications/app-2/${page}`)).status, page).to.equal(404);
    }
  });

  it('sends 20,000 jobs whole, in blocks', async () => {
    const job = (jobId: number): JobData => ({
      jobId,
      name: `job "${jobId}" \u2028 ${'x'.repeat(200)}`,
      stageIds: [jobId],
      status: 'SUCCEEDED',
      numTasks: 1,
    });
    const jobs = Array.from({ length: 20_000 }, (_, jobId) => job(jobId));
    history.run = { ...EMPTY, jobs };

    const { headers, body } = await answerTo('/api/v1/applications/app-1/jobs');

    expect(headers['transfer-encoding']).to.equal('chunked');
    expect(JSON.parse(body)).to.deep.equal(jobs);
  });

  it('cuts an answer off that fails on the way, so that it cannot be taken for whole', async () => {
    const jobs = Array.from({ length: 5_000 }, (_, jobId) => ({ jobId, name: 'x'.repeat(50) }));
    const cyclic: { jobId: number; self?: unknown } = { jobId: -1 };
    cyclic.self = cyclic;
    history.run = { ...EMPTY, jobs: [...jobs, cyclic] as unknown as JobData[] };

    const error: unknown = await answerTo('/api/v1/applications/app-1/jobs').catch((thrown: unknown) => thrown);

    expect(error).to.have.property('code', 'ECONNRESET');
  });

  it('tells the replay when the client has gone', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    history.gate = promise;
    const port = Number(new URL(server.url).port);
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET /api/v1/applications/app-1/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n');
    });
    while (history.signals.length === 0) await new Promise((next) => setTimeout(next, 5));
    socket.destroy();
    const [signal] = history.signals;
    while (!signal!.aborted) await new Promise((next) => setTimeout(next, 5));
    resolve(undefined);

    // The server goes on.
    expect((await answerTo('/api/v1/version')).status).to.equal(200);
  });

  it('ends although a client waits for its answer', async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    history.gate = promise;
    const waiting = answerTo('/api/v1/applications/app-1/jobs').catch((error: unknown) => error);
    while (history.signals.length === 0) await new Promise((next) => setTimeout(next, 5));

    await server[Symbol.asyncDispose]();
    resolve(undefined);

    expect(await waiting).to.be.instanceOf(Error);
  });
});
