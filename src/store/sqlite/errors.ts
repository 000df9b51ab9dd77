import { StoreError, toError } from '../../util/errors.ts';

interface Translation {
  readonly code: string;
  readonly retryable?: boolean;
  readonly message: (path: string) => string;
}

/** By primary result code. @see https://www.sqlite.org/rescode.html */
const TRANSLATIONS: Readonly<Record<number, Translation>> = {
  5: {
    code: 'STORE_BUSY',
    retryable: true,
    message: (path) => `Another program holds the database ${path} locked: end its transaction, or wait`,
  },
  6: { code: 'STORE_BUSY', retryable: true, message: (path) => `The database ${path} is locked: wait and try again` },
  8: {
    code: 'STORE_READ_ONLY',
    message: (path) =>
      `The database ${path} is read-only: give the file and its folder write rights, or name another path`,
  },
  10: {
    code: 'STORE_IO',
    retryable: true,
    message: (path) => `The disk failed while the database ${path} was read or written: check the disk and its mount`,
  },
  11: {
    code: 'STORE_CORRUPT',
    message: (path) =>
      `The database ${path} is damaged: move it away and restore a backup, or crawl again into a new file`,
  },
  13: {
    code: 'STORE_FULL',
    retryable: true,
    message: (path) => `The disk that holds ${path} is full: make room; nothing that was acknowledged is lost`,
  },
  14: {
    code: 'STORE_UNWRITABLE',
    message: (path) => `The database ${path} cannot be opened: check that its folder exists and may be written`,
  },
  26: { code: 'STORE_NOT_A_STORE', message: (path) => `${path} is not an SQLite database: name another path` },
};

/** Result codes that are about one row, not about the database: too big, constraint, mismatch, range. */
const ROW_ERRORS = [18, 19, 20, 25];

/**
 * Translates an error of `node:sqlite` or of the file system.
 *
 * @returns the error itself when it is Spot's already; a `StoreError` with a stable code when its cause is known
 */
export function toStoreError(thrown: unknown, path: string): Error {
  const error = toError(thrown);
  if (error instanceof StoreError) return error;

  const details = { path, reason: error.message };
  const translation = TRANSLATIONS[resultCode(error) ?? -1];
  if (translation !== undefined) {
    const { code, message, retryable = false } = translation;
    return new StoreError(code, message(path), { details, retryable, cause: error });
  }
  if (resultCode(error) !== undefined) {
    return new StoreError('STORE_FAILED', `SQLite refused: ${error.message} (${path})`, { details, cause: error });
  }
  if ((error as NodeJS.ErrnoException).code === 'ERR_OUT_OF_RANGE') return outOfRangeError(error, path, details);
  return fileSystemError(error, path, details) ?? error;
}

function fileSystemError(
  error: NodeJS.ErrnoException,
  path: string,
  details: Readonly<Record<string, unknown>>,
): StoreError | undefined {
  switch (error.code) {
    case 'EACCES':
    case 'EEXIST':
    case 'EPERM':
    case 'EISDIR':
    case 'ENOTDIR':
    case 'ENOENT':
      return new StoreError(
        'STORE_UNWRITABLE',
        `${path} cannot be opened (${error.code}): name a file in a folder that Spot may write`,
        { details, cause: error },
      );
    case 'EROFS':
      return new StoreError('STORE_READ_ONLY', `${path} is on a read-only file system: name another path`, {
        details,
        cause: error,
      });
    case 'ENOSPC':
      return new StoreError('STORE_FULL', `The disk that holds ${path} is full: make room`, {
        details,
        retryable: true,
        cause: error,
      });
    default:
      return undefined;
  }
}

/** Spot writes no integer that JavaScript cannot hold. */
function outOfRangeError(error: Error, path: string, details: Readonly<Record<string, unknown>>): StoreError {
  const message = `The database ${path} has a number that Spot never wrote: move it away and restore a backup, or crawl again into a new file`;
  return new StoreError('STORE_CORRUPT', message, { details, cause: error });
}

/** Whether the error concerns the row alone (also a value that cannot be bound), so that the rest of its batch can be written. */
export function isRowError(thrown: unknown): boolean {
  const code = resultCode(toError(thrown));
  return code === undefined || ROW_ERRORS.includes(code);
}

/** The primary result code of an error of `node:sqlite`; undefined for any other error. */
export function resultCode(error: Error): number | undefined {
  const { errcode } = error as { readonly errcode?: unknown };
  return typeof errcode === 'number' ? errcode & 0xff : undefined;
}

export function closedError(path: string): StoreError {
  return new StoreError('STORE_CLOSED', `The store ${path} was closed`, { details: { path } });
}
