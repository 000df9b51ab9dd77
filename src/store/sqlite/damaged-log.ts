import { existsSync, readFileSync } from 'node:fs';
import { endianness } from 'node:os';

/**
 * The write-ahead log as SQLite writes it where the least byte comes first.
 *
 * @see https://www.sqlite.org/fileformat2.html#the_write_ahead_log
 */
const MAGIC = 0x377f0682;
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const SMALLEST_PAGE = 512;
/** A longer log is not looked at: SQLite moves it into the database long before. */
const LONGEST_BYTES = 256 * 1024 * 1024;

type Checksum = readonly [number, number];

/**
 * Whether a write-ahead log was damaged, and not only cut off, so that commits behind the damage are lost.
 *
 * SQLite reads a log up to the first frame whose checksum is wrong, and takes what follows for a write that a crash broke off. But a
 * commit is synced before the next frame is written: where a whole frame stands behind a whole commit behind the wrong one, that one
 * was once right. Damage in the very last commit cannot be told from a crash.
 *
 * @param path - of the database; asked before it is opened, because SQLite then begins the log anew
 */
export function isLogDamaged(path: string): boolean {
  const file = `${path}-wal`;
  if (endianness() !== 'LE' || !existsSync(file)) return false;
  const bytes = readFileSync(file);
  if (bytes.length < HEADER_BYTES || bytes.length > LONGEST_BYTES || bytes.readUInt32BE(0) !== MAGIC) return false;

  const pageBytes = bytes.readUInt32BE(8);
  if (pageBytes < SMALLEST_PAGE || pageBytes % SMALLEST_PAGE !== 0) return false;
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  const salt = bytes.subarray(16, 24);
  let [hasWrong, hasWholeBehind, hasCommitBehind] = [false, false, false];
  let before = checksumAt(bytes, 24);
  for (let at = HEADER_BYTES; at + frameBytes <= bytes.length; at += frameBytes) {
    const stored = checksumAt(bytes, at + 16);
    const isOfThisLog = bytes.subarray(at + 8, at + 16).equals(salt);
    const isWhole = isOfThisLog && isEqual(stored, frameChecksum(bytes.subarray(at, at + frameBytes), before));
    if (isWhole && hasCommitBehind) return true;
    // What stands behind whole frames behind a wrong one is of another write.
    if (!isWhole && hasWholeBehind) return false;
    hasWholeBehind = isWhole && hasWrong;
    hasWrong ||= !isWhole;
    const isCommit = bytes.readUInt32BE(at + 4) !== 0;
    hasCommitBehind = hasWrong && isOfThisLog && isCommit;
    before = stored;
  }
  return false;
}

function checksumAt(bytes: Buffer, at: number): Checksum {
  return [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
}

function isEqual(one: Checksum, other: Checksum): boolean {
  return one[0] === other[0] && one[1] === other[1];
}

/** Over the first two words of the frame's header and its page, from where the frame before ended. */
function frameChecksum(frame: Buffer, [first, second]: Checksum): Checksum {
  let [sum, other] = [first, second];
  const add = (start: number, end: number): void => {
    for (let at = start; at < end; at += 8) {
      sum = (sum + frame.readUInt32LE(at) + other) >>> 0;
      other = (other + frame.readUInt32LE(at + 4) + sum) >>> 0;
    }
  };
  add(0, 8);
  add(FRAME_HEADER_BYTES, frame.length);
  return [sum, other];
}
