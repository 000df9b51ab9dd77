import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ApplicationInfo } from '../../src/spark/rest.ts';

/** The texts of one attempt's answers, served as they are. */
export interface AttemptAnswers {
  readonly allexecutors: string;
  readonly stages: string;
  readonly environment: string;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface SeenRequest {
  /** Path and query as they came over the wire. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

const FIXTURES = new URL('../fixtures/history-server/', import.meta.url);

/** A recorded application and its answers; see test/fixtures/history-server/README.md. */
export function recordedRun(name: 'smoke-wordcount' | 'no-jobs-local'): {
  application: ApplicationInfo;
  answers: AttemptAnswers;
} {
  const read = (part: string): string => readFileSync(new URL(`${name}/${part}.json`, FIXTURES), 'utf8');
  const [application] = JSON.parse(read('applications')) as [ApplicationInfo];
  return {
    application,
    answers: { allexecutors: read('allexecutors'), stages: read('stages'), environment: read('environment') },
  };
}

/**
 * Serves applications over HTTP as the real server does, as far as Spot asks: the windows with both ends inclusive,
 * the one date form, running applications left out of a window that has passed, 404 in plain text.
 *
 * {@link answerNext} and {@link answerAll} put a fault in its place. What the real server does is held against this one
 * by the source contract, which runs on both.
 */
export class FakeHistoryServer implements AsyncDisposable {
  /** As `api_base_url` wants it. */
  readonly url: string;
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #applications = new Map<
    string,
    { readonly application: ApplicationInfo; readonly answers: AttemptAnswers }
  >();
  readonly #next: Handler[] = [];
  #all: Handler | undefined;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
    server.on('request', (request, response) => {
      this.#handle(request, response);
    });
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(
    options: { readonly tls?: ServerOptions; readonly host?: string } = {},
  ): Promise<FakeHistoryServer> {
    const server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const scheme = options.tls === undefined ? 'http' : 'https';
    return new FakeHistoryServer(server, `${scheme}://${options.host ?? '127.0.0.1'}:${port}/api/v1`);
  }

  /** Adds an application or replaces the one of the same id. All its attempts answer alike. */
  put(application: ApplicationInfo, answers: AttemptAnswers): void {
    this.#applications.set(application.id, { application, answers });
  }

  remove(id: string): void {
    this.#applications.delete(id);
  }

  /** The next requests are answered by these, one each. */
  answerNext(...handlers: readonly Handler[]): void {
    this.#next.push(...handlers);
  }

  /** Every request is answered by this, or as it should be again. */
  answerAll(handler: Handler | undefined): void {
    this.#all = handler;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    this.requests.push({ path: request.url ?? '', headers: request.headers });
    const handler = this.#next.shift() ?? this.#all;
    if (handler === undefined) this.answer(request, response);
    else handler(request, response);
  }

  /** Answers as the real server does. */
  answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://fake');
    if (url.pathname === '/api/v1/applications') {
      sendJson(response, JSON.stringify(this.#list(url.searchParams), undefined, 2));
      return;
    }
    const [, id, ...rest] =
      /^\/api\/v1\/applications\/(.+)$/
        .exec(url.pathname)?.[1]
        ?.split('/')
        .reduce<string[]>((parts, part) => [...parts, decodeURIComponent(part)], ['']) ?? [];
    if (id === undefined) {
      sendHtml(response, 404, '<html><head><title>Error 404 Not Found</title></head></html>');
      return;
    }
    const known = this.#applications.get(id);
    const part = rest.at(-1) as keyof AttemptAnswers;
    const attemptId = rest.length === 2 ? rest[0] : undefined;
    const text =
      known?.application.attempts.some((attempt) => attempt.attemptId === attemptId) === true
        ? known.answers[part]
        : undefined;
    if (text === undefined) {
      response
        .writeHead(404, { 'content-type': 'text/plain' })
        .end(`no such app: ${id}${attemptId === undefined ? '' : `/${attemptId}`}`);
      return;
    }
    sendJson(response, text);
  }

  #list(query: URLSearchParams): readonly ApplicationInfo[] {
    const after = readDate(query.get('minEndDate'), Date.UTC(2010, 0, 1));
    const before = readDate(query.get('maxEndDate'), Date.UTC(3000, 0, 1));
    const startedAfter = readDate(query.get('minDate'), Date.UTC(2010, 0, 1));
    const status = query.get('status');
    return [...this.#applications.values()]
      .map(({ application }) => application)
      .filter(({ attempts }) => {
        const isRunning = attempts[0]?.completed !== true;
        if (status !== null && isRunning !== (status === 'running')) return false;
        return attempts.some(
          ({ startTimeEpoch, endTimeEpoch }) =>
            startTimeEpoch >= startedAfter &&
            (isRunning ? before > Date.now() : endTimeEpoch >= after && endTimeEpoch <= before),
        );
      })
      .sort((left, right) => (right.attempts[0]?.endTimeEpoch ?? 0) - (left.attempts[0]?.endTimeEpoch ?? 0));
  }
}

export function sendJson(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
}

export function sendHtml(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/html;charset=iso-8859-1' }).end(text);
}

/** The real server reads one form to the millisecond and takes every other for midnight of its day. */
function readDate(text: string | null, fallback: number): number {
  if (text === null || text === '') return fallback;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}GMT$/.test(text)) return Date.parse(text.replace('GMT', 'Z'));
  return Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
}
