import { expect } from 'chai';
import { immutableSetOrder, mutableMapOrder } from '../../../src/eventlog/replay/scala-order.ts';

const UP_TO = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('eventlog/replay/scala-order', () => {
  it('keeps the order of insertion up to four elements', () => {
    expect(immutableSetOrder([9, 3, 7, 1])).to.deep.equal([9, 3, 7, 1]);
  });

  it('orders (0 to 7).toSet as Scala 2.13 prints it', () => {
    // HashSet(0, 5, 1, 6, 2, 7, 3, 4): the order in which a 4.0.1 server lists jobs 0 to 7 of an execution.
    expect(immutableSetOrder(UP_TO(8))).to.deep.equal([0, 5, 1, 6, 2, 7, 3, 4]);
  });

  it('gives each element once, whatever collides', () => {
    const numbers = [...UP_TO(500), ...UP_TO(500).map((i) => 2 ** 31 - 1 - i * 65_537)];

    for (const scala of ['2.12', '2.13'] as const) {
      expect([...immutableSetOrder(numbers, scala)].sort((a, b) => a - b)).to.deep.equal(
        [...numbers].sort((a, b) => a - b),
      );
    }
  });

  it('orders executor ids as a mutable map of 16 buckets does: "0" to "9" by their character codes', () => {
    // "0".hashCode is 48, "driver".hashCode is -1323526104: in Java; its bucket is 4, and those of the digits are their values.
    expect(mutableMapOrder(['driver', '3', '1', '0', '2'])).to.deep.equal(['0', '1', '2', '3', 'driver']);
  });

  it('orders executors "0" and "1" the other way round for Scala 2.12', () => {
    // As a 3.5.7 server lists the executors of an RDD: see the fixture odds-and-ends.
    expect(mutableMapOrder(['0', '1'], '2.12')).to.deep.equal(['1', '0']);
  });
});
