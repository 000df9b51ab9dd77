import { SourceError } from '../../util/errors.ts';
import { vanishedError } from './errors.ts';

/** A file or folder as WebHDFS tells it. */
export interface FileStatus {
  /** Name in its folder; empty for what was itself asked for. */
  readonly pathSuffix: string;
  readonly type: string;
  readonly length: number;
  /** Milliseconds since 1970. */
  readonly modificationTime: number;
  /** Another one when a file is written anew under its name; HttpFS leaves it out. */
  readonly fileId?: number | undefined;
}

/** The answer to `LISTSTATUS`. @throws SourceError `SOURCE_WRONG_ANSWER` */
export function parseStatuses(text: string): readonly FileStatus[] {
  const statuses = field(field(parse(text), 'FileStatuses'), 'FileStatus');
  if (!Array.isArray(statuses)) throw wrongAnswer();
  return statuses.map(statusOf);
}

/** The answer to `GETFILESTATUS`. @throws SourceError `SOURCE_WRONG_ANSWER` */
export function parseStatus(text: string): FileStatus {
  return statusOf(field(parse(text), 'FileStatus'));
}

/** Translates an answer other than 200, by the exception that HDFS names in it. */
export function remoteError(status: number, text: string, path: string): SourceError {
  const exception = exceptionIn(text);
  const details = { path, status, exception };
  const said = `${path} cannot be read: HDFS answers ${status} ${exception}`.trimEnd();
  if (exception === 'FileNotFoundException') return vanishedError(path);
  if (exception === 'StandbyException' || exception === 'RetriableException' || exception === 'SafeModeException') {
    return new SourceError('SOURCE_UNAVAILABLE', `${said}; another NameNode may be the active one`, {
      details,
      retryable: true,
    });
  }
  if (status === 401 || status === 403) {
    return new SourceError(
      'SOURCE_UNAUTHORIZED',
      `${said}; check webhdfs_user or webhdfs_delegation_token, and the permissions of the folder`,
      { details },
    );
  }
  if (status === 404)
    return new SourceError('SOURCE_WRONG_ADDRESS', `${said}; this is no WebHDFS: check host and port of path`, {
      details,
    });
  return new SourceError('SOURCE_REFUSED', said, { details });
}

function exceptionIn(text: string): string {
  try {
    const name = field(field(parse(text), 'RemoteException'), 'exception');
    return typeof name === 'string' ? name : '';
  } catch {
    return '';
  }
}

function statusOf(value: unknown): FileStatus {
  const [pathSuffix, type, length, modificationTime, fileId] = [
    'pathSuffix',
    'type',
    'length',
    'modificationTime',
    'fileId',
  ].map((name) => field(value, name));
  const isStatus =
    typeof pathSuffix === 'string' &&
    typeof type === 'string' &&
    typeof length === 'number' &&
    typeof modificationTime === 'number';
  if (!isStatus) throw wrongAnswer();
  return { pathSuffix, type, length, modificationTime, fileId: typeof fileId === 'number' ? fileId : undefined };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrongAnswer();
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

function wrongAnswer(): SourceError {
  return new SourceError(
    'SOURCE_WRONG_ANSWER',
    'The answer is not in the shape of WebHDFS; check host and port of path',
  );
}
