/** What an error tells beside its message. */
export interface SpotErrorOptions {
  /** Facts for the log: numbers, ids, paths. Never secrets, never whole documents. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Whether the same call may succeed later, decided where the knowledge is: in the adapter. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * The base of every error Spot throws on purpose.
 *
 * `code` is stable and has a heading in docs/errors.md; tests and callers use it, never the text.
 * The message says what happened, to what, and what to do, without a full stop.
 */
export class SpotError extends Error {
  readonly code: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: SpotErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
  }
}

/** The configuration or the command line is wrong: stops the process before any work. */
export class ConfigError extends SpotError {}
/** A source of runs did not answer as it should. */
export class SourceError extends SpotError {}
/** An event log cannot be read. */
export class EventLogError extends SpotError {}
/** A document cannot be built from what a source gave. */
export class DocumentError extends SpotError {}
/** A store did not take or give a document. */
export class StoreError extends SpotError {}
/** A model cannot be fitted or asked. */
export class ModelError extends SpotError {}
/** Another system (Menas, YARN, a cloud) did not answer as it should. */
export class IntegrationError extends SpotError {}

/** The error itself when it is one, else a wrapper, so that a `catch` can rely on `message` and `stack`. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
