import { expect } from 'chai';
import fc from 'fast-check';
import { packRows, unpackRows } from '../../../src/eventlog/replay/packed-rows.ts';
import { packText, unpackText } from '../../../src/eventlog/replay/packed-text.ts';
import { unpackRun } from '../../../src/eventlog/replay/packed-run.ts';
import { LogReplay } from '../../../src/eventlog/replay/replay.ts';
import { type ArchivedRow, RowArchive } from '../../../src/eventlog/replay/row-archive.ts';
import { testSeed } from '../../faults/test-seed.ts';
import { logOf, pushLines, readFixture } from './support.ts';

const SEED = testSeed('packed rows');
const json = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

describe('eventlog/replay/packed-rows', () => {
  it('gives back the rows that were packed, whatever JSON they are', () => {
    fc.assert(
      fc.property(fc.array(json), (rows) => {
        expect(unpackRows(packRows(rows))).to.deep.equal(rows);
      }),
      { seed: SEED },
    );
  });

  it('keeps whole numbers beyond 2^53, keys like __proto__, and rows of many blocks in order', () => {
    const long = [{ sum: 2n ** 60n + 1n, small: 3 }];
    const odd = [JSON.parse('{"__proto__":{"a long text":[0,0]},"constructor":null}') as unknown];
    const many = Array.from({ length: 3000 }, (_, i) => ({
      i,
      text: `text number ${i % 7}`,
      zeros: [0, 0, 0],
      é: '\u2028',
    }));

    expect(unpackRows(packRows(long))).to.deep.equal(long);
    expect(unpackRows(packRows(odd))).to.deep.equal(odd);
    expect(packRows(many).blocks.length).to.be.above(2);
    expect(unpackRows(packRows(many))).to.deep.equal(many);
  });

  it('packs texts of any length, also such as cannot be compressed', () => {
    for (const length of [0, 1, 8191, 32_768, 65_535, 65_536, 64_512, 200_000]) {
      const text = Array.from({ length }, (_, i) => String.fromCharCode(32 + ((i * 7919 + ((i * i) >> 3)) % 90))).join(
        '',
      );

      expect(unpackText(packText(text)) === text, String(length)).to.equal(true);
    }
  });
});

describe('eventlog/replay/row-archive', () => {
  it('gives back every row that was not dropped, in any order of adding, dropping and reading', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 2 }), fc.nat(), fc.nat({ max: 300_000 })), { maxLength: 60 }),
        (steps) => {
          const archive = new RowArchive();
          const kept: [ArchivedRow, unknown][] = [];
          for (const [step, which, length] of steps) {
            if (step === 1 && kept.length > 0) {
              const [dropped] = kept.splice(which % kept.length, 1);
              if (dropped !== undefined) archive.drop(dropped[0]);
            } else {
              const row = { which, text: String(which % 10).repeat(length), lines: '\n' };
              kept.push([archive.add(row), row]);
            }
            const [read, row] = kept[which % Math.max(1, kept.length)] ?? [];
            if (read !== undefined) expect(archive.get(read)).to.deep.equal(row);
          }
          for (const [archived, row] of kept) expect(archive.get(archived)).to.deep.equal(row);
        },
      ),
      { seed: SEED, numRuns: 30 },
    );
  });

  it('puts its blocks together anew when most of it was dropped, and loses nothing', () => {
    const archive = new RowArchive();
    const rows = Array.from({ length: 2000 }, (_, i) => ({ i, text: 'x'.repeat(5000) }));
    const archived = rows.map((row) => archive.add(row));

    for (const [i, row] of archived.entries()) if (i % 10 !== 3) archive.drop(row);

    expect(archived.flatMap((row, i) => (i % 10 === 3 ? [archive.get(row)] : []))).to.deep.equal(
      rows.filter(({ i }) => i % 10 === 3),
    );
  });
});

describe('eventlog/replay: a run on its way to another thread', () => {
  for (const name of ['4.0.1-retries', '3.5.7-odds-and-ends', '4.0.1-crash', '4.0.1-rolled-compacted']) {
    it(`is there what it was: ${name}`, () => {
      const replay = pushLines(new LogReplay({ lastUpdated: 5 }), readFixture(`corpus/${name}.log.br`));

      expect(unpackRun(structuredClone(replay.pack()))).to.deep.equal(replay.finish());
    });
  }

  it('is there what it was when it has no application', () => {
    const replay = pushLines(new LogReplay(), logOf([{ Event: 'SparkListenerLogStart', 'Spark Version': '4.0.1' }]));

    expect(unpackRun(structuredClone(replay.pack()))).to.deep.equal(replay.finish());
  });
});
