/** A regular file below the root of a source. */
export interface ListedFile {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  /** Whatever else changes when the content does (an ETag, an inode and its change time); empty when there is nothing. */
  readonly version: string;
  /** Set when the file is an entry of an archive. */
  readonly member?: ArchiveMember | undefined;
}

export interface ArchiveMember {
  /** Path of the archive. */
  readonly archive: string;
  readonly method: 'stored' | 'deflated';
  /** Of the entry's local header. */
  readonly headerOffset: number;
  /** Bytes in the archive; {@link ListedFile.size} is what they decode to. */
  readonly storedBytes: number;
}

/** The files that make up the log of one run, in reading order. */
export interface LogLayout {
  /** Path of the file, or of the folder and the id in it: what identifies the log in its source. */
  readonly path: string;
  readonly kind: 'single' | 'rolling' | 'databricks';
  readonly files: readonly ListedFile[];
  /** What the names say. Whether the run ended is for the events to tell. */
  readonly inProgress: boolean;
  /** The log begins with a file in which Spark's compactor has dropped finished jobs. */
  readonly compacted: boolean;
  /** Why the files are not the whole log; absent when nothing is known to be missing. */
  readonly gap?: string | undefined;
}

const ROLLED = /^events_(\d+)_(.+?)(\.compact)?$/;
const STATUS = /^appstatus_(.+?)(\.inprogress)?$/;
const DATABRICKS = /^eventlog(-\d{4}-\d\d-\d\d--\d\d-\d\d)?(\.[a-z0-9]+)?$/;
const IN_PROGRESS = '.inprogress';
const IGNORED = /^[._]|\.(crc|tmp|_COPYING_)$/;

/**
 * Finds the logs among the files of a source.
 *
 * Knows single files (`APP[_ATTEMPT][.codec][.inprogress]`), Spark's rolling folders (`events_N_…`, `appstatus_…`,
 * `.compact`), and Databricks' folders (`eventlog-2026-11-21--10-00.gz`, …, `eventlog`). Hidden files are no logs.
 * Nothing is trusted that a name says about the application; every file that is left may be a log.
 */
export function findLogs(files: readonly ListedFile[]): LogLayout[] {
  const logs: LogLayout[] = [];
  for (const [folder, inFolder] of Map.groupBy(files.filter(isVisible), (file) => folderOf(file.path))) {
    const kinds = Map.groupBy(inFolder, kindOfFile);
    const status = kinds.get('status') ?? [];
    for (const [id, parts] of Map.groupBy(kinds.get('rolled') ?? [], (file) => rolledId(baseName(file.path)))) {
      logs.push(rollingLog(folder, id, parts, status));
    }
    const databricks = kinds.get('databricks');
    if (databricks !== undefined) logs.push(databricksLog(folder, databricks));
    logs.push(...singleLogs(kinds.get('other') ?? []));
  }
  return logs;
}

function kindOfFile(file: ListedFile): 'rolled' | 'status' | 'databricks' | 'other' {
  const name = baseName(file.path);
  if (ROLLED.test(name)) return 'rolled';
  if (STATUS.test(name)) return 'status';
  return DATABRICKS.test(name) ? 'databricks' : 'other';
}

function rollingLog(
  folder: string,
  id: string,
  parts: readonly ListedFile[],
  status: readonly ListedFile[],
): LogLayout {
  const ordered = parts
    .map((file) => ({ file, index: rolledIndex(file), compact: file.path.endsWith('.compact') }))
    .sort((a, b) => a.index - b.index || Number(a.compact) - Number(b.compact));
  const lastCompact = ordered.findLastIndex(({ compact }) => compact);
  const read = lastCompact < 0 ? ordered : ordered.slice(lastCompact);
  const inProgress = status.some((file) => baseName(file.path) === `appstatus_${id}${IN_PROGRESS}`);
  return {
    path: joinPath(folder, `events_*_${id}`),
    kind: 'rolling',
    files: read.map(({ file }) => file),
    inProgress,
    compacted: lastCompact >= 0,
    gap: findGap(
      read.map(({ index }) => index),
      lastCompact >= 0,
    ),
  };
}

/** Spark numbers the files from 1; a compacted file stands for all up to its own number. */
function findGap(indexes: readonly number[], compacted: boolean): string | undefined {
  let expected = compacted ? (indexes[0] ?? 1) : 1;
  for (const index of indexes) {
    if (index !== expected) {
      return index < expected
        ? `events file ${index} is there twice`
        : `events file ${expected} is missing before ${index}`;
    }
    expected++;
  }
  return undefined;
}

/** Rollovers carry their time in the name; the file without one is the newest. */
function databricksLog(folder: string, files: readonly ListedFile[]): LogLayout {
  const time = (file: ListedFile): string => DATABRICKS.exec(baseName(file.path))?.[1] ?? '~';
  const ordered = files.toSorted((a, b) => compareText(time(a), time(b)));
  return {
    path: joinPath(folder, 'eventlog'),
    kind: 'databricks',
    files: ordered,
    inProgress: false,
    compacted: false,
  };
}

/** A log that was just renamed may be seen under both names: then the final one counts. */
function singleLogs(files: readonly ListedFile[]): LogLayout[] {
  const finals = new Set(files.map((file) => file.path).filter((path) => !path.endsWith(IN_PROGRESS)));
  return files
    .filter((file) => !(file.path.endsWith(IN_PROGRESS) && finals.has(file.path.slice(0, -IN_PROGRESS.length))))
    .map((file) => ({
      path: file.path,
      kind: 'single',
      files: [file],
      inProgress: file.path.endsWith(IN_PROGRESS),
      compacted: file.path.endsWith('.compact'),
    }));
}

function isVisible(file: ListedFile): boolean {
  return !file.path.split('/').some((part) => IGNORED.test(part));
}

/** `app-1` of `events_4_app-1.zstd.compact`. */
function rolledId(name: string): string {
  return withoutCodec(ROLLED.exec(name)?.[2] ?? name);
}

function rolledIndex(file: ListedFile): number {
  return Number(ROLLED.exec(baseName(file.path))?.[1]);
}

function withoutCodec(id: string): string {
  return id.replace(/\.(zstd|zst|lz4|snappy|lzf|gz|gzip)$/, '');
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

function joinPath(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
