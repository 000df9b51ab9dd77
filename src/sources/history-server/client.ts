import { Pool } from 'undici';
import type { Logger } from '../../logging/logger.ts';
import { SourceError, toError } from '../../util/errors.ts';
import { apiAddress, type ApiAddress } from './address.ts';
import type { HistoryServerSettings } from './config.ts';
import { credentialsOf, type Credentials } from './credentials.ts';
import { statusError, transportError, wrongAnswerError, type Question, type RequestFacts } from './errors.ts';
import { abortReason, exchange, header, type Answer } from './exchange.ts';
import { readJson } from './json-answer.ts';
import { redirectTarget } from './redirect.ts';
import { afterTries, parseRetryAfter, retriesAfter, waitBeforeRetry } from './retry.ts';
import { tlsOptions } from './tls.ts';

/** The crawler decides how many questions are asked at once; this only keeps a mistake there from opening thousands of sockets. */
const MAX_CONNECTIONS = 64;

/** Time and chance come from outside, so that a test of retries waits for nothing. */
export interface ClientClock {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Ends early when the signal is aborted. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

export interface ClientOptions extends ClientClock {
  readonly logger: Logger;
  readonly userAgent: string;
}

export interface GetOptions<T> {
  readonly question: Question;
  /** Throws an Error that says what is wrong with the shape. */
  readonly check: (answer: unknown) => T;
  /** Instead of `parseJson`; throws a SyntaxError as that does. */
  readonly parse?: ((body: Buffer) => unknown) | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Asks a History Server for JSON: deadlines, size cap, retries, credentials and TLS as the settings have them. */
export class HistoryServerClient implements AsyncDisposable {
  readonly address: ApiAddress;
  readonly #settings: HistoryServerSettings;
  readonly #options: ClientOptions;
  readonly #credentials: Credentials;
  readonly #pool: Pool;

  /** @throws ConfigError when the settings cannot be used */
  constructor(settings: HistoryServerSettings, options: ClientOptions) {
    this.address = apiAddress(settings.api_base_url);
    this.#settings = settings;
    this.#options = options;
    this.#credentials = credentialsOf(settings, options.now);
    this.#pool = new Pool(this.address.origin, {
      connections: MAX_CONNECTIONS,
      // One question at a time on a connection: a slow one must not hold up those behind it.
      pipelining: 1,
      allowH2: false,
      connect: {
        timeout: milliseconds(settings.connect_timeout_seconds),
        ...(this.address.isSecure ? tlsOptions(settings) : {}),
      },
    });
  }

  /**
   * The checked answer to one question, asked again where that may help.
   *
   * @param path - below the API's base, beginning with `/`, percent-encoded
   * @throws SourceError with `tries` and `elapsedMs` in its details; the signal's reason when it is aborted
   */
  async getJson<T>(path: string, options: GetOptions<T>): Promise<T> {
    const { signal } = options;
    const { now, random, sleep, logger } = this.#options;
    const totalMs = milliseconds(this.#settings.total_timeout_seconds);
    const startedAt = now();

    for (let tries = 1; ; tries++) {
      signal?.throwIfAborted();
      try {
        return await this.#ask(path, options, startedAt + totalMs - now());
      } catch (thrown) {
        if (signal?.aborted === true) throw abortReason(signal);
        if (!(thrown instanceof SourceError)) throw thrown;

        const elapsedMs = now() - startedAt;
        const waitMs = waitBeforeRetry(thrown, tries, random());
        if (tries > retriesAfter(thrown, this.#settings.retries) || elapsedMs + waitMs >= totalMs) {
          throw afterTries(thrown, tries, elapsedMs);
        }
        logger.debug('Request is tried again.', {
          url: this.address.url(path),
          code: thrown.code,
          tries,
          waitMs: Math.round(waitMs),
        });
        await sleep(waitMs, signal);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }

  async #ask<T>(path: string, { question, check, parse, signal }: GetOptions<T>, remainingMs: number): Promise<T> {
    const { answer, facts } = await this.#follow(path, remainingMs, signal);
    const { body, status } = answer;

    if (status !== 200) {
      const retryAfterMs = parseRetryAfter(header(answer, 'retry-after'), this.#options.now());
      throw statusError(facts, question, { status, body: body.toString('utf8', 0, 256), retryAfterMs });
    }
    const value = readJson(answer, facts, this.#settings.max_response_bytes, parse);
    try {
      return check(value);
    } catch (error) {
      throw wrongAnswerError(facts, toError(error));
    }
  }

  /** Asks, and goes on to where the server points as long as that is the same origin. */
  async #follow(
    path: string,
    remainingMs: number,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly answer: Answer; readonly facts: RequestFacts }> {
    const { max_response_bytes, idle_timeout_seconds, total_timeout_seconds } = this.#settings;
    const endsAt = this.#options.now() + remainingMs;
    const credentials = this.#credentials();
    let target = new URL(this.address.url(path));
    let wirePath = this.address.basePath + path;

    for (let redirects = 0; ; redirects++) {
      const facts = { url: target.href };
      let answer: Answer;
      try {
        answer = await exchange(this.#pool, {
          url: facts.url,
          path: wirePath,
          headers: {
            accept: 'application/json',
            'user-agent': this.#options.userAgent,
            ...(this.address.isLoopback ? {} : { 'accept-encoding': 'gzip' }),
            // Credentials go to the configured address only: another path of the same host may be another's service.
            ...(credentials === undefined || redirects > 0 ? {} : { [credentials[0]]: credentials[1] }),
          },
          maxBytes: max_response_bytes,
          idleTimeoutMs: milliseconds(idle_timeout_seconds),
          remainingMs: Math.max(1, endsAt - this.#options.now()),
          totalTimeoutMs: milliseconds(total_timeout_seconds),
          signal,
        });
      } catch (error) {
        throw transportError(error, facts);
      }
      const location = header(answer, 'location');
      if (answer.status < 300 || answer.status > 399 || location === undefined) return { answer, facts };

      target = redirectTarget(location, target, redirects);
      wirePath = target.pathname + target.search;
    }
  }
}

/** undici takes whole milliseconds only, and 0 for none. */
function milliseconds(seconds: number): number {
  return Math.ceil(seconds * 1000);
}
