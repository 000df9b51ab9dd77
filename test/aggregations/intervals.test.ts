import { expect } from 'chai';
import fc from 'fast-check';
import { someOverlap, unionLength, type Interval } from '../../src/aggregations/intervals.ts';

const interval = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }))
  .map(([start, length]): Interval => ({ start, end: start + length }));
const intervals = fc.array(interval, { maxLength: 12 });

describe('aggregations/intervals', () => {
  // By hand.
  it('measures the union of [0,10], [5,15], [20,21] and [2,3] as 16 ms', () => {
    expect(
      unionLength([
        { start: 20, end: 21 },
        { start: 5, end: 15 },
        { start: 2, end: 3 },
        { start: 0, end: 10 },
      ]),
    ).to.equal(16);
  });

  it('measures no interval as 0 ms', () => {
    expect(unionLength([])).to.equal(0);
    expect(unionLength([{ start: 4, end: 4 }])).to.equal(0);
  });

  it('counts the milliseconds that some interval covers, as ticking through them does', () => {
    fc.assert(
      fc.property(intervals, (some) => {
        let covered = 0;
        for (let tick = 0; tick < 100; tick++)
          if (some.some(({ start, end }) => start <= tick && tick < end)) covered++;

        expect(unionLength(some)).to.equal(covered);
      }),
    );
  });

  it('does not take touching for overlapping', () => {
    expect(
      someOverlap([
        { start: 0, end: 10 },
        { start: 10, end: 20 },
      ]),
    ).to.equal(false);
    expect(
      someOverlap([
        { start: 0, end: 10 },
        { start: 9, end: 20 },
      ]),
    ).to.equal(true);
    expect(someOverlap([{ start: 0, end: 10 }])).to.equal(false);
    expect(someOverlap([])).to.equal(false);
  });

  it('sees that a long interval still runs when a third one starts', () => {
    expect(
      someOverlap([
        { start: 0, end: 100 },
        { start: 100, end: 101 },
        { start: 50, end: 50 },
      ]),
    ).to.equal(true);
  });

  it('says for any intervals longer than nothing whether two of them share a millisecond', () => {
    fc.assert(
      fc.property(intervals, (some) => {
        const lasting = some.filter(({ start, end }) => end > start);
        const sharing = lasting.some((left, i) =>
          lasting.some((right, j) => i < j && left.start < right.end && right.start < left.end),
        );

        expect(someOverlap(lasting)).to.equal(sharing);
      }),
    );
  });

  it('does not depend on their order', () => {
    const withOrder = intervals.chain((some) =>
      fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length })),
    );
    fc.assert(
      fc.property(withOrder, ([some, shuffled]) => {
        expect([unionLength(shuffled), someOverlap(shuffled)]).to.deep.equal([unionLength(some), someOverlap(some)]);
      }),
    );
  });
});
