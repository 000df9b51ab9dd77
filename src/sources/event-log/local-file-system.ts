import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  read,
  readSync,
  realpathSync,
  type BigIntStats,
} from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import type { Chunks } from '../../eventlog/bytes/byte-window.ts';
import type { ListedFile } from '../../eventlog/bytes/layout.ts';
import type { OpenOptions } from '../../eventlog/bytes/log-file.ts';
import { SourceError } from '../../util/errors.ts';
import { localError, nothingThereError, outsideError } from './errors.ts';
import {
  isHidden,
  type ListOptions,
  type LogFileSystem,
  MAX_DEPTH,
  type ReadInto,
  ROLLING_FOLDER,
} from './file-system.ts';

const CHUNK_BYTES = 1024 * 1024;
/** A shorter read is over sooner than another thread could be asked for it. */
const SHORT_READ_BYTES = 256 * 1024;

const readAsync = promisify(read);

/**
 * A folder of this machine, or a single log in it.
 *
 * Symbolic links below the root are neither listed nor followed, so nothing outside the root is read, and nothing twice.
 * Only regular files are opened; opening never waits, as it would for a FIFO.
 *
 * What takes microseconds is asked of the system directly, because asking through another thread costs ten times as
 * much: that is the whole difference for a folder of thousands of logs.
 */
export class LocalFileSystem implements LogFileSystem {
  readonly host = hostname();
  /** Reads do not wait for each other; two keep a core busy while a decoder works on another. */
  readonly concurrency = 2;
  readonly description: string;
  readonly #root: string;
  /** Set when the path names a file: then there is only this one. */
  readonly #only: string | undefined;

  private constructor(path: string, root: string, only: string | undefined) {
    this.description = `event logs in ${path}`;
    this.#root = root;
    this.#only = only;
  }

  /** @throws SourceError when there is nothing at the path, or it may not be read */
  static async open(path: string): Promise<LocalFileSystem> {
    try {
      const real = await realpath(path);
      const isFolder = (await stat(real)).isDirectory();
      return isFolder
        ? new LocalFileSystem(path, real, undefined)
        : new LocalFileSystem(path, dirname(real), basename(real));
    } catch (thrown) {
      const error = localError(path, thrown);
      throw error instanceof SourceError && error.code === 'SOURCE_RUN_VANISHED'
        ? nothingThereError(path, error)
        : error;
    }
  }

  async list(options: ListOptions): Promise<readonly ListedFile[]> {
    if (this.#only !== undefined) return this.#look([this.#only]);
    return await this.#listFolder('', options.recursive ? MAX_DEPTH : 0, options);
  }

  async readAt<T>(path: string, use: (read: ReadInto) => Promise<T>): Promise<T> {
    const { file } = this.#openRegular(path);
    try {
      return await use((into, start) => readSync(file, into, 0, into.length, start));
    } catch (error) {
      throw localError(path, error);
    } finally {
      closeSync(file);
    }
  }

  async *open(path: string, { start = 0, end = Infinity, signal }: OpenOptions = {}): Chunks {
    const { file, size } = this.#openRegular(path);
    try {
      const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(CHUNK_BYTES, end - start, size - start)));
      let at = start;
      while (at < end) {
        signal?.throwIfAborted();
        const wanted = Math.min(buffer.length, end - at);
        const bytesRead =
          wanted <= SHORT_READ_BYTES
            ? readSync(file, buffer, 0, wanted, at)
            : (await readAsync(file, buffer, 0, wanted, at)).bytesRead;
        if (bytesRead === 0) return;
        at += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } catch (error) {
      throw localError(path, error);
    } finally {
      closeSync(file);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing stays open between calls.
  }

  /** @param depth - how many levels of ordinary folders may still be entered */
  async #listFolder(folder: string, depth: number, options: ListOptions): Promise<ListedFile[]> {
    options.signal?.throwIfAborted();
    const entries = await readdir(join(this.#root, folder), { withFileTypes: true }).catch((thrown: unknown) => {
      const error = localError(folder === '' ? this.#root : folder, thrown);
      // A folder that may not be entered hides its own logs only; without the root there is nothing.
      if (folder === '') throw error;
      options.onSkipped?.(folder, error);
      return [];
    });
    const visible = entries.filter((entry) => !isHidden(entry.name));
    const pathOf = (entry: { readonly name: string }): string =>
      folder === '' ? entry.name : `${folder}/${entry.name}`;
    const files = this.#look(visible.filter((entry) => entry.isFile()).map(pathOf));
    for (const entry of visible) {
      const path = pathOf(entry);
      if (entry.isSymbolicLink()) options.onSkipped?.(path, outsideError(path, 'symbolic links are not followed'));
      else if (!entry.isFile() && !entry.isDirectory())
        options.onSkipped?.(path, outsideError(path, 'it is no regular file'));
      else if (entry.isDirectory() && options.recursive && depth <= 0)
        options.onSkipped?.(path, outsideError(path, `it lies deeper than ${MAX_DEPTH} folders`));
      const isEntered = entry.isDirectory() && (depth > 0 || (folder === '' && ROLLING_FOLDER.test(entry.name)));
      if (isEntered) files.push(...(await this.#listFolder(path, depth - 1, options)));
    }
    return files;
  }

  /** Leaves out what vanished meanwhile, or is no regular file any more. */
  #look(paths: readonly string[]): ListedFile[] {
    return paths.flatMap((path): ListedFile[] => {
      const found = lookAt(join(this.#root, path));
      if (found?.isFile() !== true) return [];
      // The change time cannot be set back, so a file rewritten under its name, size and time is still another one.
      const version = `${found.ino}-${found.ctimeNs}`;
      return [{ path, size: Number(found.size), modified: Number(found.mtimeMs), version }];
    });
  }

  #openRegular(path: string): { readonly file: number; readonly size: number } {
    const isPlain =
      path !== '' &&
      !path.includes('\0') &&
      path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
    if (!isPlain) throw outsideError(path, 'the name leads out of the folder');
    let file: number | undefined;
    try {
      const wanted = join(this.#root, path);
      const real = realpathSync.native(wanted);
      if (real !== wanted || !real.startsWith(this.#root.endsWith(sep) ? this.#root : this.#root + sep)) {
        throw outsideError(path, 'a symbolic link is on the way');
      }
      file = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const [opened, there] = [fstatSync(file), lstatSync(real)];
      if (!opened.isFile()) throw outsideError(path, 'it is no regular file');
      // Another file than the one looked at: somebody put a link in between.
      if (opened.ino !== there.ino || opened.dev !== there.dev)
        throw outsideError(path, 'it was exchanged while it was opened');
      return { file, size: opened.size };
    } catch (error) {
      if (file !== undefined) closeSync(file);
      throw localError(path, error);
    }
  }
}

function lookAt(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}
