import { expect } from 'chai';
import fc from 'fast-check';
import { zstdCompressSync } from 'node:zlib';
import { memoryFile } from '../../../src/eventlog/bytes/log-file.ts';
import { linesOf } from '../../../src/eventlog/bytes/log-lines.ts';
import { type ReplayedRun, replayEventLog } from '../../../src/eventlog/replay/replay.ts';
import { EventLogError } from '../../../src/util/errors.ts';
import { testSeed } from '../../faults/test-seed.ts';
import { encodeLz4Stream } from '../bytes/encoders.ts';
import { readFixture, readJsonFixture } from './support.ts';

const SEED = testSeed('mutated logs');
const NEWLINE = 10;
/** Failures and retries; SQL; a stream. */
const LOGS = ['4.0.1-retries', '3.5.7-driver-heavy', '3.5.7-streaming'].map((name) =>
  readFixture(`corpus/${name}.log.br`).toString().trimEnd().split('\n'),
);
const MAX_MS = 5000;

/** One change of the lines of a log. Numbers are taken modulo what there is. */
type Mutation = (lines: string[]) => void;

const at = (lines: readonly unknown[], place: number): number => place % Math.max(1, lines.length);

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.nat().map(
    (place): Mutation =>
      (lines) =>
        void lines.splice(at(lines, place), 1),
  ),
  fc.tuple(fc.nat(), fc.nat()).map(([from, to]): Mutation => (lines) => {
    lines.splice(at(lines, to), 0, lines[at(lines, from)] ?? '');
  }),
  fc.tuple(fc.nat(), fc.nat()).map(([from, to]): Mutation => (lines) => {
    lines.splice(at(lines, to), 0, ...lines.splice(at(lines, from), 1));
  }),
  fc.tuple(fc.nat(), fc.nat()).map(([place, length]): Mutation => (lines) => {
    const line = lines[at(lines, place)] ?? '';
    lines[at(lines, place)] = line.slice(0, length % (line.length + 1));
  }),
  // A number of another size or kind, or anything at all, in place of a value.
  fc
    .tuple(fc.nat(), fc.nat(), fc.oneof(fc.jsonValue(), fc.bigInt()))
    .map(([place, key, value]): Mutation => (lines) => {
      const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value);
      const line = lines[at(lines, place)] ?? '';
      const values = [...line.matchAll(/(?<=":)(?:-?\d+|"[^"]*"|true|false|null|\[\]|\{\})/g)];
      const found = values[at(values, key)];
      if (found === undefined) return;
      lines[at(lines, place)] = line.slice(0, found.index) + text + line.slice(found.index + found[0].length);
    }),
  fc.tuple(fc.nat(), fc.string(), fc.jsonValue()).map(([place, key, value]): Mutation => (lines) => {
    const line = lines[at(lines, place)] ?? '';
    lines[at(lines, place)] = line.replace(/^\{/, () => `{${JSON.stringify(key)}:${JSON.stringify(value)},`);
  }),
);

const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 10 });

function flipped(bytes: Buffer, changes: readonly (readonly [number, number])[]): Buffer {
  const changed = Buffer.from(bytes);
  for (const [place, bits] of changes) changed[place % changed.length] = (changed[place % changed.length] ?? 0) ^ bits;
  return changed;
}

/** The run, or `undefined` where the log is refused with a code; anything else fails the test. */
async function replayed(name: string, bytes: Buffer): Promise<ReplayedRun | undefined> {
  const started = performance.now();
  try {
    return await replayEventLog(linesOf(name, [memoryFile(name, bytes)]), { history: true });
  } catch (error) {
    if (!(error instanceof EventLogError)) throw error;
    return undefined;
  } finally {
    expect(performance.now() - started).to.be.below(MAX_MS);
  }
}

/** Lines with something in them. */
function countLines(bytes: Buffer): number {
  let count = 0;
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    const isCarriageReturn = end - start === 1 && newline >= 0 && bytes[start] === 13;
    if (end > start && !isCarriageReturn) count++;
    start = end + 1;
  }
  return count;
}

