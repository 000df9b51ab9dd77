/** Metadata of a log line: what varies, so that the message can stay a constant sentence. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * What every class that logs receives. Only `app/` knows the library behind it.
 *
 * `error`: someone must act. `warn`: look at it in bulk. `info`: what the daemon decided. `debug`: what it saw.
 */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each of its lines. */
  child(fields: LogFields): Logger;
}

/** Says nothing: for tests, and for library use. */
export const silentLogger: Logger = {
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
  child: () => silentLogger,
};
