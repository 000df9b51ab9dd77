import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { seededRandom } from '../support/seeded-random.ts';
import { mergedAnswer, splitBulk } from './refused-items.ts';
import { testSeed } from './test-seed.ts';

/**
 * What a proxy can do to a call.
 *
 * Before the target hears of it: `reset`, the statuses, `hang`, `login-page`.
 * After the target has answered, so that what it did is done: `lost-answer` (a reset instead of the answer),
 * `truncate` (shorter than its length), `cut` (ends early where no length tells), `drip` (a byte at a time), `slow-start`.
 * In its midst: `items-429`, which refuses single operations of a `_bulk` and lets the others be done.
 */
export type Fault =
  | 'reset'
  | 'status-429'
  | 'status-500'
  | 'status-502'
  | 'status-503'
  | 'status-504'
  | 'hang'
  | 'login-page'
  | 'lost-answer'
  | 'truncate'
  | 'cut'
  | 'drip'
  | 'slow-start'
  | 'items-429';

export interface FaultPlan {
  /** Share of the calls that meet the fault, from 0 to 1; together at most 1. */
  readonly shares?: Readonly<Partial<Record<Fault, number>>>;
  /** What the k-th call meets, counted from 1; goes before the shares. */
  readonly atCall?: Readonly<Record<number, Fault>>;
  /** Which calls are counted and meet faults at all; the others pass. */
  readonly only?: (method: string, path: string) => boolean;
}

export interface FaultProxyOptions {
  /** Where calls go: `http://host:port`, a path in it counts for nothing. */
  readonly target: string;
  /** Without one: SPOT_TEST_SEED of the environment, else a new one. */
  readonly seed?: number;
  readonly plan?: FaultPlan;
  /** Between two bytes of a `drip`. */
  readonly dripMs?: number;
  /** Silence of a `slow-start`. */
  readonly slowStartMs?: number;
  /**
   * Paths whose answer never changes: the target is asked once, so that a slow one does not slow down a test in which it
   * is asked the same again and again. Default: none.
   */
  readonly isLasting?: (path: string) => boolean;
  /** Gets the line with the seed, with which a failed run can be repeated. */
  readonly print?: (line: string) => void;
}

/** One call and what was done to it: the ground truth of a test, kept by the one who did it. */
export interface ManifestEntry {
  /** From 1, in the order of arrival. */
  readonly call: number;
  readonly method: string;
  readonly path: string;
  readonly fault: Fault | 'none';
}

