import { EventLogError } from '../../util/errors.ts';
import type { Chunks } from './byte-window.ts';
import { inflate } from './gzip.ts';
import type { ArchiveMember, ListedFile } from './layout.ts';
import { DEFAULT_LIMITS, RATIO_FREE_BYTES } from './limits.ts';
import { type LogFile, type OpenOptions, readRange } from './log-file.ts';

const END_RECORD = 0x06054b50;
const END_RECORD_BYTES = 22;
const ZIP64_LOCATOR = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;
const ZIP64_END_RECORD = 0x06064b50;
const ZIP64_END_RECORD_BYTES = 56;
const CENTRAL_HEADER = 0x02014b50;
const CENTRAL_HEADER_BYTES = 46;
const LOCAL_HEADER = 0x04034b50;
const LOCAL_HEADER_BYTES = 30;
const MAX_COMMENT_BYTES = 65_535;
const MAX_DIRECTORY_BYTES = 32 * 1024 * 1024;
const IN_ZIP64 = 0xffffffff;

/**
 * Lists the files of a zip, as the History Server's download gives it (`/applications/ID/logs`).
 *
 * Entries are named `ARCHIVE.zip/path`, so that a rolling log in the archive is a folder like any other.
 * Folders are left out; so are entries that are encrypted or have names that lead out of the archive.
 *
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 * @throws EventLogError `EVENT_LOG_ARCHIVE` when it is no zip, or one whose directory contradicts itself
 */
export async function listZip(
  archive: LogFile,
  options: {
    readonly version: string;
    readonly signal?: AbortSignal | undefined;
    /** Told about each entry that is left out, and why. */
    readonly onRefused?: ((name: string, why: string) => void) | undefined;
  },
): Promise<ListedFile[]> {
  const { entries, start, end } = await findDirectory(archive, options.signal);
  const directory = await readRange(archive, start, end, options.signal);
  const files: ListedFile[] = [];
  let at = 0;
  for (let n = 0; n < entries; n++) {
    if (directory.length - at < CENTRAL_HEADER_BYTES || directory.readUInt32LE(at) !== CENTRAL_HEADER)
      throw broken(archive, 'its directory ends early');
    const nameBytes = directory.readUInt16LE(at + 28);
    const extraBytes = directory.readUInt16LE(at + 30);
    const nameStart = at + CENTRAL_HEADER_BYTES;
    const name = directory.toString('utf8', nameStart, nameStart + nameBytes);
    const member = readMember(
      archive.name,
      directory,
      at,
      directory.subarray(nameStart + nameBytes, nameStart + nameBytes + extraBytes),
    );
    const isFolder = name.endsWith('/');
    if (member === undefined) {
      options.onRefused?.(name, 'it is encrypted, or compressed by another method than deflate');
    } else if (!isPlainPath(isFolder ? name.slice(0, -1) : name)) {
      options.onRefused?.(name, 'its name leads out of the archive');
    } else if (!isFolder) {
      const { size, ...place } = member;
      files.push({
        path: `${archive.name}/${name}`,
        size,
        modified: archive.modified,
        version: options.version,
        member: place,
      });
    }
    at = nameStart + nameBytes + extraBytes + directory.readUInt16LE(at + 32);
  }
  return files;
}

/** An entry as a file of a log; it decodes from its beginning only. */
export function zipEntry(archive: LogFile, entry: ListedFile, member: ArchiveMember): LogFile {
  return {
    name: entry.path,
    size: entry.size,
    modified: entry.modified,
    seekable: false,
    open: (options) => readEntry(archive, member, options),
  };
}

async function* readEntry(
  archive: LogFile,
  member: ArchiveMember,
  { end, signal }: OpenOptions = {},
): AsyncGenerator<Buffer> {
  const header = await readRange(archive, member.headerOffset, member.headerOffset + LOCAL_HEADER_BYTES, signal);
  if (header.length < LOCAL_HEADER_BYTES || header.readUInt32LE(0) !== LOCAL_HEADER)
    throw broken(archive, 'an entry is not where its directory says');
  const start = member.headerOffset + LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
  const stored = archive.open({ start, end: start + member.storedBytes, signal });
  const decoded: Chunks = member.method === 'deflated' ? inflate(stored) : stored;
  let left = end ?? Infinity;
  let bytes = 0;
  for await (const chunk of decoded) {
    bytes += chunk.length;
    if (bytes > RATIO_FREE_BYTES && bytes > member.storedBytes * DEFAULT_LIMITS.maxRatio) {
      throw new EventLogError(
        'EVENT_LOG_BOMB',
        `An entry of ${archive.name} decodes to far more than it is stored in`,
        {
          details: { file: archive.name, storedBytes: member.storedBytes },
        },
      );
    }
    yield chunk.subarray(0, Math.min(left, chunk.length));
    left -= chunk.length;
    if (left <= 0) return;
  }
}

