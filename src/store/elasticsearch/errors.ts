import { errors } from '@elastic/elasticsearch';
import { StoreError, toError } from '../../util/errors.ts';

/** The `error` of an answer or of an item of a bulk answer. */
export interface ErrorCause {
  readonly type?: string | undefined;
  readonly reason?: string | undefined;
  readonly caused_by?: ErrorCause | undefined;
}

/** Codes of Node's TLS for a certificate that does not hold, and for a port that does not speak TLS. */
const TLS_CODES = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/;
const LONGEST_REASON = 500;

/**
 * Translates what the client throws.
 *
 * @returns the error itself when it is Spot's already; a `StoreError` with a stable code otherwise
 */
export function toStoreError(thrown: unknown, url: string): Error {
  if (thrown instanceof errors.ResponseError) {
    const body: unknown = thrown.body;
    const cause =
      typeof body === 'object' && body !== null ? (body as { readonly error?: ErrorCause }).error : undefined;
    return responseError(thrown.statusCode ?? 0, cause, url, { thrown });
  }
  if (thrown instanceof errors.ProductNotSupportedError) {
    return new StoreError(
      'STORE_UNSUPPORTED',
      `What answers at ${url} is not Elasticsearch: check the URL (OpenSearch is not supported)`,
      {
        details: { url },
        cause: thrown,
      },
    );
  }
  if (thrown instanceof errors.DeserializationError)
    return unavailable('its answer was cut off or is no JSON', url, thrown);
  if (thrown instanceof errors.TimeoutError) return unavailable('it did not answer in time', url, thrown);
  if (thrown instanceof errors.ConnectionError || thrown instanceof errors.NoLivingConnectionsError)
    return connectionError(thrown, url);
  return toError(thrown);
}

/**
 * An answer, or an item of a bulk answer, that is no success.
 *
 * @param sentBytes - of an item: the size of its whole body, which Elasticsearch holds meanwhile
 */
export function responseError(
  status: number,
  cause: ErrorCause | undefined,
  url: string,
  { thrown, sentBytes = 0 }: { readonly thrown?: unknown; readonly sentBytes?: number } = {},
): StoreError {
  const reason = reasonOf(cause);
  const options = { details: { url, status, type: cause?.type, reason }, cause: thrown };
  const make = (code: string, message: string, retryable = false): StoreError =>
    new StoreError(code, message, { ...options, retryable });

  if (isBlock(cause)) return blockError(reason, url, make);
  if (isTooLargeEver(cause, sentBytes)) {
    return make(
      'STORE_DOCUMENT_TOO_LARGE',
      `The document is larger than Elasticsearch at ${url} can take with its memory, whatever else it does: give it more heap, or lower what is kept (${reason})`,
    );
  }
  switch (status) {
    case 400:
      if (cause?.type === 'media_type_header_exception') {
        return make(
          'STORE_UNSUPPORTED',
          `Elasticsearch at ${url} does not speak this version: set compatibility in [SPOT_ELASTICSEARCH] to its major`,
        );
      }
      return make('STORE_REJECTED', `Elasticsearch refused: ${reason}`);
    case 401:
      return make(
        'STORE_UNAUTHORIZED',
        `Elasticsearch at ${url} does not accept the login: check username and password, or api_key`,
      );
    case 403:
      return make('STORE_FORBIDDEN', `Elasticsearch at ${url} forbids this: ${rightsAdvice(reason)}`);
    case 404:
      return make('STORE_NOT_FOUND', `Elasticsearch at ${url} does not have this: ${reason}`);
    case 413:
      return make(
        'STORE_DOCUMENT_TOO_LARGE',
        'The document is larger than Elasticsearch takes: raise its http.max_content_length, or lower what is kept',
      );
    case 429:
      return make('STORE_OVERLOADED', `Elasticsearch at ${url} is overloaded: ${reason}`, true);
    case 502:
    case 503:
    case 504:
      return make('STORE_UNAVAILABLE', `Elasticsearch at ${url} is not available (${status}): ${reason}`, true);
    default:
      return make('STORE_FAILED', `Elasticsearch at ${url} answered ${status}: ${reason}`, status >= 500);
  }
}

