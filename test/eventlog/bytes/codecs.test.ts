import { expect } from 'chai';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Codec } from '../../../src/eventlog/bytes/codec.ts';
import { codecOfBytes, codecOfName, decode } from '../../../src/eventlog/bytes/codec.ts';
import { memoryFile } from '../../../src/eventlog/bytes/log-file.ts';
import { linesOf } from '../../../src/eventlog/bytes/log-lines.ts';
import { xxhash32 } from '../../../src/eventlog/bytes/xxhash32.ts';
import { EventLogError } from '../../../src/util/errors.ts';
import { encodeLz4Stream, encodeLzfStream, encodeSnappyStream, SNAPPY_HEADER } from './encoders.ts';

const FIXTURES = new URL('../../fixtures/event-logs/codecs/', import.meta.url);
const NAMES = ['app', 'app.zstd', 'app.lz4', 'app.snappy', 'app.lzf', 'app.gz'];

function fixture(name: string): Buffer {
  return readFileSync(new URL(name, FIXTURES));
}

async function decoded(codec: Codec, stored: Buffer, chunkBytes?: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of decode(codec, memoryFile('x', stored, chunkBytes).open())) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

async function linesIn(name: string, stored: Buffer, chunkBytes?: number): Promise<{ lines: string[]; torn: number }> {
  const lines: string[] = [];
  const report = await linesOf(name, [memoryFile(name, stored, chunkBytes)]).forEach((bytes, start, end) => {
    lines.push(bytes.toString('utf8', start, end));
  });
  return { lines, torn: report.torn.length };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'nothing thrown',
    (thrown: unknown) => thrown,
  );
  return error instanceof EventLogError ? error.code : String(error);
}

