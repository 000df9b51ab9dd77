import { readFileSync } from 'node:fs';
import { ConfigError, toError } from '../util/errors.ts';

/** The text of a file that the command line names. @throws ConfigError `CONFIG_UNREADABLE_FILE` */
export function readInput(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new ConfigError('CONFIG_UNREADABLE_FILE', `${path} cannot be read (${toError(cause).message})`, { cause });
  }
}

/** The JSON of a file that the command line names. @throws ConfigError `CONFIG_UNREADABLE_FILE` */
export function readJsonInput(path: string): unknown {
  try {
    return JSON.parse(readInput(path)) as unknown;
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause;
    throw new ConfigError('CONFIG_UNREADABLE_FILE', `${path} is no JSON (${toError(cause).message})`, { cause });
  }
}
