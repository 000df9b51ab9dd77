import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import type { Logger } from '../../logging/logger.ts';
import { atMostEvery } from '../../util/at-most-every.ts';
import { SpotError, toError } from '../../util/errors.ts';
import { Query } from './query.ts';
import { RestError } from './rest-error.ts';
import { answerRequest } from './router.ts';
import type { RunHistory } from './run-history.ts';
import { sendJson, sendText } from './send.ts';

export interface HistoryServerOptions {
  /** Address to listen on; without it this machine alone can connect. */
  readonly host?: string | undefined;
  /** 0 for any that is free. */
  readonly port: number;
  readonly logger: Logger;
  readonly now: () => Date;
}

const LOOPBACK = '127.0.0.1';
/** Whoever asks under a wrong name shows in the log, and cannot fill it. */
const REFUSALS_LOGGED_EVERY_MS = 60_000;
const MOST_SHOWN_CHARACTERS = 100;
const WELCOME = `Spot answers here as Spark's History Server does, from event logs.

/api/v1/applications
/api/v1/applications/ID[/ATTEMPT]/jobs, stages, allexecutors, environment, sql, storage/rdd, ...
`;

/**
 * Speaks HTTP as Spark's History Server does, with the pages of its `/api/v1`.
 *
 * Reads only, and answers nothing but GET and HEAD. On the loopback address it does not answer to other host names, so
 * that no web page can make a browser ask it.
 */
export class HistoryServer implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  /** @throws Error of node:net when it cannot listen there */
  static async listen(history: RunHistory, options: HistoryServerOptions): Promise<HistoryServer> {
    const { host = LOOPBACK, port, logger } = options;
    const atTimes = atMostEvery(REFUSALS_LOGGED_EVERY_MS);
    const onRefused = (name: string): void => {
      atTimes((more) => {
        logger.warn('A question under a host name that is not served was refused.', { host: name, more });
      });
    };
    const server = createServer(
      { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 10_000 },
      (request, response) => {
        void handle(request, response, history, { ...options, onRefused });
      },
    );
    server.maxConnections = 512;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, resolve);
    });
    const address = server.address();
    const bound = typeof address === 'object' ? (address?.port ?? port) : port;
    return new HistoryServer(server, `http://${isIP(host) === 6 ? `[${host}]` : host}:${bound}`);
  }

  /** Takes no more questions, and drops those that are not answered yet. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  history: RunHistory,
  { host = LOOPBACK, logger, now, onRefused }: HistoryServerOptions & { readonly onRefused: (name: string) => void },
): Promise<void> {
  const gone = new AbortController();
  response.on('close', () => {
    gone.abort();
  });
  const { method, url: target = '/' } = request;
  try {
    if (!isTrusted(request.headers.host, host)) {
      onRefused(String(request.headers.host).slice(0, MOST_SHOWN_CHARACTERS));
      throw new RestError(403, 'This name of the server is not known here.');
    }
    if (method !== 'GET' && method !== 'HEAD') throw new RestError(405, 'Only GET.', { Allow: 'GET, HEAD' });
    const { pathname: path, searchParams } = urlOf(target);
    if (path === '/') {
      sendText(response, 200, WELCOME);
      return;
    }
    const query = new Query(searchParams);
    await sendJson(response, await answerRequest({ history, query, path, now: now(), signal: gone.signal }));
  } catch (thrown) {
    // Nobody is there to be told.
    if (gone.signal.aborted) return;
    const error = toRestError(thrown);
    if (error.status >= 500 && error.status !== 501) {
      logger.warn('Request failed.', { method, path: target, status: error.status, reason: toError(thrown).message });
    }
    // What has begun cannot become another answer: it is cut off, so that nobody takes it for whole.
    if (response.headersSent) response.destroy();
    else sendText(response, error.status, error.message, error.headers);
  }
}

function urlOf(target: string): URL {
  try {
    return new URL(target.startsWith('/') ? `http://localhost${target}` : target);
  } catch {
    throw new RestError(400, 'The address cannot be read.');
  }
}

/** A web page can send a browser here under a name of its own, never under an address. */
function isTrusted(hostHeader: string | undefined, listening: string): boolean {
  if (!/^(127\.|::1$|localhost$)/.test(listening) || hostHeader === undefined) return true;
  const name = hostHeader.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1');
  return isIP(name) !== 0 || name.toLowerCase() === 'localhost' || name === listening;
}

function toRestError(thrown: unknown): RestError {
  if (thrown instanceof RestError) return thrown;
  if (!(thrown instanceof SpotError)) return new RestError(500, 'Request failed.');
  const text = `${thrown.message} (${thrown.code})`;
  return thrown.retryable ? new RestError(503, text, { 'Retry-After': '10' }) : new RestError(500, text);
}