describe('eventlog/bytes/codec', () => {
  it('knows the codec behind .inprogress and .compact', () => {
    const named = [
      'a',
      'a.inprogress',
      'a.zstd',
      'a.lz4.inprogress',
      'events_4_a.snappy.compact',
      'a.lzf',
      'a.gz',
      'a.constructor',
    ];

    expect(named.map(codecOfName)).to.deep.equal(['none', 'none', 'zstd', 'lz4', 'snappy', 'lzf', 'gzip', 'none']);
  });

  it('knows each codec by its first bytes', () => {
    expect(NAMES.map((name) => codecOfBytes(fixture(name).subarray(0, 64)))).to.deep.equal([
      'none',
      'zstd',
      'lz4',
      'snappy',
      'lzf',
      'gzip',
    ]);
  });

  for (const name of NAMES) {
    it(`reads the 24 lines of ${name}, written by Spark's own codec, in chunks of 1, 7, 1000 and 65536 bytes`, async () => {
      const expected = fixture('app').toString('utf8').trimEnd().split('\n');
      expect(expected).to.have.length(24);

      for (const chunkBytes of [1, 7, 1000, 65_536]) {
        expect(await linesIn(name, fixture(name), chunkBytes)).to.deep.equal({ lines: expected, torn: 0 });
      }
    });

    it(`believes the bytes of ${name} and not a wrong name`, async () => {
      for (const wrong of ['log', 'log.zstd', 'log.snappy']) {
        expect((await linesIn(wrong, fixture(name))).lines).to.have.length(24);
      }
    });

    it(`gives a prefix of the lines, and no error, when ${name} is cut at any byte`, async function () {
      this.timeout(60_000);
      const whole = (await linesIn(name, fixture(name))).lines;
      const stored = fixture(name);
      const step = name === 'app' ? 7 : 1;

      let most = 0;
      for (let cut = 0; cut < stored.length; cut += step) {
        const { lines } = await linesIn(name, stored.subarray(0, cut));
        // Once a line is there it never disappears when more bytes come.
        expect(lines.length, `cut at ${cut}`).to.be.at.least(most);
        expect(whole.slice(0, lines.length), `cut at ${cut}`).to.deep.equal(lines);
        most = lines.length;
      }
      // What lacks when the last byte does: lz4 and snappy hold a block, the others at most one line.
      expect(most).to.be.at.least(20);
    });
  }

  it('refuses what is no event log, with the reason', async () => {
    expect(await codeOf(linesIn('notes.parquet', Buffer.from('PAR1\u0000\u0001')))).to.equal('EVENT_LOG_CODEC');
    expect(await codeOf(linesIn('a.lz4', Buffer.from('\u0004"M\u0018 the lz4 frame format')))).to.equal(
      'EVENT_LOG_CODEC',
    );
  });

  it('reads an empty file as no lines', async () => {
    expect(await linesIn('a.zstd.inprogress', Buffer.alloc(0))).to.deep.equal({ lines: [], torn: 0 });
  });

  describe('round trips', () => {
    // Few letters, so that there are matches of all lengths and distances.
    const text = fc
      .array(fc.oneof(fc.string({ maxLength: 80 }), fc.constantFrom('abc', 'abcabcabcabc', 'Event', '0'.repeat(700))), {
        maxLength: 60,
      })
      .map((parts) => Buffer.from(parts.join('')));
    const chunkBytes = fc.integer({ min: 1, max: 3000 });
    const blockBytes = fc.constantFrom(64, 1000, 4096);
    const encoders: Record<string, [Codec, (bytes: Buffer, block: number) => Buffer]> = {
      'lz4 blocks': ['lz4', (bytes, block) => encodeLz4Stream(bytes, block)],
      'raw lz4 blocks': ['lz4', (bytes, block) => encodeLz4Stream(bytes, block, true)],
      'snappy chunks': ['snappy', (bytes, block) => encodeSnappyStream(bytes, block)],
      'lzf chunks': ['lzf', (bytes, block) => encodeLzfStream(bytes, block)],
      'raw lzf chunks': ['lzf', (bytes, block) => encodeLzfStream(bytes, block, true)],
      'two lz4 streams': [
        'lz4',
        (bytes, block) =>
          Buffer.concat([encodeLz4Stream(bytes.subarray(0, 9), block), encodeLz4Stream(bytes.subarray(9), block)]),
      ],
      'two snappy streams': [
        'snappy',
        (bytes, block) =>
          Buffer.concat([
            encodeSnappyStream(bytes.subarray(0, 9), block),
            encodeSnappyStream(bytes.subarray(9), block),
          ]),
      ],
      'two zstd frames and a skippable one': [
        'zstd',
        (bytes, block) => {
          const skippable = Buffer.from('5f2a4d18030000005a5a5a', 'hex');
          return Buffer.concat([
            zstdCompressSync(bytes.subarray(0, block)),
            skippable,
            zstdCompressSync(bytes.subarray(block)),
          ]);
        },
      ],
      'two gzip members': [
        'gzip',
        (bytes, block) => Buffer.concat([gzipSync(bytes.subarray(0, block)), gzipSync(bytes.subarray(block))]),
      ],
    };
    for (const [name, [codec, encode]] of Object.entries(encoders)) {
      it(`${name}: what was encoded comes back`, async () => {
        await fc.assert(
          fc.asyncProperty(text, blockBytes, chunkBytes, async (bytes, block, chunk) => {
            expect((await decoded(codec, encode(bytes, block), chunk)).equals(bytes)).to.equal(true);
          }),
        );
      });
    }

    it('a zstd frame of 20 MB, too large for one call, comes back through the stream', async () => {
      const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => `{"n":${i * 7919}}\n`).join(''));
      const stored = Buffer.concat([zstdCompressSync(bytes), zstdCompressSync(Buffer.from('{"last":1}\n'))]);

      const hash = createHash('sha256');
      for await (const chunk of decode('zstd', memoryFile('x', stored).open())) hash.update(chunk);

      expect(hash.digest('hex')).to.equal(createHash('sha256').update(bytes).update('{"last":1}\n').digest('hex'));
    });
  });

  it('hashes as the xxHash specification says', () => {
    // Vectors from the specification's own sanity check: empty input with seeds 0 and PRIME32_1, and "Nobody inspects the spammish repetition".
    const repetition = Buffer.from('Nobody inspects the spammish repetition');

    expect(xxhash32(Buffer.alloc(0), 0, 0, 0)).to.equal(0x02cc5d05);
    expect(xxhash32(Buffer.alloc(0), 0, 0, 0x9e3779b1)).to.equal(0x36b78ae7);
    expect(xxhash32(repetition, 0, repetition.length, 0)).to.equal(0xe2293b2f);
  });

  describe('damage', () => {
    it('is never read as another log: any changed byte gives an error, a prefix, or lines that differ', async () => {
      const decoders: [string, Codec][] = [
        ['app.zstd', 'zstd'],
        ['app.lz4', 'lz4'],
        ['app.snappy', 'snappy'],
        ['app.lzf', 'lzf'],
        ['app.gz', 'gzip'],
      ];
      for (const [name, codec] of decoders) {
        await fc.assert(
          fc.asyncProperty(fc.nat(fixture(name).length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
            const stored = Buffer.from(fixture(name));
            stored[at] = stored[at]! ^ change;

            const outcome = await decoded(codec, stored).catch((error: unknown) => error);

            if (!Buffer.isBuffer(outcome)) expect(outcome).to.be.instanceOf(EventLogError);
            // lz4 carries a checksum in every block, so there a wrong byte cannot pass.
            else if (codec === 'lz4') expect(fixture('app').subarray(0, outcome.length).equals(outcome)).to.equal(true);
          }),
        );
      }
    });

    it('is reported with file, line and byte', async () => {
      const stored = fixture('app.lz4');
      const second = stored.indexOf('LZ4Block', 1, 'latin1');
      stored[second + 30] = stored[second + 30]! ^ 1;

      const error: unknown = await linesIn('app.lz4', stored).catch((thrown: unknown) => thrown);

      expect(error).to.be.instanceOf(EventLogError);
      const { code, details } = error as EventLogError;
      expect(code).to.equal('EVENT_LOG_DAMAGED');
      expect(details).to.include({ codec: 'lz4', offset: second, file: 'app.lz4' });
    });

    it('random bytes behind each magic end in a reason', async () => {
      const heads: [Codec, Buffer][] = [
        ['zstd', Buffer.from('28b52ffd', 'hex')],
        ['lz4', Buffer.from('LZ4Block')],
        ['snappy', SNAPPY_HEADER],
        ['lzf', Buffer.from('ZV\u0001')],
        ['gzip', Buffer.from('1f8b0800', 'hex')],
      ];
      for (const [codec, head] of heads) {
        await fc.assert(
          fc.asyncProperty(fc.uint8Array({ minLength: 40, maxLength: 4000 }), async (noise) => {
            const outcome = await decoded(codec, Buffer.concat([head, noise])).catch((error: unknown) => error);

            expect(Buffer.isBuffer(outcome) || outcome instanceof EventLogError).to.equal(true);
          }),
        );
      }
    });
  });

  describe('bombs', () => {
    it('a zstd bomb of 30,000 to 1 is refused with bounded memory', async function () {
      this.timeout(30_000);
      const bomb = zstdCompressSync(Buffer.alloc(200_000_000));
      expect(200_000_000 / bomb.length).to.be.above(30_000);
      const before = process.memoryUsage().rss;

      expect(await codeOf(linesIn('bomb.zstd', bomb))).to.equal('EVENT_LOG_BOMB');

      expect(process.memoryUsage().rss - before).to.be.below(300_000_000);
    });

    it('a line without end is left out, and the lines behind it are read', async () => {
      const huge = Buffer.concat([
        Buffer.from('{"first":1}\n{"x":"'),
        Buffer.alloc(70_000_000, 'y'),
        Buffer.from('"}\n{"last":1}\n'),
      ]);
      const file = memoryFile('huge', huge);
      const lines: string[] = [];

      const report = await linesOf('huge', [file]).forEach((bytes, start, end) => {
        lines.push(bytes.toString('utf8', start, end));
      });

      expect(lines).to.deep.equal(['{"first":1}', '{"last":1}']);
      expect(report.tooLong).to.deep.equal([{ file: 'huge', line: 2 }]);
    });

    it('a log above the configured size is refused, counted over its files', async () => {
      const limits = { maxLineBytes: 1000, maxDecodedBytes: 30_000, maxRatio: 250 };
      const files = [memoryFile('events_1', fixture('app')), memoryFile('events_2', fixture('app.zstd'))];

      expect(await codeOf(linesOf('two', files, { limits }).forEach(() => undefined))).to.equal('EVENT_LOG_TOO_LARGE');
    });
  });
});
