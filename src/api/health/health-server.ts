import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../../logging/logger.ts';
import { atMostEvery } from '../../util/at-most-every.ts';
import { toError } from '../../util/errors.ts';
import type { Readiness } from './crawl-health.ts';
import { isAllowedHost, type ListenAddress } from './listen-address.ts';

export interface HealthServerOptions {
  readonly address: ListenAddress;
  readonly allowedHosts: readonly string[];
  readonly version: string;
  readonly readiness: () => Readiness;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly logger: Logger;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Misdirected Request. */
const WRONG_HOST = 421;
const MOST_SHOWN_CHARACTERS = 100;
/** Who asks for metrics sends a short request at once; anything else does not get to hold a connection. */
const LONGEST_REQUEST_MS = 5000;
const LARGEST_HEADER_BYTES = 8192;
const MOST_CONNECTIONS = 64;
/** Whoever asks under a wrong name shows in the log, and cannot fill it. */
const REFUSALS_LOGGED_EVERY_MS = 60_000;

/** Answers `GET /health/live`, `/health/ready` and `/metrics`; everything else is refused. */
export class HealthServer implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  /** @throws the error of the listen call, such as `EADDRINUSE` */
  static async listen(options: HealthServerOptions): Promise<HealthServer> {
    const atTimes = atMostEvery(REFUSALS_LOGGED_EVERY_MS);
    const onRefused = (host: string): void => {
      atTimes((more) => {
        options.logger.warn('A question under a host name that is not served was refused.', { host, more });
      });
    };
    const server = createServer(
      {
        headersTimeout: LONGEST_REQUEST_MS,
        requestTimeout: LONGEST_REQUEST_MS,
        keepAliveTimeout: LONGEST_REQUEST_MS,
        connectionsCheckingInterval: 1000,
        maxHeaderSize: LARGEST_HEADER_BYTES,
      },
      (request, response) => {
        void respond(request, response, options, onRefused);
      },
    );
    server.maxConnections = MOST_CONNECTIONS;
    const { host, port } = options.address;
    server.listen(port, host);
    await once(server, 'listening');
    const { port: bound } = server.address() as AddressInfo;
    return new HealthServer(server, `http://${host.includes(':') ? `[${host}]` : host}:${bound}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: HealthServerOptions,
  onRefused: (host: string) => void,
): Promise<void> {
  let answer: Answer;
  try {
    answer = await answerTo(request, options);
    if (answer.status === WRONG_HOST) onRefused(String(request.headers.host).slice(0, MOST_SHOWN_CHARACTERS));
  } catch (thrown) {
    options.logger.error('A question about health could not be answered.', { reason: toError(thrown).message });
    answer = text(500, 'internal error');
  }
  // No body is read: what follows on this connection could be the rest of one.
  const hasBody = request.headers['content-length'] !== undefined || request.headers['transfer-encoding'] !== undefined;
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    ...(hasBody || answer.status >= 400 ? { connection: 'close' } : {}),
    ...answer.headers,
  });
  response.end(answer.body);
}

async function answerTo(request: IncomingMessage, options: HealthServerOptions): Promise<Answer> {
  const hosts = request.headersDistinct['host'] ?? [];
  if (hosts.length !== 1 || !isAllowedHost(hosts[0], options.allowedHosts))
    return text(WRONG_HOST, 'This host name is not served: add it to [HEALTH] allowed_hosts');
  if (request.method !== 'GET') return { ...text(405, 'Only GET'), headers: { allow: 'GET' } };

  switch (request.url?.split('?', 1)[0]) {
    case '/health/live':
      return json(200, { status: 'live', version: options.version });
    case '/health/ready': {
      const { isReady, problems } = options.readiness();
      return json(isReady ? 200 : 503, { status: isReady ? 'ready' : 'not ready', problems });
    }
    case '/metrics': {
      const { contentType, text: body } = await options.metrics();
      return { status: 200, type: contentType, body };
    }
    default:
      return text(404, 'Ask for /health/live, /health/ready or /metrics');
  }
}

function text(status: number, sentence: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${sentence}\n` };
}

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}
