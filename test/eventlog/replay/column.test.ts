import { expect } from 'chai';
import fc from 'fast-check';
import { Column } from '../../../src/eventlog/replay/column.ts';
import { ExactSums } from '../../../src/eventlog/replay/exact-sums.ts';
import { IndexSet } from '../../../src/eventlog/replay/index-set.ts';

const value = fc.oneof(fc.constant(0), fc.integer({ min: -5, max: 300 }), fc.maxSafeInteger());
const writes = fc.array(fc.tuple(fc.nat({ max: 400 }), value), { maxLength: 200 });

// Expected values: a plain array, which has no tricks.
describe('eventlog/replay/column', () => {
  it('holds what a plain array would, whatever is set in whatever order', () => {
    fc.assert(
      fc.property(writes, (cells) => {
        const column = new Column();
        const plain: number[] = [];

        for (const [row, cell] of cells) {
          column.set(row, cell);
          while (plain.length <= row) plain.push(0);
          plain[row] = cell;
        }

        expect(column.length).to.equal(plain.length);
        expect(column.toArray(plain.length)).to.deep.equal(plain);
        expect([...column.sorted(plain.length)]).to.deep.equal([...plain].sort((a, b) => a - b));
        expect([...(column.packed() ?? plain.map(() => 0))]).to.deep.equal(
          plain.slice(0, column.packed()?.length ?? plain.length),
        );
      }),
    );
  });

  it('sorts the rows that are kept', () => {
    const column = new Column();
    [5, 1, 4, 2, 3].forEach((cell, row) => {
      column.set(row, cell);
    });

    expect([...column.sorted(5, (row) => row % 2 === 0)]).to.deep.equal([3, 4, 5]);
  });
});

describe('eventlog/replay/exact-sums', () => {
  it('sums whole numbers as BigInt does', () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger()), (values) => {
        const sums = new ExactSums(1);

        for (const one of values) sums.add(0, one);

        expect(BigInt(sums.get(0))).to.equal(values.reduce((sum, one) => sum + BigInt(one), 0n));
      }),
    );
  });

  it('is a bigint only beyond 2^53', () => {
    const sums = new ExactSums(2);
    sums.add(0, Number.MAX_SAFE_INTEGER);
    sums.add(0, 1);
    sums.add(0, -1);
    sums.add(1, Number.MAX_SAFE_INTEGER);
    sums.add(1, Number.MAX_SAFE_INTEGER);

    expect(sums.get(0)).to.equal(Number.MAX_SAFE_INTEGER);
    expect(sums.get(1)).to.equal(2n ** 54n - 2n);
  });
});

describe('eventlog/replay/index-set', () => {
  it('holds what a Set would, dense and far apart', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat({ max: 500 }), fc.nat({ max: 2 ** 31 - 1 }))), (indices) => {
        const set = new IndexSet();

        for (const index of indices) set.add(index);

        expect(set.size).to.equal(new Set(indices).size);
        expect(indices.every((index) => set.has(index))).to.equal(true);
        expect(set.has(501)).to.equal(indices.includes(501));
      }),
    );
  });
});