/** Of the operations of a bulk that meets `items-429`. */
const REFUSED_ITEMS = 0.3;
const JSON_HEADERS = { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' };

const LOGIN_PAGE =
  '<!DOCTYPE html><html><head><title>Sign in</title></head><body><form action="/login"></form></body></html>';

/**
 * An HTTP proxy that does to calls what networks, gateways and overloaded servers do, in front of any HTTP server.
 *
 * The k-th call meets the same fault in each run with the same seed and plan, whatever happens in between.
 */
export class FaultProxy implements AsyncDisposable {
  readonly url: string;
  readonly seed: number;
  readonly manifest: ManifestEntry[] = [];
  readonly #options: FaultProxyOptions;
  readonly #target: URL;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #sockets = new Set<Socket>();
  readonly #random: () => number;
  #waiting: { readonly forCall: number; readonly called: () => void }[] = [];
  readonly #lasting = new Map<string, TargetAnswer>();
  #plan: FaultPlan;
  #isDown = false;

  private constructor(server: Server, seed: number, options: FaultProxyOptions) {
    this.#server = server;
    this.#options = options;
    this.#plan = options.plan ?? {};
    this.#target = new URL(options.target);
    this.#random = seededRandom(seed);
    this.seed = seed;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      if (this.#isDown) socket.resetAndDestroy();
    });
    server.on('request', (request, response) => {
      void this.#handle(request, response);
    });
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const seed = testSeed('fault proxy', options);
    const server = createServer({ keepAliveTimeout: 60_000 });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FaultProxy(server, seed, options);
  }

  /** Follows another plan from the next call on. `{}` lets everything pass. */
  follow(plan: FaultPlan): void {
    this.#plan = plan;
  }

  /** Breaks every connection and lets none in until {@link comeUp}, as when the target is stopped. */
  goDown(): void {
    this.#isDown = true;
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  comeUp(): void {
    this.#isDown = false;
  }

  /** Fulfilled as soon as so many more calls have arrived, before they are answered. */
  async whenCalled(times: number): Promise<void> {
    await new Promise<void>((called) => {
      this.#waiting.push({ forCall: this.manifest.length + times, called });
    });
  }

  /** How often each fault was done. */
  get counts(): Readonly<Partial<Record<Fault | 'none', number>>> {
    const counts: Partial<Record<Fault | 'none', number>> = {};
    for (const { fault } of this.manifest) counts[fault] = (counts[fault] ?? 0) + 1;
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#agent.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = request;
    const fault = this.#choose(method, path);
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>).catch(() => []));
    try {
      await this.#perform(fault, { method, path, headers: request.headers, body }, response);
    } catch {
      // The target or the client is gone; a client that still waits sees what a gateway would do.
      response.destroy();
    }
  }

  /** Draws once for each counted call, so that the k-th call's fault hangs on nothing but seed, plan and k. */
  #choose(method: string, path: string): Fault | 'none' {
    const { only, atCall = {}, shares = {} } = this.#plan;
    if (only !== undefined && !only(method, path)) return 'none';
    const call = this.manifest.length + 1;
    let drawn = this.#random();
    let fault: Fault | 'none' = 'none';
    for (const [name, share] of Object.entries(shares) as [Fault, number][]) {
      if (drawn >= 0 && drawn < share) fault = name;
      drawn -= share;
    }
    fault = atCall[call] ?? fault;
    this.manifest.push({ call, method, path, fault });
    this.#waiting = this.#waiting.filter(({ forCall, called }) => {
      if (forCall === call) called();
      return forCall !== call;
    });
    return fault;
  }

  async #perform(fault: Fault | 'none', call: Call, response: ServerResponse): Promise<void> {
    switch (fault) {
      case 'reset':
        response.socket?.resetAndDestroy();
        return;
      case 'hang':
        return;
      case 'login-page':
        response.writeHead(200, { 'content-type': 'text/html' }).end(LOGIN_PAGE);
        return;
      case 'status-429':
      case 'status-500':
      case 'status-502':
      case 'status-503':
      case 'status-504':
        response
          .writeHead(Number(fault.slice(-3)), { 'content-type': 'text/html' })
          .end('<html>the gateway says no</html>');
        return;
      case 'items-429':
        deliver('none', await this.#answerWithout(call), response, this.#options);
        return;
      default:
        deliver(fault, await this.#answerTo(call), response, this.#options);
    }
  }

  async #answerTo(call: Call): Promise<TargetAnswer> {
    const known = this.#lasting.get(call.path);
    if (known !== undefined) return known;
    const answer = await this.#forward(call);
    if (answer.status < 300 && this.#options.isLasting?.(call.path) === true) this.#lasting.set(call.path, answer);
    return answer;
  }

  /** Refuses some operations of a bulk itself; other calls pass. */
  async #answerWithout(call: Call): Promise<TargetAnswer> {
    if (!/\/_bulk(\?|$)/.test(call.path) || call.headers['content-encoding'] !== undefined)
      return await this.#answerTo(call);
    // Of its own, so that the faults of later calls hang on nothing that is in this one.
    const random = seededRandom(this.seed + this.manifest.length);
    const { body, refused } = splitBulk(call.body, () => random() < REFUSED_ITEMS);
    const { 'accept-encoding': _encoding, 'content-length': _length, ...headers } = call.headers;
    const answer = body.length === 0 ? undefined : await this.#forward({ ...call, headers, body });
    if (answer !== undefined && answer.status !== 200) return answer;
    const merged = mergedAnswer(answer?.body, refused);
    return { status: 200, headers: answer?.headers ?? JSON_HEADERS, body: merged };
  }

  #forward({ method, path, headers, body }: Call): Promise<TargetAnswer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = this.#target;
      const forwarded = { ...headers, host: this.#target.host, connection: 'keep-alive' };
      const outgoing = httpRequest(
        { agent: this.#agent, hostname, port, method, path, headers: forwarded },
        (incoming) => {
          Array.fromAsync(incoming as AsyncIterable<Buffer>).then((chunks) => {
            resolve({ status: incoming.statusCode ?? 502, headers: incoming.headers, body: Buffer.concat(chunks) });
          }, reject);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

interface TargetAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Headers of one connection, not of the answer; the length is told anew. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

/** Gives the target's answer to the client, or what the fault leaves of it. */
function deliver(
  fault: Fault | 'none',
  { status, headers, body }: TargetAnswer,
  response: ServerResponse,
  { dripMs = 50, slowStartMs = 300 }: FaultProxyOptions,
): void {
  const plain = Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
  const whole = { ...plain, 'content-length': body.length };
  const half = body.subarray(0, Math.floor(body.length / 2));
  switch (fault) {
    case 'lost-answer':
      response.socket?.resetAndDestroy();
      return;
    case 'truncate':
      response.writeHead(status, whole);
      response.write(half, () => response.socket?.destroy());
      return;
    case 'cut':
      response.useChunkedEncodingByDefault = false;
      response.writeHead(status, { ...plain, connection: 'close' }).end(half);
      return;
    case 'drip': {
      response.writeHead(status, whole);
      let sent = 0;
      const drip = setInterval(() => {
        if (sent < body.length) response.write(body.subarray(sent, ++sent));
        if (sent === body.length) response.end();
      }, dripMs);
      response.on('close', () => {
        clearInterval(drip);
      });
      return;
    }
    case 'slow-start':
      setTimeout(() => response.writeHead(status, whole).end(body), slowStartMs);
      return;
    default:
      response.writeHead(status, whole).end(body);
  }
}
