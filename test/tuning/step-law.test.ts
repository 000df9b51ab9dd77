import { expect } from 'chai';
import { fitStepLaw } from '../../src/tuning/step-law.ts';
import { GIB, runOf, START } from './sessions.ts';

const start = runOf('run-1', 600_000);

describe('tuning/step-law', () => {
  // By hand, in units of the noise 0.1: one run says of the level (prior sd 1, so weight 0.01) that it is 0 with weight 1:
  // its spread is 1/1.01 = 0.990099. The run is as believed, so the noise² is 4 × 0.01 / 5 = 0.008.
  it('believes of one run that it repeats within exp(t(0.9, 5) × sqrt(0.008 × 1.990099)) of itself', () => {
    const again = fitStepLaw([start], start).predict(start);

    expect(Math.exp(again.logMs)).to.be.closeTo(600_000, 1);
    // t(0.9, 5) = 1.4759 in any table; exp(1.4759 × 0.126177) = 1.2047.
    expect(again.upperMs(0.9) / 600_000).to.be.closeTo(1.2047, 0.0015);
  });

  // ln 2 = 0.693147: mean −0.7 × 0.693147 + 0.05 × 0.480453 = −0.461180.
  // Spread: 0.990099 + 0.480453 × 3.5² + 0.230835 × 0.8² = 0.990099 + 5.885550 + 0.147734 = 7.023383.
  // Upper: exp(−0.461180 + 1.4759 × sqrt(0.008 × 8.023383)) = exp(−0.461180 + 0.373927) = 0.91645.
  it('expects of twice the executors 0.630 of the time, and is sure of 0.916 with 90 % after one run', () => {
    const twice = fitStepLaw([start], start).predict({ ...start, configuration: { ...START, executors: 2 } });

    expect(Math.exp(twice.logMs) / 600_000).to.be.closeTo(0.6305, 0.0001);
    expect(twice.upperMs(0.9) / 600_000).to.be.closeTo(0.9165, 0.002);
  });

  it('learns that twice the executors change nothing, and then expects nothing more of four times as many', () => {
    const useless = [2, 4, 2, 4].map((executors, i) => runOf(`run-${i + 2}`, 600_000, { executors }));
    const law = fitStepLaw([start, ...useless], start);

    const eight = law.predict({ ...start, configuration: { ...START, executors: 8 } });

    expect(Math.exp(eight.logMs) / 600_000).to.be.within(0.85, 1.3);
    expect(eight.upperMs(0.9) / 600_000).to.be.above(1.1);
  });

  it('moves a run to twice the input by 2^0.9, the usual law, while nothing else is known', () => {
    expect(fitStepLaw([start], start).onInput(start, 20 * GIB)).to.be.closeTo(600_000 * 2 ** 0.9, 1);
  });

  it('does not depend on the order of the runs', () => {
    const runs = [1, 2, 3, 4].map((executors) => runOf(`run-${executors}`, 600_000 / executors, { executors }));
    const asked = { ...start, configuration: { ...START, executors: 6, shufflePartitions: 64 } };

    const forward = fitStepLaw(runs, start).predict(asked);
    const backward = fitStepLaw(runs.toReversed(), start).predict(asked);

    expect(backward.logMs).to.be.closeTo(forward.logMs, 1e-9);
    expect(backward.upperMs(0.9)).to.be.closeTo(forward.upperMs(0.9), 1e-3);
  });
});
