import { expect } from 'chai';
import { atMostEvery } from '../../src/util/at-most-every.ts';

describe('util/at-most-every', () => {
  it('lets one of five calls within a minute through, and tells the next one that four were left out', () => {
    let now = 0;
    const told: number[] = [];
    const atTimes = atMostEvery(60_000, () => now);

    for (now of [0, 1, 2, 30_000, 59_999, 60_000, 200_000]) atTimes((leftOut) => told.push(leftOut));

    expect(told).to.deep.equal([0, 4, 0]);
  });
});
