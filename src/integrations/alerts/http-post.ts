import { request } from 'undici';
import { IntegrationError, toError } from '../../util/errors.ts';

export interface PostOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Does not occur in any error. */
  readonly secrets: readonly string[];
}

export interface PostAnswer {
  readonly status: number;
  readonly body: string;
}

/** An answer longer than this is none of the ones that are known. */
const MAX_ANSWER_BYTES = 65_536;
const SHOWN_CHARACTERS = 200;

/**
 * Posts JSON and takes any answer of the 200s for a success. Follows no redirect: the URL is a secret, and goes to nobody else.
 *
 * @throws IntegrationError `ALERT_UNDELIVERED` when trying again may help, `ALERT_REFUSED` when not; the message names the host alone
 */
export async function postJson(url: string, body: unknown, options: PostOptions): Promise<PostAnswer> {
  const { host } = new URL(url);
  let answer: PostAnswer & { readonly retryAfter: string | undefined };
  try {
    answer = await post(url, JSON.stringify(body), options);
  } catch (cause) {
    options.signal.throwIfAborted();
    // The cause may name the URL, so only its own words are taken.
    throw new IntegrationError(
      'ALERT_UNDELIVERED',
      `${host} could not be reached: ${withoutSecrets(toError(cause).message, [url, ...options.secrets])}`,
      { retryable: true },
    );
  }
  const { status, retryAfter } = answer;
  if (status >= 200 && status < 300) return answer;
  const isRetryable = status === 408 || status === 429 || status >= 500;
  const said = withoutSecrets(answer.body, [url, ...options.secrets])
    .trim()
    .slice(0, SHOWN_CHARACTERS);
  throw new IntegrationError(
    isRetryable ? 'ALERT_UNDELIVERED' : 'ALERT_REFUSED',
    `${host} answered ${status}${said === '' ? '' : `: ${said}`}`,
    { retryable: isRetryable, details: { status, retryAfterMs: retryAfterMs(retryAfter, answer.body) } },
  );
}

async function post(url: string, body: string, { headers = {}, signal, timeoutMs }: PostOptions) {
  const response = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'spot', ...headers },
    body,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    // Waiting for the next alert with an open connection would be for nothing.
    reset: true,
  });
  const retryAfter = response.headers['retry-after'];
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) break;
  }
  return {
    status: response.statusCode,
    body: Buffer.concat(chunks).toString('utf8'),
    retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
  };
}

/** Of the header (seconds), or of Telegram's body (`parameters.retry_after`). */
function retryAfterMs(header: string | undefined, body: string): number | undefined {
  const seconds = Number(header ?? /"retry_after"\s*:\s*(\d+)/.exec(body)?.[1]);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    .filter((secret) => secret.length > 0)
    .reduce((result, secret) => result.replaceAll(secret, '***'), text);
}
