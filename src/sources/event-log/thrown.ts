import { ConfigError, EventLogError, SourceError, SpotError, toError } from '../../util/errors.ts';

/** An error as plain data: structured cloning would keep neither its class nor its code. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
  /** Absent for an error that is not Spot's own. */
  readonly spot?: {
    readonly code: string;
    readonly details: Readonly<Record<string, unknown>>;
    readonly retryable: boolean;
  };
}

const CLASSES = { ConfigError, EventLogError, SourceError } as const;

export function toPlain(thrown: unknown): PlainError {
  const { name, message, stack } = toError(thrown);
  if (!(thrown instanceof SpotError)) return { name, message, stack };
  const { code, details, retryable } = thrown;
  return { name, message, stack, spot: { code, details, retryable } };
}

export function fromPlain({ name, message, stack, spot }: PlainError): Error {
  const cause = new Error(message);
  cause.name = name;
  if (stack !== undefined) cause.stack = stack;
  if (spot === undefined) return cause;
  const Class = Object.hasOwn(CLASSES, name) ? CLASSES[name as keyof typeof CLASSES] : SpotError;
  return new Class(spot.code, message, { details: spot.details, retryable: spot.retryable, cause });
}
