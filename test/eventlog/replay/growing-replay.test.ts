import { expect } from 'chai';
import fc from 'fast-check';
import { zstdCompressSync } from 'node:zlib';
import { type LogFile, memoryFile } from '../../../src/eventlog/bytes/log-file.ts';
import { type LogLines, linesOf } from '../../../src/eventlog/bytes/log-lines.ts';
import { GrowingReplay } from '../../../src/eventlog/replay/growing-replay.ts';
import { type ReplayedRun, replayEventLog } from '../../../src/eventlog/replay/replay.ts';
import { testSeed } from '../../faults/test-seed.ts';
import { encodeLz4Stream } from '../bytes/encoders.ts';
import { logOf, readFixture } from './support.ts';

const SEED = testSeed('growing logs');
/** Failed tasks, a lost executor, a second stage attempt; and SQL with adaptive plans. */
const RETRIES = readFixture('corpus/4.0.1-retries.log.br');
const JOINS = readFixture('corpus/4.0.1-etl.log.br');

const START = { Event: 'SparkListenerApplicationStart', 'App Name': 'n', 'App ID': 'app-1', Timestamp: 1, User: 'u' };
const STRANGE = { Event: 'com.example.Strange' };

/** A log of one file that is there up to each of these bytes, one after another. */
function grown(log: Buffer, cuts: readonly number[], name = 'app-1.inprogress'): LogLines[] {
  return cuts.map((cut) => linesOf(name, [memoryFile(name, log.subarray(0, cut))]));
}

/** Counts the bytes that were read of it. */
function counted(name: string, bytes: Buffer): LogFile & { readonly taken: () => number } {
  const file = memoryFile(name, bytes);
  let taken = 0;
  return {
    ...file,
    taken: () => taken,
    async *open(options) {
      for await (const chunk of file.open(options)) {
        taken += chunk.length;
        yield chunk;
      }
    },
  };
}

/** Reads it as it grows, and holds each answer against a replay of the same bytes from the first line. */
async function expectSameAsWhole(readings: readonly LogLines[]): Promise<ReplayedRun | undefined> {
  const growing = new GrowingReplay();
  let run: ReplayedRun | undefined;
  for (const [i, lines] of readings.entries()) {
    run = await growing.read(lines, { lastUpdated: 1000 + i });

    expect(run).to.deep.equal(await replayEventLog(lines, { lastUpdated: 1000 + i }));
  }
  return run;
}

/** Up to five places before the end, and the end. */
const cutsOf = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat({ max: length }), { maxLength: 5 }).map((cuts) => [...cuts.sort((a, b) => a - b), length]);

