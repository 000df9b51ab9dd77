import { EventLogError } from '../../util/errors.ts';

/** The stream ends in the middle of a block: what came before it is right. Usual while Spark still writes. */
export const TRUNCATED = 'EVENT_LOG_TRUNCATED';
/** The stored bytes contradict their own framing or checksum. */
export const DAMAGED = 'EVENT_LOG_DAMAGED';

export function truncated(codec: string, offset: number): EventLogError {
  return new EventLogError(TRUNCATED, `The ${codec} stream ends in the middle of a block at byte ${offset}`, {
    details: { codec, offset },
  });
}

/** @param offset - of the block, in stored bytes */
export function damaged(codec: string, offset: number, what: string, cause?: unknown): EventLogError {
  return new EventLogError(DAMAGED, `The ${codec} stream is damaged at byte ${offset}: ${what}`, {
    details: { codec, offset },
    cause,
  });
}

/** The same failure, told with the file and how far it could be read. */
export function inFile(error: EventLogError, file: string, linesBefore: number): EventLogError {
  const details = { ...error.details, file, linesBefore };
  return new EventLogError(error.code, `${file} after line ${linesBefore}: ${error.message}`, {
    details,
    cause: error,
  });
}

export function isTruncation(error: unknown): error is EventLogError {
  return error instanceof EventLogError && error.code === TRUNCATED;
}
