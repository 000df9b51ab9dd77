import { ConfigError } from '../../util/errors.ts';
import type { EventLogsSettings } from './config.ts';
import type { LogFileSystem } from './file-system.ts';
import { LocalFileSystem } from './local-file-system.ts';
import { S3FileSystem } from './s3-file-system.ts';
import { WebHdfsFileSystem } from './webhdfs-file-system.ts';

/**
 * The file system that the `path` of a section names.
 *
 * @throws ConfigError `CONFIG_INVALID_VALUE` for a path of a kind that is not read
 */
export async function openFileSystem(settings: EventLogsSettings): Promise<LogFileSystem> {
  const { path } = settings;
  if (path === '')
    throw new ConfigError('CONFIG_INVALID_VALUE', '[EVENT_LOGS] path is not set: it says where the logs lie');
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(path)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
      return await LocalFileSystem.open(path);
    case 'file':
      return await LocalFileSystem.open(localPath(path));
    case 's3':
    case 's3a':
    case 's3n':
      return new S3FileSystem(settings);
    case 'webhdfs':
    case 'swebhdfs':
      return await WebHdfsFileSystem.open(settings);
    default:
      throw new ConfigError(
        'CONFIG_INVALID_VALUE',
        `[EVENT_LOGS] path is ${JSON.stringify(path)}, but must be a folder, s3://bucket/prefix or webhdfs://host:port/path`,
      );
  }
}

/** `file:/a`, `file:///a`, as Spark writes them; a host other than this one is not meant. */
function localPath(url: string): string {
  return decodeURIComponent(url.replace(/^file:(\/\/[^/]*)?/i, ''));
}
