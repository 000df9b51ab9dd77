import { expect } from 'chai';
import fc from 'fast-check';
import { runCost, type RunCost } from '../../src/money/run-cost.ts';
import { savingsCost } from '../../src/money/savings-cost.ts';
import { costedRun, priceBook } from './sample-cost.ts';

const HOUR = 3_600_000;
/** An hour of eight cores for 0.49 and of a driver for 0.06: see run-cost.test.ts. */
const COST = runCost(costedRun(), priceBook()) as RunCost;

describe('money/savings-cost', () => {
  it('values a core-hour at 0.49 / 8 and an hour of the run at the 0.06 of its driver', () => {
    const { low, high } = savingsCost(
      { timeMs: { low: 0, high: HOUR / 2 }, coreMs: { low: HOUR, high: 4 * HOUR } },
      COST,
    );

    expect(low).to.be.closeTo(0.06125, 1e-12);
    expect(high).to.be.closeTo(0.245 + 0.03, 1e-12);
  });

  it('is never more than the run cost nor less than nothing, whatever is claimed', () => {
    const claim = fc.record({ low: fc.double({ noNaN: true }), high: fc.double({ noNaN: true, min: 0 }) });
    fc.assert(
      fc.property(claim, claim, (timeMs, coreMs) => {
        const { low, high } = savingsCost({ timeMs, coreMs }, COST);
        expect(low).to.be.within(0, COST.total);
        expect(high).to.be.within(0, COST.total);
      }),
    );
  });
});