interface Directory {
  readonly entries: number;
  readonly start: number;
  readonly end: number;
}

async function findDirectory(archive: LogFile, signal: AbortSignal | undefined): Promise<Directory> {
  const tailStart = Math.max(0, archive.size - MAX_COMMENT_BYTES - END_RECORD_BYTES);
  const tail = await readRange(archive, tailStart, archive.size, signal);
  for (let at = tail.length - END_RECORD_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END_RECORD || tail.readUInt16LE(at + 20) !== tail.length - at - END_RECORD_BYTES)
      continue;
    const locator = at - ZIP64_LOCATOR_BYTES;
    const directory =
      locator >= 0 && tail.readUInt32LE(locator) === ZIP64_LOCATOR
        ? await readZip64End(archive, numberAt(tail, locator + 8), signal)
        : directoryOf(tail.readUInt16LE(at + 10), tail.readUInt32LE(at + 16), tail.readUInt32LE(at + 12));
    const bytes = directory.end - directory.start;
    if (directory.end > archive.size || bytes > MAX_DIRECTORY_BYTES)
      throw broken(archive, 'its directory has an impossible size');
    return directory;
  }
  throw broken(archive, 'it has no directory at its end');
}

async function readZip64End(archive: LogFile, offset: number, signal: AbortSignal | undefined): Promise<Directory> {
  const record = await readRange(archive, offset, offset + ZIP64_END_RECORD_BYTES, signal);
  if (record.length < ZIP64_END_RECORD_BYTES || record.readUInt32LE(0) !== ZIP64_END_RECORD)
    throw broken(archive, 'its zip64 directory is not where it says');
  return directoryOf(numberAt(record, 32), numberAt(record, 48), numberAt(record, 40));
}

function directoryOf(entries: number, start: number, bytes: number): Directory {
  return { entries, start, end: start + bytes };
}

function readMember(
  archive: string,
  directory: Buffer,
  at: number,
  extra: Buffer,
): (ArchiveMember & { readonly size: number }) | undefined {
  const encrypted = (directory.readUInt16LE(at + 8) & 1) !== 0;
  const method = ({ 0: 'stored', 8: 'deflated' } as const)[directory.readUInt16LE(at + 10)];
  if (encrypted || method === undefined) return undefined;
  // What does not fit into 32 bits stands in the zip64 field, in this order.
  const large = zip64Numbers(extra);
  const take = (value: number): number => (value === IN_ZIP64 ? (large.shift() ?? value) : value);
  const size = take(directory.readUInt32LE(at + 24));
  const storedBytes = take(directory.readUInt32LE(at + 20));
  const headerOffset = take(directory.readUInt32LE(at + 42));
  return { archive, method, headerOffset, storedBytes, size };
}

function zip64Numbers(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue;
    const end = Math.min(extra.length, at + 4 + extra.readUInt16LE(at + 2));
    const numbers: number[] = [];
    for (let n = at + 4; n + 8 <= end; n += 8) numbers.push(numberAt(extra, n));
    return numbers;
  }
  return [];
}

function isPlainPath(name: string): boolean {
  const parts = name.split('/');
  // A drive of Windows (`C:/…`) leads out, too.
  const isRelative = !/[\\\0]/.test(name) && !/^[a-z]:/i.test(name);
  return isRelative && parts.every((part) => part !== '' && part !== '.' && part !== '..');
}

function numberAt(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}

function broken(archive: LogFile, what: string): EventLogError {
  return new EventLogError('EVENT_LOG_ARCHIVE', `${archive.name} cannot be read as a zip: ${what}`, {
    details: { file: archive.name },
  });
}
