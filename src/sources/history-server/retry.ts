import { SourceError } from '../../util/errors.ts';

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 15_000;
/** How the socket and undici say that a connection ended too early. */
const BROKEN: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
/** A 500 is mostly a damaged event log and stays: asking more often only loads the server. */
const MAX_RETRIES_AFTER_SERVER_ERROR = 2;

/** How often a question is asked again after this failure; 0 for everything that would fail the same way. */
export function retriesAfter(error: SourceError, retries: number): number {
  switch (error.code) {
    case 'SOURCE_UNAVAILABLE':
    case 'SOURCE_TRUNCATED':
      return retries;
    case 'SOURCE_SERVER_ERROR':
      return Math.min(retries, MAX_RETRIES_AFTER_SERVER_ERROR);
    default:
      return 0;
  }
}

/**
 * Milliseconds to wait before the next try: full jitter, so that many clients do not come back at the same moment.
 *
 * A connection that broke is tried anew at once, the first time: a server that closes an idle connection in the moment
 * in which it is used looks the same, and nothing says that it is overloaded. One that says `Retry-After` gets at least that.
 *
 * @param error - of the last try
 * @param tries - tries made so far, from 1
 * @param random - from 0 to below 1
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2
 */
export function waitBeforeRetry(error: SourceError, tries: number, random: number): number {
  if (tries === 1 && isBrokenConnection(error)) return 0;
  const jittered = random * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1));
  const retryAfterMs = error.details['retryAfterMs'];
  return typeof retryAfterMs === 'number' ? retryAfterMs + jittered : jittered;
}

/** Not one that could not be made in the first place. */
function isBrokenConnection({ code, details }: SourceError): boolean {
  return code === 'SOURCE_TRUNCATED' || (code === 'SOURCE_UNAVAILABLE' && BROKEN.has(String(details['code'])));
}

/**
 * Reads a `Retry-After` header: seconds, or an HTTP date.
 *
 * @returns milliseconds from now, not below 0; undefined when there is none or it cannot be read
 */
export function parseRetryAfter(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

/** The error that ends the last try, with how often and how long it was tried. */
export function afterTries(error: SourceError, tries: number, elapsedMs: number): SourceError {
  return new SourceError(error.code, tries === 1 ? error.message : `${error.message} (${tries} tries)`, {
    details: { ...error.details, tries, elapsedMs },
    retryable: error.retryable,
    cause: error.cause ?? error,
  });
}