// Expected values: the replay of the same bytes from their beginning, which is held against Spark's own answers elsewhere.
describe('eventlog/replay: a log read on from where it was', () => {
  for (const [name, log] of [
    ['retries', RETRIES],
    ['etl', JOINS],
  ] as const) {
    it(`tells at any cut of ${name} what a replay from the first line tells`, async () => {
      await fc.assert(
        fc.asyncProperty(cutsOf(log.length), async (cuts) => {
          await expectSameAsWhole(grown(log, cuts));
        }),
        { numRuns: 12, seed: SEED },
      );
    });
  }

  it('does so in compressed logs, cut between and inside of frames', async () => {
    const parts = [0, 1, 2, 3].map((i) =>
      RETRIES.subarray((i * RETRIES.length) / 4, Math.floor(((i + 1) * RETRIES.length) / 4)),
    );
    const logs = {
      'app.zstd.inprogress': Buffer.concat(parts.map((part) => zstdCompressSync(part))),
      'app.lz4.inprogress': encodeLz4Stream(RETRIES),
    };

    for (const [name, log] of Object.entries(logs)) {
      await fc.assert(
        fc.asyncProperty(cutsOf(log.length - 64), async (cuts) => {
          await expectSameAsWhole(
            grown(
              log,
              cuts.map((cut) => cut + 64),
              name,
            ),
          );
        }),
        { numRuns: 8, seed: SEED },
      );
    }
  });

  it('goes on into the next files of a rolling log', async () => {
    await fc.assert(
      fc.asyncProperty(cutsOf(RETRIES.length), fc.nat({ max: RETRIES.length }), async (cuts, at) => {
        const border = RETRIES.lastIndexOf(10, at) + 1;

        await expectSameAsWhole(
          cuts.map((cut) =>
            linesOf('app', [
              memoryFile('events_1_app', RETRIES.subarray(0, Math.min(cut, border))),
              ...(cut > border ? [memoryFile('events_2_app', RETRIES.subarray(border, cut))] : []),
            ]),
          ),
        );
      }),
      { numRuns: 10, seed: SEED },
    );
  });

  it('reads 1 of 100 parts when 1 of 100 parts was added', async () => {
    const before = Math.floor(RETRIES.length * 0.99);
    const growing = new GrowingReplay();
    await growing.read(linesOf('app', [memoryFile('app.inprogress', RETRIES.subarray(0, before))]));
    const rest = counted('app', RETRIES);

    const run = await growing.read(linesOf('app', [rest]));

    expect(run).to.deep.equal(await replayEventLog(linesOf('app', [memoryFile('app', RETRIES)])));
    expect(rest.taken()).to.be.below(RETRIES.length * 0.02);
  });

  it('takes a last line that is whole but for its newline once', async () => {
    const log = logOf([START, STRANGE, STRANGE]);
    const [first, second] = [log.indexOf(10), log.indexOf(10, log.indexOf(10) + 1)];

    const run = await expectSameAsWhole(grown(log, [first, first + 1, second, second, second + 1, log.length]));

    expect(run?.detail.quality).to.deep.include({ events: 3, skippedLines: 0 });
  });

  it('takes back what it said of a line that was cut when it is whole', async () => {
    const log = Buffer.concat([logOf([START]), Buffer.from('{"Event":\n'), logOf([STRANGE])]);
    const growing = new GrowingReplay();
    const [cut] = grown(log, [log.length - 5]);
    const [whole] = grown(log, [log.length]);

    const partial = (await growing.read(cut!)).detail.quality;
    const final = (await growing.read(whole!)).detail.quality;

    expect(partial).to.deep.include({ events: 1, skippedLines: 2 });
    expect(partial.skippedExamples[1]).to.equal('app-1.inprogress:3 The last line is cut');
    expect(final).to.deep.include({ events: 2, skippedLines: 1 });
  });

  it('starts again when the log is another one: rewritten, shorter, compacted, or its last line went on', async () => {
    const one = logOf([START, ...Array.from({ length: 9 }, () => STRANGE)]);
    const other = logOf([{ ...START, 'App ID': 'app-2' }, ...Array.from({ length: 99 }, () => ({ Event: 'other' }))]);
    const file = (name: string, bytes: Buffer): LogLines => linesOf('log', [memoryFile(name, bytes)]);

    await expectSameAsWhole([file('a', one), file('a', other), file('a', other.subarray(0, 2000)), file('a', one)]);
    await expectSameAsWhole([file('events_1_a', other), file('events_1_a.compact', one)]);
    await expectSameAsWhole([file('a', Buffer.from('{"Event":"a"}')), file('a', Buffer.from('{"Event":"a"}{}\n'))]);
  });

  it('starts again after a reading that failed', async () => {
    const growing = new GrowingReplay();
    const limits = { maxLineBytes: 1e6, maxDecodedBytes: 100, maxRatio: 250 };
    const files = [memoryFile('a', RETRIES)];

    const failed: unknown = await growing.read(linesOf('a', files, { limits })).catch((error: unknown) => error);

    expect(failed).to.have.property('code', 'EVENT_LOG_TOO_LARGE');
    expect(growing.position).to.equal(undefined);
    expect(await growing.read(linesOf('a', files))).to.deep.equal(await replayEventLog(linesOf('a', files)));
  });
});