/** The index or alias is not there: the one 404 that is not about a document. */
export function isMissingIndex(cause: ErrorCause | undefined): boolean {
  return cause?.type === 'index_not_found_exception';
}

/**
 * A 429 for what alone is more than Elasticsearch lets all writes together have (indexing pressure, a tenth of its heap): waiting
 * changes nothing.
 *
 * @see https://www.elastic.co/docs/reference/elasticsearch/index-settings/pressure
 */
function isTooLargeEver(cause: ErrorCause | undefined, sentBytes: number): boolean {
  const [, operation, most] = /_operation_bytes=(\d+), max_\w+_bytes=(\d+)/.exec(cause?.reason ?? '') ?? [];
  return Number(operation) + sentBytes > Number(most);
}

function isBlock(cause: ErrorCause | undefined): boolean {
  return cause?.type === 'cluster_block_exception';
}

function blockError(
  reason: string,
  url: string,
  make: (code: string, message: string, retryable: boolean) => StoreError,
): StoreError {
  if (reason.includes('disk usage exceeded')) {
    return make(
      'STORE_FULL',
      `The disk of Elasticsearch at ${url} is full, and it takes no writes: make room there (${reason})`,
      true,
    );
  }
  const isPassing = reason.includes('SERVICE_UNAVAILABLE') || reason.includes('TOO_MANY_REQUESTS');
  if (isPassing)
    return make('STORE_UNAVAILABLE', `Elasticsearch at ${url} takes no writes at the moment: ${reason}`, true);
  return make(
    'STORE_READ_ONLY',
    `Elasticsearch at ${url} is set to take no writes: remove the block (${reason})`,
    false,
  );
}

function connectionError(error: Error, url: string): StoreError {
  const code = codeOf(error);
  if (code !== undefined && TLS_CODES.test(code)) {
    return new StoreError(
      'STORE_TLS',
      `The connection to ${url} is not secure (${code}): set ca_file in [SPOT_ELASTICSEARCH] to the authority of its certificate, and the host name that the certificate has`,
      { details: { url, reason: error.message }, cause: error },
    );
  }
  return unavailable(error.message, url, error);
}

function codeOf(error: Error): string | undefined {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string') return code;
  }
  // The client keeps the text and drops the code of some errors.
  return /self[- ]signed|certificate|altname|SSL routines|packet length/i.test(error.message)
    ? `ERR_TLS: ${error.message.trim()}`
    : undefined;
}

function unavailable(why: string, url: string, cause: Error): StoreError {
  return new StoreError(
    'STORE_UNAVAILABLE',
    `Elasticsearch at ${url} cannot be reached (${why}): check that it runs, and the URL`,
    {
      details: { url },
      retryable: true,
      cause,
    },
  );
}

/** Elasticsearch tells which privileges would do; they are the last part of its sentence. */
function rightsAdvice(reason: string): string {
  const [, scope, privileges] = /granted by the (\w+) privileges \[([^\]]+)\]/.exec(reason) ?? [];
  const [action] = /action \[[^\]]+\]/.exec(reason) ?? [];
  if (scope === undefined || privileges === undefined) return reason;
  return `give the user one of the ${scope} privileges ${privileges.replaceAll(',', ', ')} (${action ?? 'for this action'})`;
}

function reasonOf(cause: ErrorCause | undefined): string {
  if (cause === undefined) return 'no reason given';
  const inner = cause.caused_by?.reason;
  const reason = [cause.reason ?? cause.type ?? 'no reason given', ...(inner === undefined ? [] : [inner])].join(': ');
  return reason.length > LONGEST_REASON ? `${reason.slice(0, LONGEST_REASON)}…` : reason;
}
