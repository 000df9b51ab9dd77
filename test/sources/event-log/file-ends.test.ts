import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LogFile, readRange } from '../../../src/eventlog/bytes/log-file.ts';
import {
  contentMarkOf,
  ENDS_BYTES,
  type EndsOfFile,
  readIntoFrom,
  withEnds,
} from '../../../src/sources/event-log/file-ends.ts';
import { fileOf } from '../../../src/sources/event-log/file-system.ts';
import { LocalFileSystem } from '../../../src/sources/event-log/local-file-system.ts';

const KB = 1024;

/** Bytes in which every place is another one. */
function bytesOf(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, n) => (n * 31 + (n >> 8) * 7) & 255));
}

describe('sources/event-log/file-ends', () => {
  let folder: string;
  let fileSystem: LocalFileSystem;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-ends-'));
    fileSystem = await LocalFileSystem.open(folder);
  });
  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function local(size: number): Promise<{ bytes: Buffer; file: LogFile; inOneOpening: EndsOfFile }> {
    const bytes = bytesOf(size);
    const path = `log-${size}`;
    await writeFile(join(folder, path), bytes);
    const file = fileOf(fileSystem, { path, size, modified: 0, version: '' });
    const room = Buffer.alloc(ENDS_BYTES, 255);
    return { bytes, file, inOneOpening: await fileSystem.readAt(path, (read) => withEnds(file, room, read)) };
  }

  for (const size of [0, 1, 10 * KB, 20 * KB, 40 * KB, 143 * KB, 144 * KB, 145 * KB, 200 * KB, 300 * KB]) {
    it(`gives the bytes of a file of ${size} and its mark, however it is read`, async () => {
      const { bytes, file, inOneOpening } = await local(size);
      const large = await withEnds(file, Buffer.alloc(256 * KB), readIntoFrom(file, undefined));
      // The rule, written down once more: the size, the first 16 KiB, and of what is behind them the last 16 KiB.
      const expected = createHash('sha256')
        .update(`${size}\n`)
        .update(bytes.subarray(0, 16 * KB))
        .update(bytes.subarray(16 * KB).subarray(-16 * KB))
        .digest('hex')
        .slice(0, 16);

      for (const ends of [inOneOpening, large]) {
        expect(contentMarkOf([ends])).to.equal(expected);
        for (const [start, end] of [
          [0, 64],
          [0, 128 * KB],
          [Math.max(0, size - 16 * KB), size],
          [Math.max(0, size - 100 * KB), size],
          [0, size],
        ] as const) {
          expect((await readRange(ends, start, end)).equals(bytes.subarray(start, end)), `${start}-${end}`).to.equal(
            true,
          );
        }
      }
    });
  }
});
