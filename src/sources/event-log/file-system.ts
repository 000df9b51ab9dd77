import type { Chunks } from '../../eventlog/bytes/byte-window.ts';
import type { ListedFile } from '../../eventlog/bytes/layout.ts';
import type { LogFile, OpenOptions } from '../../eventlog/bytes/log-file.ts';
import { zipEntry } from '../../eventlog/bytes/zip.ts';
import type { CallOptions } from '../run-source.ts';

export interface ListOptions extends CallOptions {
  /** All folders below the root; else the root itself and the folders of rolling logs in it. */
  readonly recursive: boolean;
  /**
   * Told about each folder that could not be looked into, whose logs are missing from the list, and about what is no
   * regular file: a link, a FIFO, a device.
   */
  readonly onSkipped?: ((path: string, error: Error) => void) | undefined;
}

/**
 * Where event logs lie: a folder, a bucket, HDFS. Reads only, and nothing outside its root.
 *
 * Failures are `SourceError`s: `SOURCE_RUN_VANISHED` for a file that is gone, others as the adapter's README says.
 */
export interface LogFileSystem extends AsyncDisposable {
  /** Host name without port, stored as `history_host`. */
  readonly host: string;
  /** The root as a person would recognise it, without secrets. */
  readonly description: string;
  /** The regular files below the root, in any order. Nothing else is listed: no links, no devices, nothing hidden. */
  list(options: ListOptions): Promise<readonly ListedFile[]>;
  /** Logs looked into at the same time with profit; absent: as many as it takes to hide a distance. */
  readonly concurrency?: number | undefined;
  /** Several reads of a file for one opening, where that is cheaper than a request for each. Errors as of `open`. */
  readAt?<T>(path: string, use: (read: ReadInto) => Promise<T>): Promise<T>;
  /** Chunks of a file's bytes, each valid until the next one is asked for. `path` is relative to the root. */
  open(path: string, options?: OpenOptions): Chunks;
}

/** Fills `into` with the bytes from `start` on, and tells how many there were. */
export type ReadInto = (into: Buffer, start: number) => Promise<number> | number;

/** Folders of rolling logs: looked into even where the listing does not go deeper. */
export const ROLLING_FOLDER = /^eventlog_v2_/;
/** A tree deeper than this holds no logs, but perhaps a loop. */
export const MAX_DEPTH = 16;

/** A listed file, whether it lies in the file system itself or in an archive there. */
export function fileOf(fileSystem: LogFileSystem, listed: ListedFile): LogFile {
  const { path, size, modified, member } = listed;
  if (member === undefined) {
    return { name: path, size, modified, seekable: true, open: (options) => fileSystem.open(path, options) };
  }
  const open = (options?: OpenOptions): Chunks => fileSystem.open(member.archive, options);
  // An entry lies where the archive's directory said, which was held against the archive's size then.
  return zipEntry(
    { name: member.archive, size: Number.MAX_SAFE_INTEGER, modified, seekable: true, open },
    listed,
    member,
  );
}

/** A hidden file or folder holds no logs: checksums, what is being uploaded, a desktop's droppings. */
export function isHidden(name: string): boolean {
  return name.startsWith('.');
}
