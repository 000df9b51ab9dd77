import { SourceError, toError } from '../../util/errors.ts';

/** What a failed question tells: facts for the log, never a header or a body. */
export interface RequestFacts {
  /** Address without user and password. */
  readonly url: string;
}

const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL|CERT_|CRL_|EPROTO$|DEPTH_ZERO_SELF_SIGNED_CERT$|SELF_SIGNED_CERT_IN_CHAIN$|UNABLE_TO_|HOSTNAME_MISMATCH$|INVALID_CA$|PATH_LENGTH_EXCEEDED$|INVALID_PURPOSE$|ERROR_IN_CERT_)/;

/** How undici's parser says that not even the first line was HTTP; its other complaints are about a damaged answer. */
const NOT_HTTP = /does not match the HTTP|Expected HTTP/;

const TIMEOUTS: Readonly<Record<string, string>> = {
  UND_ERR_HEADERS_TIMEOUT: 'did not begin to answer in time (idle_timeout_seconds)',
  UND_ERR_BODY_TIMEOUT: 'fell silent in the middle of its answer (idle_timeout_seconds)',
};

/** An answer that ended before its own length said so. */
const CUT_SHORT = 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';

/** Translates what undici, the socket or TLS threw; the original stays as `cause`. */
export function transportError(thrown: unknown, facts: RequestFacts): SourceError {
  if (thrown instanceof SourceError) return thrown;
  const cause = toError(thrown);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const details = { ...facts, code };

  if (TLS_CODE.test(code)) {
    return new SourceError(
      'SOURCE_TLS',
      `${place(facts)} has a certificate or TLS setting that is refused (${cause.message}); check ssl_path, client_certificate_path and the server's certificate`,
      { details, cause },
    );
  }
  const timeout = TIMEOUTS[code];
  if (timeout !== undefined) {
    return new SourceError('SOURCE_TIMEOUT', `${place(facts)} ${timeout}`, { details, retryable: true, cause });
  }
  if (code === CUT_SHORT) return truncatedError(facts, cause);
  if (cause.name === 'HTTPParserError') {
    // undici's error keeps the bytes it could not read, which may be anything: it does not go further.
    const clean = new Error(cause.message);
    if (!NOT_HTTP.test(cause.message)) return truncatedError(facts, clean);
    return new SourceError(
      'SOURCE_WRONG_ADDRESS',
      `${place(facts)} does not speak HTTP (${cause.message}); check protocol, host and port of api_base_url`,
      { details, cause: clean },
    );
  }
  const isClosedTls = facts.url.startsWith('https:') && (code === 'UND_ERR_SOCKET' || code === 'ECONNRESET');
  const hint = isClosedTls
    ? 'does it ask for a client certificate?'
    : 'is the server running, and is api_base_url right?';
  return new SourceError(
    'SOURCE_UNAVAILABLE',
    `${place(facts)} cannot be reached (${cause.message || code}); ${hint}`,
    {
      details,
      retryable: true,
      cause,
    },
  );
}

export function deadlineError(facts: RequestFacts, totalTimeoutMs: number): SourceError {
  return new SourceError(
    'SOURCE_TIMEOUT',
    `${place(facts)} did not finish its answer within ${totalTimeoutMs / 1000} s (total_timeout_seconds)`,
    {
      details: { ...facts, totalTimeoutMs },
      retryable: true,
    },
  );
}

export function truncatedError(facts: RequestFacts, cause: Error): SourceError {
  return new SourceError('SOURCE_TRUNCATED', `${place(facts)} cut its answer short (${cause.message})`, {
    details: { ...facts },
    retryable: true,
    cause,
  });
}

export function tooLargeError(facts: RequestFacts, maxBytes: number): SourceError {
  return new SourceError(
    'SOURCE_TOO_LARGE',
    `${place(facts)} answers with more than ${maxBytes} bytes; raise max_response_bytes if there is memory for it`,
    {
      details: { ...facts, maxBytes },
    },
  );
}

export function notJsonError(facts: RequestFacts): SourceError {
  return new SourceError(
    'SOURCE_NOT_JSON',
    `${place(facts)} answers with a web page instead of JSON: is this a login page, a proxy or another path of the server? Check that api_base_url ends in /api/v1, and the credentials`,
    {
      details: { ...facts },
      retryable: true,
    },
  );
}

export function wrongAnswerError(facts: RequestFacts, cause: Error): SourceError {
  return new SourceError(
    'SOURCE_WRONG_ANSWER',
    `${place(facts)} answers in a shape that is not Spark's: ${cause.message}`,
    { details: { ...facts }, cause },
  );
}

export function redirectError(facts: RequestFacts, target: string, reason: string): SourceError {
  return new SourceError(
    'SOURCE_REDIRECTED',
    `${place(facts)} sends Spot on to ${target}, which it does not follow (${reason}); give the final address as api_base_url`,
    {
      details: { ...facts, target },
    },
  );
}

/** What was asked: a run that is gone answers 404 in plain text, a wrong address answers 404 with a page. */
export type Question = 'list' | 'run';

/** Translates an answer other than 200. Of its body only whether it is HTML matters; nothing of it is kept. */
export function statusError(
  facts: RequestFacts,
  question: Question,
  {
    status,
    body,
    retryAfterMs,
  }: { readonly status: number; readonly body: string; readonly retryAfterMs: number | undefined },
): SourceError {
  const details = { ...facts, status, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  const said = `${place(facts)} answers with HTTP status ${status}`;

  if (status === 401 || status === 403 || status === 407) {
    return new SourceError(
      'SOURCE_UNAUTHORIZED',
      `${said}: the credentials are missing, wrong or not allowed; check username, bearer_token or auth_header_name`,
      { details },
    );
  }
  if (status === 404 && question === 'run' && !isHtml(body)) {
    return new SourceError(
      'SOURCE_RUN_VANISHED',
      `${said}: the server no longer knows the run; its event log was deleted, or the server has just started`,
      { details, retryable: true },
    );
  }
  if (status === 404) {
    return new SourceError(
      'SOURCE_WRONG_ADDRESS',
      `${said}: this is no Spark History Server API; check that api_base_url has the right host and port and ends in /api/v1`,
      { details },
    );
  }
  if (status === 429 || status === 502 || status === 503 || status === 504) {
    return new SourceError(
      'SOURCE_UNAVAILABLE',
      `${said}: it is overloaded, starting or behind a gateway that cannot reach it`,
      { details, retryable: true },
    );
  }
  if (status >= 500) {
    return new SourceError(
      'SOURCE_SERVER_ERROR',
      `${said}: it failed on this question, as it does for a run with a damaged event log; its own log tells why`,
      { details, retryable: true },
    );
  }
  return new SourceError('SOURCE_REFUSED', said, { details });
}

/** A web page, not the JSON that was asked for. */
export function isHtml(body: string): boolean {
  return /^\s*</.test(body);
}

/** The address as a message shows it: what is asked in the query is in the details. */
function place({ url }: RequestFacts): string {
  return url.replace(/\?.*$/s, '');
}