describe('eventlog/replay: mutated logs', () => {
  const changes = fc.tuple(fc.constantFrom(...LOGS), fc.array(mutation, { minLength: 1, maxLength: 15 }));

  it('are survived, each line an event or a skipped line, and what is told stays in proportion', async () => {
    await fc.assert(
      fc.asyncProperty(changes, flips, async ([log, mutations], bits) => {
        const lines = [...log];
        for (const mutate of mutations) mutate(lines);
        const bytes = flipped(Buffer.from(lines.map((line) => `${line}\n`).join('')), bits);

        const run = await replayed('app', bytes);

        if (run === undefined) return;
        const { events, skippedLines, skippedExamples } = run.detail.quality;
        expect(events + skippedLines).to.equal(countLines(bytes));
        expect(skippedExamples.length).to.equal(Math.min(10, skippedLines));
        const { history, ...told } = run;
        expect(history?.stages.length).to.equal(told.stages.length);
        const size = JSON.stringify(told, (_, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        ).length;
        expect(size).to.be.below(4 * bytes.length + 100_000);
      }),
      { seed: SEED, numRuns: 60 },
    );
  });

  it('are survived compressed, whatever happens to a byte', async () => {
    const [retries = []] = LOGS;
    const plain = Buffer.from(retries.map((line) => `${line}\n`).join(''));
    const logs = { 'app.zstd': zstdCompressSync(plain), 'app.lz4': encodeLz4Stream(plain) };

    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.entries(logs)), flips, fc.nat(), async ([name, log], bits, end) => {
        const run = await replayed(name, flipped(log, bits).subarray(0, 100 + (end % log.length)));

        if (run !== undefined) expect(run.detail.quality.events).to.be.at.most(retries.length);
      }),
      { seed: SEED, numRuns: 40 },
    );
  });
});

interface CorpusEntry {
  readonly name: string;
  readonly servers: readonly string[];
}

const SUMS = [
  'executorRunTime',
  'executorCpuTime',
  'jvmGcTime',
  'resultSize',
  'inputBytes',
  'inputRecords',
  'outputBytes',
  'shuffleReadBytes',
  'shuffleReadRecords',
  'shuffleWriteBytes',
  'memoryBytesSpilled',
  'diskBytesSpilled',
] as const;

function sumOver(rows: readonly Readonly<Record<string, unknown>>[]): Record<string, number> {
  return Object.fromEntries(SUMS.map((name) => [name, rows.reduce((sum, row) => sum + Number(row[name]), 0)]));
}

/** The same events for a reader of JSON: keys it does not know, events it does not know, empty lines, other newlines. */
const harmless = fc.array(
  fc.oneof(
    fc.tuple(fc.nat(), fc.jsonValue()).map(([place, value]): Mutation => (lines) => {
      const line = lines[at(lines, place)] ?? '';
      lines[at(lines, place)] = line.replace(/\}$/, () => `,"Not Known":${JSON.stringify(value)}}`);
    }),
    fc.tuple(fc.nat(), fc.string()).map(([place, name]): Mutation => (lines) => {
      lines.splice(at(lines, place), 0, JSON.stringify({ Event: `com.example.${name}`, 'Stage ID': 0 }));
    }),
    fc.nat().map(
      (place): Mutation =>
        (lines) =>
          void lines.splice(at(lines, place), 0, ''),
    ),
    fc.nat().map((place): Mutation => (lines) => {
      lines[at(lines, place)] = (lines[at(lines, place)] ?? '').replace(/^\{.*$/, (line) => ` ${line} \r`);
    }),
  ),
  { maxLength: 20 },
);

// Expected values: the stages that real History Servers told, see test/fixtures/replay/README.md.
describe('eventlog/replay: sums over stages', () => {
  for (const { name, servers } of readJsonFixture('corpus/index.json') as readonly CorpusEntry[]) {
    it(`are those of the server, in REST answers and in the detail document: ${name}`, async () => {
      const lines = readFixture(`corpus/${name}.log.br`).toString().trimEnd().split('\n');
      const server = servers.at(-1) ?? '';
      const answers = readJsonFixture(`corpus/${name}.server-${server}.json.br`) as {
        readonly stages: readonly Readonly<Record<string, unknown>>[];
      };
      const expected = sumOver(answers.stages);

      await fc.assert(
        fc.asyncProperty(harmless, async (mutations) => {
          const changed = [...lines];
          for (const mutate of mutations) mutate(changed);

          const run = await replayed('app', Buffer.from(changed.map((line) => `${line}\n`).join('')));

          expect(run?.detail.quality.skippedLines).to.equal(0);
          expect(sumOver(run?.stages ?? [])).to.deep.equal(expected);
          expect(sumOver((run?.detail.stages ?? []).map(({ sums }) => sums))).to.deep.equal(expected);
        }),
        { seed: SEED, numRuns: lines.length > 1000 ? 1 : 4 },
      );
    });
  }
});
