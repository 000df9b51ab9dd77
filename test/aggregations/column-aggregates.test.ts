import { expect } from 'chai';
import fc from 'fast-check';
import { aggregateRows } from '../../src/aggregations/column-aggregates.ts';
import type { ArrayAggregate, JsonObject, NumberAggregate } from '../../src/documents/documents.ts';

const NONE: ReadonlySet<string> = new Set();

function aggregate(rows: readonly JsonObject[], percentiles = NONE): ArrayAggregate {
  return aggregateRows({ rows, times: new Set(['time', 'nested.time']), percentiles });
}

describe('aggregations/column-aggregates', () => {
  // By hand.
  it('aggregates numbers over the rows that have them', () => {
    const rows = [{ a: 3 }, { a: 0 }, { a: null }, {}, { a: -1.5 }, { a: 0 }];

    expect(aggregate(rows)).to.deep.equal({
      elements_count: 6,
      a: { min: -1.5, max: 3, sum: 1.5, mean: 0.375, count_zeroes: 2, count_not_null: 4 },
    });
  });

  it('aggregates booleans over the rows that have them: a missing one drops nothing', () => {
    expect(aggregate([{ b: true }, {}, { b: false }, { b: true }])).to.deep.equal({
      elements_count: 4,
      b: { any: true, all: false, sum: 2 },
    });
    expect(aggregate([{ b: false }])).to.deep.equal({ elements_count: 1, b: { any: false, all: false, sum: 0 } });
    expect(aggregate([{ b: true }, { b: null }])).to.deep.equal({
      elements_count: 2,
      b: { any: true, all: true, sum: 1 },
    });
  });

  it('aggregates times to their first and last', () => {
    const times = ['2026-01-01T00:00:01.500000+00:00', '2026-01-01T00:00:01+00:00', '2026-01-01T00:00:02+00:00'];

    expect(aggregate(times.map((time) => ({ time })))).to.deep.equal({
      elements_count: 3,
      time: { min: times[1], max: times[2] },
    });
  });

  it('gives nested objects columns with dotted names, at any depth', () => {
    expect(
      aggregate([{ nested: { deeper: { n: 1 }, time: '2026-01-01T00:00:01+00:00' } }, { nested: { deeper: {} } }]),
    ).to.deep.equal({
      elements_count: 2,
      'nested.deeper.n': { min: 1, max: 1, sum: 1, mean: 1, count_zeroes: 0, count_not_null: 1 },
      'nested.time': { min: '2026-01-01T00:00:01+00:00', max: '2026-01-01T00:00:01+00:00' },
    });
  });

  it('has no column for text, lists, empty objects, nulls and mixed kinds', () => {
    expect(
      aggregate([
        { t: 'x', l: [1], o: {}, z: null, m: 1, time: 4 },
        { m: true, time: '2026-01-01T00:00:01+00:00' },
      ]),
    ).to.deep.equal({ elements_count: 2 });
  });

  it('is { elements_count: 0 } without rows', () => {
    expect(aggregate([])).to.deep.equal({ elements_count: 0 });
  });

  it('counts the rows even when one has a field elements_count', () => {
    expect(aggregate([{ elements_count: 7 }])).to.deep.equal({ elements_count: 1 });
  });

  it('keeps a column called __proto__', () => {
    const row = JSON.parse('{"__proto__": 1, "kills": {"__proto__": 2, "constructor": 3}}') as JsonObject;

    const json = JSON.parse(JSON.stringify(aggregate([row]))) as Record<string, NumberAggregate>;

    expect(Object.keys(json)).to.have.members(['__proto__', 'kills.__proto__', 'kills.constructor', 'elements_count']);
  });

  it('keeps every digit beyond 2^53: min, max, sum and percentiles as bigint, the mean as double', () => {
    const large = 2n ** 62n + 1n;

    expect(aggregate([{ n: large }, { n: 1 }, { n: 0 }], new Set(['n']))['n']).to.deep.equal({
      min: 0,
      max: large,
      sum: large + 1n,
      mean: Number(large + 1n) / 3,
      count_zeroes: 1,
      count_not_null: 3,
      p50: 1,
      p95: large,
    });
  });

  it('sums beyond 2^53 what stays below it row by row', () => {
    const n = Number.MAX_SAFE_INTEGER;

    expect(aggregate([{ n }, { n }, { n: 2 }])['n']).to.include({ sum: 18014398509481984n, max: n });
  });

  it('comes back to a number when a sum that went beyond 2^53 returns', () => {
    const n = Number.MAX_SAFE_INTEGER;

    expect(aggregate([{ n }, { n }, { n: -n }])['n']).to.include({ sum: n });
  });

  // Spark's rule: the sorted value at index min(floor(q * n), n - 1).
  it('takes p50 and p95 of 1…20 from the values themselves: 11 and 20', () => {
    const rows = Array.from({ length: 20 }, (_, index) => ({ n: ((index * 7) % 20) + 1 }));

    expect(aggregate(rows, new Set(['n']))['n']).to.include({ p50: 11, p95: 20 });
    expect(aggregate([{ n: 4 }], new Set(['n']))['n']).to.include({ p50: 4, p95: 4 });
  });

  describe('over any rows', () => {
    const long = fc.oneof(
      fc.integer(),
      fc.maxSafeInteger(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n }),
      fc.constant(null),
    );
    const rowsOfLongs = fc.array(fc.record({ n: long, m: fc.record({ k: long }) }, { requiredKeys: [] }), {
      maxLength: 40,
    });

    it('equals the naive computation in whole numbers without bounds', () => {
      fc.assert(
        fc.property(rowsOfLongs, (rows) => {
          const values = rows
            .map((row) => row.n)
            .filter((n) => n !== null && n !== undefined)
            .map(BigInt)
            .toSorted((a, b) => (a < b ? -1 : 1));

          const column = aggregate(rows, new Set(['n']))['n'] as NumberAggregate | undefined;

          if (values.length === 0) {
            expect(column).to.equal(undefined);
            return;
          }
          const sum = values.reduce((total, value) => total + value, 0n);
          expect(
            [column!.min, column!.max, column!.sum, column!.p50, column!.p95].map((value) => BigInt(value!)),
          ).to.deep.equal([
            values[0],
            values.at(-1),
            sum,
            values[Math.floor(values.length / 2)],
            values[Math.min(Math.floor(0.95 * values.length), values.length - 1)],
          ]);
          expect(column!.mean).to.be.closeTo(Number(sum) / values.length, Math.abs(Number(sum)) * 1e-15);
          expect(column!.count_zeroes).to.equal(values.filter((value) => value === 0n).length);
          expect(column!.count_not_null).to.equal(values.length);
        }),
      );
    });

    it('does not depend on their order', () => {
      const row = fc.record(
        {
          n: long,
          b: fc.boolean(),
          t: fc.string(),
          time: fc.constantFrom('2026-01-01T00:00:01+00:00', '2026-01-01T00:00:01.100000+00:00'),
        },
        { requiredKeys: [] },
      );
      const rowsAndOrder = fc
        .array(row, { maxLength: 30 })
        .chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })));
      fc.assert(
        fc.property(rowsAndOrder, ([rows, shuffled]) => {
          expect(aggregate(shuffled, new Set(['n']))).to.deep.equal(aggregate(rows, new Set(['n'])));
        }),
      );
    });
  });
});
