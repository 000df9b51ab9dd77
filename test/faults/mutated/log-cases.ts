import { chanceOf, type Chance } from './chance.ts';
import { CODECS, compressedBase, encode, EXTENSIONS, joined, LOG_BASES, type LogBase } from './log-bases.ts';
import { mutatedBytes } from './odd-bytes.ts';
import { harmlesslyChangedLines, mutatedLines } from './odd-lines.ts';

/** A folder with one log in it, or what is left of one. */
export interface LogCase {
  readonly base: LogBase;
  /** By path below the root of the source. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** The log tells the same as its base: so must Spot. */
  readonly isValid: boolean;
}

const VALID = 0.3;
const ONLY_BYTES = 0.25;
const ROLLING = 0.3;

/** The case of this number: a real log, changed in its lines, in its bytes, in the files it consists of, or harmlessly. */
export function logCase(seed: number, number: number): LogCase {
  const chance = chanceOf(seed, number);
  const base = LOG_BASES[chance.below(LOG_BASES.length)]!;
  if (chance.happens(ONLY_BYTES)) {
    const codec = chance.pick(CODECS);
    const files = new Map([[`app${EXTENSIONS[codec]}`, mutatedBytes(compressedBase(base, codec), chance)]]);
    return { base, files, isValid: false };
  }
  const isValid = chance.happens(VALID / (1 - ONLY_BYTES));
  const other = LOG_BASES[chance.below(LOG_BASES.length)]!;
  const lines = isValid ? harmlesslyChangedLines(base.lines, chance) : mutatedLines(base.lines, other.lines, chance);
  const files = chance.happens(ROLLING) ? rolling(lines, chance) : single(lines, chance);
  if (isValid) return { base, files, isValid };
  if (files.size > 1 && chance.happens(0.6)) spoilFolder(files, chance);
  if (chance.happens(0.2)) spoilFile(files, chance);
  return { base, files, isValid };
}

function single(lines: readonly string[], chance: Chance): Map<string, Buffer> {
  const codec = chance.pick(CODECS);
  return new Map([[`app${EXTENSIONS[codec]}`, encode(codec, joined(lines))]]);
}

/** One to four files, each in a codec of its own, and the file that tells how far the run is. */
function rolling(lines: readonly string[], chance: Chance): Map<string, Buffer> {
  const count = 1 + chance.below(4);
  const cuts = Array.from({ length: count - 1 }, () => chance.below(lines.length + 1)).sort((a, b) => a - b);
  const files = new Map<string, Buffer>();
  for (let index = 0; index < count; index++) {
    const codec = chance.pick(CODECS);
    const part = lines.slice(cuts[index - 1] ?? 0, cuts[index] ?? lines.length);
    files.set(`eventlog_v2_app/events_${index + 1}_app${EXTENSIONS[codec]}`, encode(codec, joined(part)));
  }
  files.set('eventlog_v2_app/appstatus_app', Buffer.alloc(0));
  return files;
}

const FOLDER = 'eventlog_v2_app/';

/** A part missing, twice, empty, under the number of another, or called what it is not; another status. */
function spoilFolder(files: Map<string, Buffer>, chance: Chance): void {
  const parts = [...files.keys()].filter((path) => path.includes('/events_'));
  const part = parts[chance.below(parts.length)] ?? '';
  const bytes = files.get(part) ?? Buffer.alloc(0);
  const rename = (name: string): void => {
    files.delete(part);
    files.set(FOLDER + name, bytes);
  };
  chance.pick<() => void>([
    () => void files.delete(part),
    () => void files.set(part, Buffer.alloc(0)),
    () => void files.set(`${part}.lz4`, bytes),
    () => void files.set(`${part}.compact`, bytes),
    () => {
      rename(`events_${chance.pick(['0', '9', '1', '00000000000000000001', '99999999999999999999', '-1'])}_app`);
    },
    () => {
      rename('events_1_other');
    },
    () => {
      rename('events_1_');
    },
    () => void files.set(part, files.get(parts[chance.below(parts.length)] ?? '') ?? bytes),
    () => void files.delete(`${FOLDER}appstatus_app`),
    () => void files.set(`${FOLDER}appstatus_app.inprogress`, Buffer.alloc(0)),
    () => {
      files.delete(`${FOLDER}appstatus_app`);
      files.set(`${FOLDER}appstatus_other`, Buffer.from('not empty'));
    },
  ])();
}

function spoilFile(files: Map<string, Buffer>, chance: Chance): void {
  const paths = [...files.keys()];
  const path = paths[chance.below(paths.length)] ?? '';
  files.set(path, mutatedBytes(files.get(path) ?? Buffer.alloc(0), chance));
}
