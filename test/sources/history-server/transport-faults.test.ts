import { expect } from 'chai';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { HistoryServerSettings } from '../../../src/sources/history-server/config.ts';
import type { HistoryServerSource } from '../../../src/sources/history-server/history-server-source.ts';
import { SourceError } from '../../../src/util/errors.ts';
import {
  recordedRun,
  sendHtml,
  sendJson,
  type FakeHistoryServer,
  type Handler,
} from '../../support/fake-history-server.ts';
import { openHistoryServer, startWithWordCount } from '../../support/history-server-fixture.ts';
import { rejection } from '../source-contract.ts';

const { application } = recordedRun('smoke-wordcount');
const attempt = application.attempts[0]!;

const status =
  (code: number, headers: Record<string, string> = {}): Handler =>
  (_request, response) => {
    response.writeHead(code, headers).end('busy');
  };
const reset: Handler = (request) => request.socket.resetAndDestroy();
/** Says how long it is and ends early. */
const cutWithLength: Handler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
  response.write('[ {', () => response.socket?.destroy());
};
/** Ends with the connection: only a JSON parser can notice. */
const cutWithoutLength: Handler = (request) => {
  request.socket.end(
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n[ {"id": "app-1", "na',
  );
};
const cutChunk: Handler = (request) => {
  request.socket.end(
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nff\r\n[ {"id"',
  );
};
const loginPage: Handler = (_request, response) => {
  sendHtml(response, 200, '\n<!DOCTYPE html><html><form action="/login"></form></html>');
};

describe('sources/history-server: faults of the transport', () => {
  let server: FakeHistoryServer;
  const opened: HistoryServerSource[] = [];
  beforeEach(async () => {
    server = await startWithWordCount();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((source) => source[Symbol.asyncDispose]()));
    await server[Symbol.asyncDispose]();
  });

  const open = (
    settings: Partial<HistoryServerSettings> = {},
    url = server.url,
  ): ReturnType<typeof openHistoryServer> => {
    const result = openHistoryServer(url, settings);
    opened.push(result.source);
    return result;
  };
  const list = (source: HistoryServerSource, signal?: AbortSignal): Promise<unknown[]> =>
    Array.fromAsync(source.listApplications({}, { signal }));
  const failureOf = async (source: HistoryServerSource): Promise<SourceError> => {
    const error = await rejection(list(source));
    expect(error).to.be.instanceOf(SourceError);
    return error as SourceError;
  };

  const passing: readonly (readonly [string, Handler, firstWaitMs: number])[] = [
    ['a connection that is reset', reset, 0],
    ['HTTP 429', status(429), 125],
    ['HTTP 502', status(502), 125],
    ['HTTP 503', status(503), 125],
    ['HTTP 504', status(504), 125],
    ['an answer shorter than its length', cutWithLength, 0],
    ['an answer that breaks off without a length', cutWithoutLength, 0],
    ['an answer that breaks off in a chunk', cutChunk, 0],
    ['an empty answer', (_request, response) => response.writeHead(200).end(), 0],
  ];
  for (const [name, fault, firstWaitMs] of passing) {
    it(`asks again after ${name}, ${firstWaitMs === 0 ? 'at once' : `after ${firstWaitMs} ms`} and then after 250 ms, and gets the list`, async () => {
      const { source, waits } = open();
      server.answerNext(fault, fault);

      expect(await list(source)).to.have.length(1);

      expect(server.requests).to.have.length(3);
      expect(waits).to.deep.equal([firstWaitMs, 250]);
    });
  }

  it('gives up after 1 + retries tries, and says after how many', async () => {
    const { source } = open({ retries: 3 });
    server.answerAll(status(503));

    const error = await failureOf(source);

    expect(server.requests).to.have.length(4);
    expect(error).to.include({ code: 'SOURCE_UNAVAILABLE', retryable: true });
    expect(error.details).to.include({ status: 503, tries: 4 });
    expect(error.message).to.contain('HTTP status 503').and.contain('4 tries');
  });

  it('ends a truncated answer that stays truncated as SOURCE_TRUNCATED, without a word of its text', async () => {
    const { source } = open({ retries: 2 });
    server.answerAll((_request, response) => {
      sendJson(response, '[ {"password" : "hunter2", oops');
    });

    const error = await failureOf(source);

    expect(server.requests).to.have.length(3);
    expect(error).to.include({ code: 'SOURCE_TRUNCATED', retryable: true });
    expect(error.message + String((error.cause as Error).stack))
      .to.not.contain('hunter2')
      .and.not.contain('oops');
  });

  it('asks again at most twice after a 500, which is mostly a damaged event log', async () => {
    const { source } = open({ retries: 10 });
    server.answerAll((_request, response) => {
      sendHtml(response, 500, '<html>Error 500 java.io.EOFException</html>');
    });

    const error = await failureOf(source);

    expect(server.requests).to.have.length(3);
    expect(error).to.include({ code: 'SOURCE_SERVER_ERROR', retryable: true });
  });

  it('waits as long as Retry-After says, but not beyond the total deadline', async () => {
    const patient = open();
    server.answerNext(status(429, { 'retry-after': '30' }));
    await list(patient.source);
    expect(patient.waits).to.deep.equal([30_125]);

    const { source, waits } = open();
    server.answerNext(status(503, { 'retry-after': '3600' }));
    const error = await failureOf(source);
    expect(waits).to.deep.equal([]);
    expect(error.details).to.include({ tries: 1, retryAfterMs: 3_600_000 });
  });

  for (const code of [400, 401, 403, 407, 410]) {
    it(`does not ask again after HTTP ${code}`, async () => {
      const { source } = open();
      server.answerAll(status(code));

      const error = await failureOf(source);

      expect(server.requests).to.have.length(1);
      expect(error.code).to.equal([401, 403, 407].includes(code) ? 'SOURCE_UNAUTHORIZED' : 'SOURCE_REFUSED');
      expect(error.retryable).to.be.false;
    });
  }

  it('takes a login page with status 200 for what it is, at once', async () => {
    const { source } = open();
    server.answerAll(loginPage);

    const error = await failureOf(source);

    expect(server.requests).to.have.length(1);
    expect(error.code).to.equal('SOURCE_NOT_JSON');
    expect(error.message).to.contain('login page').and.contain('api_base_url');
  });

  it('says of a wrong path that api_base_url must end in /api/v1', async () => {
    const { source } = open({}, server.url.replace('/api/v1', '/spark'));

    const error = await failureOf(source);

    expect(error.code).to.equal('SOURCE_WRONG_ADDRESS');
    expect(error.message).to.contain('/spark/api/v1').and.contain('ends in /api/v1');
  });

  it('says SOURCE_RUN_VANISHED of a listed application that is gone', async () => {
    const { source } = open();
    server.remove(application.id);

    const error = await rejection(source.fetchAttempt(application, attempt));

    expect(error).to.include({ code: 'SOURCE_RUN_VANISHED' });
    expect(server.requests).to.have.length(1);
  });

  it('names the key of an answer that is not in the shape of Spark, and not its value', async () => {
    const { source } = open();
    const { answers } = recordedRun('smoke-wordcount');
    server.put(application, {
      ...answers,
      stages: answers.stages.replace(/"numTasks" : \d+/, '"numTasks" : "hunter2"'),
    });

    const error = (await rejection(source.fetchAttempt(application, attempt))) as SourceError;

    expect(error).to.include({ code: 'SOURCE_WRONG_ANSWER', retryable: false });
    expect(error.message)
      .to.contain('stages[0].numTasks is a string, but should be a number')
      .and.not.contain('hunter2');
    expect(server.requests).to.have.length(2);
  });

  it('ends an answer that drips at the total deadline, tries and waits included', async () => {
    const { source } = open({ total_timeout_seconds: 0.3, idle_timeout_seconds: 10 });
    server.answerAll((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => {
        clearInterval(drip);
      });
    });
    const startedAt = performance.now();

    const error = await failureOf(source);

    expect(performance.now() - startedAt).to.be.within(290, 1300);
    expect(error).to.include({ code: 'SOURCE_TIMEOUT', retryable: true });
    expect(error.message).to.contain('0.3 s (total_timeout_seconds)');
    expect(server.requests).to.have.length(1);
  });

  it('ends a silent server at the idle deadline, before the answer and in its middle', async () => {
    const { source } = open({ idle_timeout_seconds: 0.2 });
    for (const hang of [
      (): void => undefined,
      ((_request, response): void => void response.writeHead(200).write('[')) as Handler,
    ]) {
      server.answerNext(hang);
      const startedAt = performance.now();

      const error = await failureOf(source);

      expect(performance.now() - startedAt).to.be.within(190, 1200);
      expect(error).to.include({ code: 'SOURCE_TIMEOUT', retryable: true });
      expect(error.message).to.contain('idle_timeout_seconds');
    }
    expect(server.requests).to.have.length(2);
  });

  it('stops at max_response_bytes: at once when the length is told, else while the bytes come', async () => {
    const { source } = open({ max_response_bytes: 10_000 });
    let sent = 0;
    server.answerNext(
      (_request, response) => {
        sendJson(response, `[${' '.repeat(10_000)}]`);
      },
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const more = (): void => {
          while (!response.destroyed && sent < 50_000_000) {
            sent += 1000;
            if (!response.write(' '.repeat(1000))) break;
          }
        };
        response.on('drain', more);
        more();
      },
    );

    for (let i = 0; i < 2; i++) {
      const error = await failureOf(source);
      expect(error).to.include({ code: 'SOURCE_TOO_LARGE', retryable: false });
      expect(error.message).to.contain('max_response_bytes');
    }
    expect(sent).to.be.below(50_000_000);
  });

  it('takes an answer of exactly max_response_bytes', async () => {
    const { source } = open({ max_response_bytes: 10_000 });
    server.answerNext((_request, response) => {
      sendJson(response, `[${' '.repeat(9998)}]`);
    });

    expect(await list(source)).to.deep.equal([]);
  });

  it('reads a compressed answer, and no more of it than max_response_bytes', async () => {
    const { source } = open({ max_response_bytes: 100_000 });
    const gzip =
      (text: string): Handler =>
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(gzipSync(text));
      };
    server.answerNext(gzip(JSON.stringify([application])), gzip(`[${' '.repeat(10_000_000)}]`));

    expect(await list(source)).to.deep.equal([application]);
    expect((await failureOf(source)).code).to.equal('SOURCE_TOO_LARGE');
  });

  it('follows a redirect of the same origin without the credentials, and no other', async () => {
    const { source } = open({ username: 'spot', password: 'hunter2' });
    const to = (location: string): Handler => status(302, { location });
    server.answerNext(to('/api/v1/applications'));
    expect(await list(source)).to.have.length(1);
    expect(server.requests.map(({ headers }) => headers.authorization)).to.deep.equal([
      'Basic c3BvdDpodW50ZXIy',
      undefined,
    ]);

    for (const location of [
      'http://login.example/sso?ticket=hunter2',
      server.url.replace(/:\d+/, ':1'),
      '//other.example/',
      server.url.replace('http:', 'https:'),
    ]) {
      server.answerNext(to(location));
      const error = await failureOf(source);
      expect(error.code).to.equal('SOURCE_REDIRECTED');
      expect(JSON.stringify([error.message, error.details])).to.not.contain('hunter2');
    }
  });

  it('leaves a circle of redirects after three', async () => {
    const { source } = open();
    server.answerAll(status(307, { location: '/api/v1/applications' }));

    expect((await failureOf(source)).code).to.equal('SOURCE_REDIRECTED');
    expect(server.requests).to.have.length(4);
  });

  it('says SOURCE_UNAVAILABLE of a server that is not there, retryable', async () => {
    const { source } = open({ retries: 1 }, 'http://127.0.0.1:1');

    const error = await failureOf(source);

    expect(error).to.include({ code: 'SOURCE_UNAVAILABLE', retryable: true });
    expect(error.details).to.include({
      code: 'ECONNREFUSED',
      tries: 2,
      url: 'http://127.0.0.1:1/api/v1/applications?minDate=1960-01-01T00:00:00.000GMT&minEndDate=1960-01-01T00:00:00.000GMT',
    });
  });

  it('says SOURCE_UNAVAILABLE of a host name that is not known', async () => {
    const { source } = open({ retries: 0 }, 'http://history.invalid:18080');

    expect(await failureOf(source)).to.include({ code: 'SOURCE_UNAVAILABLE', retryable: true });
  });

  it('says SOURCE_WRONG_ADDRESS of a port that speaks something else', async () => {
    const other: Server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('220 mail.example ESMTP\r\n');
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { source } = open({}, `http://127.0.0.1:${(other.address() as AddressInfo).port}`);

    const error = await failureOf(source);
    other.close();

    expect(error.code).to.equal('SOURCE_WRONG_ADDRESS');
    expect(error.message).to.contain('does not speak HTTP');
  });

  it('stops with the reason of the signal, in a question and in a wait', async () => {
    const { source } = open();
    const reason = new Error('stop');
    const inQuestion = new AbortController();
    server.answerNext(() => {
      inQuestion.abort(reason);
    });
    expect(await rejection(list(source, inQuestion.signal))).to.equal(reason);

    const inWait = new AbortController();
    const waiting = openHistoryServer(
      server.url,
      {},
      {
        sleep: () => {
          inWait.abort(reason);
          return Promise.resolve();
        },
      },
    ).source;
    opened.push(waiting);
    server.answerNext(status(503));
    expect(await rejection(list(waiting, inWait.signal))).to.equal(reason);
    expect(server.requests).to.have.length(2);
  });

  it('closes what is open when it is disposed: a question that hangs ends', async () => {
    const { source } = open({ retries: 0 });
    const asked = new Promise<void>((resolve) => {
      server.answerNext(() => {
        resolve();
      });
    });
    const hanging = rejection(list(source));
    await asked;

    await source[Symbol.asyncDispose]();

    expect(await hanging).to.be.instanceOf(SourceError);
  });
});
