import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Creates an empty file with mode 0600, and its folder with 0700, where there is none. SQLite gives its `-wal` and `-shm` the same mode.
 *
 * A file that exists is not even opened: closing it again would drop the locks this process holds on it (POSIX).
 *
 * @returns whether the file was created
 */
export function createPrivateFile(path: string): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
