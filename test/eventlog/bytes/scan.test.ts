import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type LogFile, memoryFile } from '../../../src/eventlog/bytes/log-file.ts';
import { endInTail, scanEnd, scanStart, searchEnd, startInHead } from '../../../src/eventlog/bytes/scan.ts';
import { EventLogError } from '../../../src/util/errors.ts';
import { encodeLz4Stream, encodeLzfStream, encodeSnappyStream } from './encoders.ts';

const FIXTURES = new URL('../../fixtures/event-logs/codecs/', import.meta.url);

/** What Spark's own server answers for this log (`one_app_multi_attempt_json_expectation.json` of its test resources). */
const EXPECTED_START = {
  appId: 'local-1426533911241',
  name: 'Spark shell',
  user: 'irashid',
  attemptId: '1',
  startTime: 1426533910242,
  sparkVersion: '',
};
const EXPECTED_END = { endTime: 1426533945177 };

/** Counts the bytes that are read. */
function counted(file: LogFile): { file: LogFile; read: () => number } {
  let bytes = 0;
  return {
    file: {
      ...file,
      async *open(options) {
        for await (const chunk of file.open(options)) {
          bytes += chunk.length;
          yield chunk;
        }
      },
    },
    read: () => bytes,
  };
}

/** A log of many megabytes whose text barely repeats, so that it stays large in every codec. */
function longLog(end: string): Buffer {
  let seed = 7;
  const noise = (): string => ((seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647).toString(36);
  const start = [
    '{"Event":"SparkListenerLogStart","Spark Version":"3.5.7"}',
    '{"Event":"SparkListenerApplicationStart","App Name":"long","App ID":"app-1","Timestamp":1000,"User":"u"}',
  ];
  const middle = Array.from({ length: 120_000 }, () => `{"Event":"X","a":"${noise()}${noise()}"}`);
  return Buffer.from([...start, ...middle, end, ''].join('\n'));
}

describe('eventlog/bytes/scan', () => {
  for (const name of ['app', 'app.zstd', 'app.lz4', 'app.snappy', 'app.lzf', 'app.gz']) {
    it(`reads start and end of ${name} as Spark's server tells them`, async () => {
      const file = memoryFile(name, readFileSync(new URL(name, FIXTURES)));

      expect(await scanStart([file])).to.deep.equal(EXPECTED_START);
      expect(await scanEnd(file)).to.deep.equal(name === 'app.gz' ? 'unknown' : EXPECTED_END);
      expect(await searchEnd([file])).to.deep.equal(EXPECTED_END);
    });
  }

  describe('of a log of several megabytes', () => {
    const end = '{"Event":"SparkListenerApplicationEnd","Timestamp":2000}';
    const plain = longLog(end);
    const split = (bytes: Buffer): Buffer[] =>
      Array.from({ length: Math.ceil(bytes.length / 10_000) }, (_, i) => bytes.subarray(i * 10_000, (i + 1) * 10_000));
    const encoded: Record<string, () => Buffer> = {
      none: () => plain,
      zstd: () => Buffer.concat(split(plain).map((part) => zstdCompressSync(part))),
      lz4: () => encodeLz4Stream(plain, 32_768),
      snappy: () => encodeSnappyStream(plain, 32_768),
      lzf: () => encodeLzfStream(plain, 32_768),
    };
    for (const [codec, encode] of Object.entries(encoded)) {
      it(`${codec}: needs less than 300 KB of the file`, async function () {
        this.timeout(20_000);
        const { file, read } = counted(memoryFile('log', encode()));
        expect(file.size).to.be.above(1_000_000);

        expect((await scanStart([file])).appId).to.equal('app-1');
        expect(await scanEnd(file)).to.deep.equal({ endTime: 2000 });

        expect(read()).to.be.below(300_000);
      });
    }

    it('a single frame or gzip has no readable tail: the end is unknown, and found by reading all', async () => {
      for (const stored of [zstdCompressSync(plain), gzipSync(plain)]) {
        const file = memoryFile('log', stored);

        expect(await scanEnd(file)).to.equal('unknown');
        expect(await searchEnd([file])).to.deep.equal({ endTime: 2000 });
      }
    });
  });

  it('parses JSON as JSON: blanks, key order and escapes do not matter, and a mention is no event', async () => {
    const log = [
      '{"Event":"Other","text":"SparkListenerApplicationStart SparkListenerApplicationEnd"}',
      ' { "App Name" : "\\u0041 \\"b\\"" , "User":"u","Timestamp" : 5 , "App ID" : "x" , "Event" : "SparkListenerApplicationStart" } ',
      '{"Timestamp": 9, "Event" : "SparkListenerApplicationEnd"}',
      '{"Event":"Other","text":"SparkListenerApplicationEnd"}',
    ].join('\n');
    const file = memoryFile('log', Buffer.from(log));

    expect(await scanStart([file])).to.deep.include({ name: 'A "b"', appId: 'x', startTime: 5 });
    expect(await scanEnd(file)).to.deep.equal({ endTime: 9 });
  });

  it('finds in bytes that are in memory what reading the file finds, or nothing', async () => {
    const start = '{"Event":"SparkListenerApplicationStart","App Name":"n","App ID":"x","Timestamp":5,"User":"u"}';
    const version = (v: string): string => `{"Event":"SparkListenerLogStart","Spark Version":"${v}"}`;
    const mention =
      '{"Event":"X","a":"SparkListenerApplicationStart SparkListenerLogStart SparkListenerApplicationEnd"}';
    const end = '{"Event":"SparkListenerApplicationEnd","Timestamp":9}';
    const logs = [
      [version('3.5.7'), start, end],
      [mention, version('1'), version('2'), mention, start, version('3'), end, mention],
      ['', ` ${version('4.0.1')}`, ` ${start}`, end, '{"Event":"Y"}'],
      [start, `${end}{`, end.replace('9', '8')],
    ].map((lines) => Buffer.from(lines.join('\n') + '\n'));

    for (const log of logs) {
      const file = memoryFile('log', log);
      expect(startInHead('log', log)).to.deep.equal(await scanStart([file]));
      expect(endInTail(log, Buffer.alloc(0))).to.deep.equal(await scanEnd(file));
      expect(endInTail(log, log.subarray(-300))).to.deep.equal(await scanEnd(file));
    }
    // A cut line may go on: only the file can tell. A codec has to be decoded.
    expect(startInHead('log', Buffer.from(`${version('1')}\n${start}`))).to.equal(undefined);
    expect(startInHead('log', gzipSync(logs[0]!))).to.equal(undefined);
    expect(endInTail(gzipSync(logs[0]!), logs[0]!)).to.equal(undefined);
  });

  it('gives up on an end of kilobytes that decodes to a hundred megabytes', async () => {
    // 900 bytes that stand for 100 MiB: zstd's blocks of one repeated byte.
    const tail = Buffer.concat([
      Buffer.from('28b52ffd0058', 'hex'),
      ...Array.from({ length: 800 }, (_, n) => Buffer.from([n === 799 ? 3 : 2, 0, 16, 65])),
    ]);
    const started = performance.now();

    expect(await scanEnd(memoryFile('a.zstd', tail))).to.equal('unknown');
    expect(performance.now() - started).to.be.below(5000);
  });

  it('finds the application behind a first event of 3 MB', async () => {
    const environment = `{"Event":"SparkListenerEnvironmentUpdate","x":"${'e'.repeat(3_000_000)}"}`;
    const start = '{"Event":"SparkListenerApplicationStart","App Name":"n","App ID":"big","Timestamp":1,"User":"u"}';

    expect((await scanStart([memoryFile('log', Buffer.from(`${environment}\n${start}\n`))])).appId).to.equal('big');
  });

  it('says none for a log that is cut before its end, whatever its name', async () => {
    for (const name of ['app', 'app.zstd', 'app.lz4', 'app.lzf']) {
      const stored = readFileSync(new URL(name, FIXTURES));

      expect(await scanEnd(memoryFile(name, stored.subarray(0, stored.length * 0.8)))).to.equal('none');
    }
    // Snappy's chunks have no magic, so a cut tail cannot be entered.
    const snappy = readFileSync(new URL('app.snappy', FIXTURES));
    const cut = memoryFile('app.snappy', snappy.subarray(0, snappy.length * 0.8));
    expect(await scanEnd(cut)).to.equal('unknown');
    expect(await searchEnd([cut])).to.equal('none');
  });

  it('refuses a log without application, with the reason', async () => {
    const logs = [
      '',
      '{"Event":"SparkListenerLogStart"}\n',
      '{"Event":"SparkListenerApplicationStart","App Name":"n","Timestamp":1}\n',
      '{"Event":"SparkListenerApplicationStart","App ID":"x","Timestamp":1e300}\n',
    ];
    for (const log of logs) {
      const error: unknown = await scanStart([memoryFile('log', Buffer.from(log))]).catch((thrown: unknown) => thrown);

      expect(error).to.be.instanceOf(EventLogError).with.property('code', 'EVENT_LOG_NO_APPLICATION');
    }
  });
});
