import { execFileSync } from 'node:child_process';
import { chmod, mkdir, open, readFile, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zstdCompressSync } from 'node:zlib';
import { makeZip } from '../eventlog/bytes/make-zip.ts';
import { BOMBS, zstdOfOneByte } from './hostile-bombs.ts';

const LOG = fileURLToPath(new URL('../fixtures/event-logs/codecs/app', import.meta.url));
const LOG_ID = 'local-1426533911241';
const GIGABYTE = 2 ** 30;
/** Above what every log may decode to, and the longest line. */
const LONG_BYTES = 70_000_000;
const SHORT_BYTES = 20_000_000;

/** What repeats in a bomb, and how far where the codec decides nothing: nothing at all, one endless text, the beginnings of objects, events that nobody knows, empty lines. */
export const FILLERS: readonly (readonly [filler: string, length: number])[] = [
  ['\0', LONG_BYTES],
  [' ', SHORT_BYTES],
  ['{"a":', LONG_BYTES],
  ['{"Event":"Unknown"}\n', SHORT_BYTES],
  ['\n', SHORT_BYTES],
];

/** Names that lead out of an archive, on some system. */
const NAMES_OUT = ['..', '../..', '/etc', 'a/../..', '..\\..', 'a/b/../../..', '\0', './..', 'C:', 'c:/logs'];
export const NAMES_OUT_COUNT = 500;

export interface HostileFolder {
  readonly logs: string;
  /** Files and folders that links lead to, and the time they were read last: far in the past. */
  readonly outside: readonly string[];
  readonly notReadSince: Date;
}

/** Three good logs in a folder beside whatever may be put there to do harm. */
export async function writeHostileFolder(folder: string): Promise<HostileFolder> {
  const logs = join(folder, 'logs');
  const plain = await readFile(LOG, 'utf8');
  const as = (id: string): string => plain.replaceAll(LOG_ID, id);
  const write = async (name: string, content: string | Buffer): Promise<void> => {
    await writeFile(join(logs, name), content);
  };
  await mkdir(logs);
  await write('good-1', as('good-1'));
  await write('good-2.zstd', zstdCompressSync(Buffer.from(as('good-2'))));
  await mkdir(join(logs, 'eventlog_v2_good-3'));
  await write('eventlog_v2_good-3/appstatus_good-3', '');
  await write('eventlog_v2_good-3/events_1_good-3', as('good-3'));

  for (const [codec, bomb] of Object.entries(BOMBS)) {
    for (const [index, [filler, length]] of FILLERS.entries()) {
      // Half of them begin as a log, half are none.
      const id = `bomb-${codec}-${index}`;
      const head = Buffer.from(as(id).split('\n').slice(0, 6).join('\n') + '\n');
      await write(`${id}.${codec}`, bomb(head, filler, length));
      await write(`no-${id}.${codec}`, bomb(Buffer.from('{'), filler, length));
    }
  }
  await write('one-byte.zstd', zstdOfOneByte());
  await write('archive.zip', archive(as));
  await write('bomb.zip', makeZip([{ name: 'in-zip', content: Buffer.alloc(LONG_BYTES, '{"a":') }]));
  await write('no.zip', 'PK\x03\x04 and nothing else');
  await write(
    'deep',
    withLines(as('deep'), [`{"Event":${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}}`, '['.repeat(200_000)]),
  );
  await write('polluting', polluting(as('polluting')));
  await writeLongLine(join(logs, 'long'), as('long'));
  await write('empty', '');
  await write('empty.zstd', '');
  await truncate(join(logs, 'empty'));
  await mkdir(join(logs, 'app-1.zstd.inprogress'));
  await mkdir(join(logs, 'folder.zip'));
  await mkdir(join(logs, 'events_1_app'));
  await mkdir(join(logs, ...Array.from({ length: 40 }, (_, n) => `d${n}`)), { recursive: true });
  await write('unreadable', as('unreadable'));
  await chmod(join(logs, 'unreadable'), 0);
  return { logs, ...(await writeLinks(folder, logs, as)) };
}

/** Links to a log and a folder of logs outside, round in a circle; a FIFO and devices. */
async function writeLinks(
  folder: string,
  logs: string,
  as: (id: string) => string,
): Promise<Pick<HostileFolder, 'outside' | 'notReadSince'>> {
  const outside = join(folder, 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'secret'), as('secret'));
  await symlink(join(outside, 'secret'), join(logs, 'link'));
  await symlink(outside, join(logs, 'linked'));
  await symlink(outside, join(logs, 'eventlog_v2_linked'));
  await symlink(logs, join(logs, 'circle'));
  await symlink('/dev/zero', join(logs, 'endless'));
  await symlink('nowhere', join(logs, 'broken'));
  execFileSync('mkfifo', [join(logs, 'fifo')]);
  try {
    execFileSync('mknod', [join(logs, 'zero'), 'c', '1', '5'], { stdio: 'ignore' });
  } catch {
    // Only root may, and not in every container; the link to the device is there in any case.
  }
  const notReadSince = new Date('2001-01-01T00:00:00Z');
  for (const path of [outside, join(outside, 'secret')]) await utimes(path, notReadSince, new Date());
  return { outside: [outside, join(outside, 'secret')], notReadSince };
}

/** Names that lead out of it, an entry said to be elsewhere, and one that is fine. */
function archive(as: (id: string) => string): Buffer {
  const out = Array.from({ length: NAMES_OUT_COUNT }, (_, n) => ({
    name: `${NAMES_OUT[n % NAMES_OUT.length]!}/traversal-${n}`,
    content: Buffer.from(as(`traversal-${n}`)),
  }));
  return makeZip([
    ...out,
    { name: 'elsewhere', content: Buffer.from(as('elsewhere')), offset: 0xfffffff0 },
    { name: 'fine', content: Buffer.from(as('in-archive')) },
  ]);
}

function withLines(text: string, added: readonly string[]): string {
  const lines = text.split('\n');
  lines.splice(20, 0, ...added);
  return lines.join('\n');
}

/** A line of a gigabyte that takes no room: a hole in the file. */
async function writeLongLine(path: string, text: string): Promise<void> {
  const lines = text.split('\n');
  const head = Buffer.from(`${lines.slice(0, 20).join('\n')}\n`);
  await using file = await open(path, 'w');
  await file.write(head, 0, head.length, 0);
  await file.write(`\n${lines.slice(20).join('\n')}`, head.length + GIGABYTE);
}

function polluting(text: string): string {
  const evil = '"__proto__":{"polluted":"yes"},"constructor":{"prototype":{"polluted":"yes"}}';
  return text
    .replace('{"Event":"SparkListenerEnvironmentUpdate",', `{"Event":"SparkListenerEnvironmentUpdate",${evil},`)
    .replace('"Spark Properties":{', `"Spark Properties":{"__proto__":"polluted","spark.x":"y",`);
}
