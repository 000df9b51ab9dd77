import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import type { OpenOptions } from '../../eventlog/bytes/log-file.ts';
import { SourceError, SpotError, toError } from '../../util/errors.ts';

export interface HttpOptions {
  readonly idleTimeoutMs: number;
  /** How often a question is asked again. */
  readonly retries: number;
  /** From 0 to below 1, for the length of waits. */
  readonly random?: (() => number) | undefined;
}

export interface HttpRequest {
  readonly origin: string;
  /** Path and query exactly as they go over the wire: nothing in them is resolved or encoded again. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly method?: 'GET' | 'PUT' | undefined;
}

export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: AsyncIterable<Buffer>;
}

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 10_000;
/** A list of a thousand keys takes some 400 KB, of a folder of HDFS some 300 bytes a file, an error a few hundred bytes. */
const MAX_TEXT_BYTES = 256 * 1024 * 1024;
const OVERLOADED = new Set([429, 500, 502, 503, 504]);

/** Asks an object store or HDFS: deadlines and tries, and nothing of what is asked. Redirects are answers like others. */
export class HttpClient implements AsyncDisposable {
  readonly #agent: Agent;
  readonly #retries: number;
  readonly #random: () => number;

  constructor({ idleTimeoutMs, retries, random = Math.random }: HttpOptions) {
    this.#agent = new Agent({
      headersTimeout: idleTimeoutMs,
      bodyTimeout: idleTimeoutMs,
      connect: { timeout: Math.min(CONNECT_TIMEOUT_MS, idleTimeoutMs) },
    });
    this.#retries = retries;
    this.#random = random;
  }

  /**
   * Asks once.
   *
   * @throws SourceError `SOURCE_UNAVAILABLE`, `SOURCE_TIMEOUT`, `SOURCE_TLS`; the signal's reason
   */
  async ask(
    { method = 'GET', origin, path, headers = {} }: HttpRequest,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer> {
    signal?.throwIfAborted();
    try {
      const answer = await this.#agent.request({ method, origin, path, headers, signal: signal ?? null });
      if (OVERLOADED.has(answer.statusCode)) {
        await answer.body.dump();
        throw overloadedError(origin, answer.statusCode);
      }
      return { status: answer.statusCode, headers: answer.headers, body: answer.body };
    } catch (error) {
      throw transportError(error, origin);
    }
  }

  /** Does the work again while it fails with an error that may pass, after a wait. */
  async again<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await work();
      } catch (error) {
        await this.#waitOrThrow(error, tries, signal);
      }
    }
  }

  /**
   * Downloads a range; a download that breaks goes on where it broke.
   *
   * @param open - asks for the bytes from `start` on and checks the answer; it may be called several times
   */
  async *download(
    { start = 0, end = Infinity, signal }: OpenOptions,
    open: (start: number) => Promise<HttpAnswer>,
  ): AsyncGenerator<Buffer> {
    let at = start;
    for (let tries = 1; at < end; tries++) {
      try {
        const { body } = await open(at);
        for await (const chunk of bytesOf(body)) {
          const wanted = chunk.length > end - at ? chunk.subarray(0, end - at) : chunk;
          at += wanted.length;
          tries = 1;
          yield wanted;
          if (at >= end) return;
        }
        return;
      } catch (error) {
        await this.#waitOrThrow(error, tries, signal);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }

  /** Waits before the next try, at random and on the average twice as long each time. @throws when there is no next try */
  async #waitOrThrow(thrown: unknown, tries: number, signal: AbortSignal | undefined): Promise<void> {
    const mayPass = thrown instanceof SourceError && thrown.retryable && thrown.code !== 'SOURCE_RUN_VANISHED';
    if (!mayPass || tries > this.#retries) throw toError(thrown);
    const ms = this.#random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1));
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  }
}

/** The body's bytes, a failure on the way translated. */
export async function* bytesOf(body: AsyncIterable<Buffer>, origin = 'The server'): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    throw transportError(error, origin);
  }
}

/** Reads a short body to its end. */
export async function readText(body: AsyncIterable<Buffer>, origin: string): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of bytesOf(body, origin)) {
    bytes += part.length;
    if (bytes > MAX_TEXT_BYTES)
      throw new SourceError(
        'SOURCE_TOO_LARGE',
        `${origin} answers with more than ${MAX_TEXT_BYTES} bytes where a list was asked for`,
        { details: { origin } },
      );
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** One header of an answer; of a repeated one the first. */
export function header(headers: HttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'object' ? value[0] : value;
}

function overloadedError(origin: string, status: number): SourceError {
  return new SourceError(
    'SOURCE_UNAVAILABLE',
    `${origin} answers with HTTP status ${status}: it is overloaded or failing`,
    {
      details: { origin, status },
      retryable: true,
    },
  );
}

function transportError(thrown: unknown, origin: string): Error {
  const cause = toError(thrown);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  if (cause instanceof SpotError || cause.name === 'AbortError') return cause;
  const details = { origin, code };
  if (/^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|EPROTO)/.test(code)) {
    return new SourceError(
      'SOURCE_TLS',
      `${origin} has a certificate that is refused (${cause.message}); name its authority in NODE_EXTRA_CA_CERTS`,
      { details, cause },
    );
  }
  if (code.includes('TIMEOUT')) {
    return new SourceError('SOURCE_TIMEOUT', `${origin} did not answer in time (idle_timeout_seconds)`, {
      details,
      retryable: true,
      cause,
    });
  }
  // A signal's reason may be any error: only what has a code comes from the network.
  if (code === '') return cause;
  return new SourceError('SOURCE_UNAVAILABLE', `${origin} cannot be reached (${cause.message || code})`, {
    details,
    retryable: true,
    cause,
  });
}
