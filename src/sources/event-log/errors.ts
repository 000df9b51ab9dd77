import { SourceError, SpotError, toError } from '../../util/errors.ts';

/** The file or folder is gone: deleted, or renamed because Spark finished it. The next listing tells. */
export function vanishedError(path: string, cause?: unknown): SourceError {
  return new SourceError('SOURCE_RUN_VANISHED', `${path} is no longer there; it was deleted or renamed`, {
    details: { path },
    retryable: true,
    cause,
  });
}

/** The path that was configured names nothing: misspelt, or a disk that is not mounted yet. */
export function nothingThereError(path: string, cause: unknown): SourceError {
  return new SourceError(
    'SOURCE_WRONG_ADDRESS',
    `There is no file and no folder at ${path}; correct the path, or mount what should be there`,
    { details: { path }, retryable: true, cause },
  );
}

/** Translates an error of node:fs. */
export function localError(path: string, thrown: unknown): Error {
  const cause = toError(thrown);
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  // What is ours already, and an abort, are no errors of the file system.
  if (cause instanceof SpotError || !/^E[A-Z0-9]+$/.test(code)) return cause;
  const details = { path, code };
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return vanishedError(path, cause);
    case 'EACCES':
    case 'EPERM':
      return new SourceError(
        'SOURCE_UNAUTHORIZED',
        `${path} may not be read by the user Spot runs as; allow it, or run Spot as another user`,
        { details, cause },
      );
    case 'EMFILE':
    case 'ENFILE':
    case 'EIO':
    case 'ESTALE':
    case 'EAGAIN':
      return new SourceError('SOURCE_UNAVAILABLE', `${path} cannot be read now (${code})`, {
        details,
        retryable: true,
        cause,
      });
    default:
      return new SourceError('SOURCE_REFUSED', `${path} cannot be read (${code})`, { details, cause });
  }
}

/** A path that leads out of the root, or to something that is no regular file. */
export function outsideError(path: string, why: string): SourceError {
  return new SourceError('SOURCE_REFUSED', `${JSON.stringify(path)} is not read: ${why}`, { details: { path } });
}
