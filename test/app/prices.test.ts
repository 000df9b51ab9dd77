import { expect } from 'chai';
import { priceAnalysis } from '../../src/app/price-analysis.ts';
import { priceSimulation, type PricedSimulation } from '../../src/app/price-simulation.ts';
import type { PriceBook } from '../../src/money/price-book.ts';
import type { Simulation } from '../../src/simulation/simulate.ts';
import { costedRun, priceBook, type CostedRun } from '../money/sample-cost.ts';

const HOUR = 3_600_000;

/** As if a run of an hour on 2 × 4 cores would take half an hour on 6 × 4 cores, each of them there for all of it. */
const SIMULATION: Simulation = {
  points: [
    {
      executors: 6,
      coresPerExecutor: 4,
      durationMs: HOUR / 2,
      durationLowMs: HOUR / 3,
      durationHighMs: HOUR,
      coreMs: 12 * HOUR,
      utilizationRatio: 0.5,
    },
  ],
  source: { executors: 2, coresPerExecutor: 4, durationMs: HOUR },
  criticalPath: [],
  assumptions: [],
  evidence: 'one-log',
  precision: 'log',
};

function priced(
  set: Record<string, string> = {},
  book: PriceBook = priceBook(),
  run: CostedRun = {},
): PricedSimulation {
  return priceSimulation(SIMULATION, costedRun(run), set, book);
}

describe('app/price-simulation', () => {
  // By hand: 12 core-hours × 0.05 = 0.60; 3 h × 9 GiB × 0.005 = 0.135; the driver half an hour of 0.06.
  it('prices 12 core-hours in containers of 9 GiB and half an hour of the driver at 0.765', () => {
    const { points, cost } = priced();

    expect(points[0]?.cost).to.be.closeTo(0.765, 1e-12);
    expect(cost).to.have.property('total').closeTo(0.55, 1e-12);
  });

  it('prices the memory that was simulated: 16 GiB make a container of 18', () => {
    // By hand: 16384 + 1638 = 18022, rounded up to 18432 MiB = 18 GiB: 3 h × 18 × 0.005 = 0.27.
    expect(priced({ 'spark.executor.memory': '16g' }).points[0]?.cost).to.be.closeTo(0.6 + 0.27 + 0.03, 1e-12);
  });

  it('prices machines where they are named', () => {
    // By hand: an executor of 4 cores takes an m5.xlarge of 4 cores and 16 GiB: 3 h × 0.2; the driver a quarter of one.
    expect(priced({}, priceBook({ executorInstance: 'm5.xlarge' })).points[0]?.cost).to.be.closeTo(0.625, 1e-12);
  });

  it('has no cost where there is none, and says why', () => {
    const { points, cost } = priced({}, priceBook(), { properties: {} });

    expect(points[0]).not.to.have.property('cost');
    expect(cost).to.deep.equal({ because: 'the Spark properties of the run are not stored' });
  });
});

const NOTHING = { low: 0, high: 0 };
const finding = { id: 'idle', title: '', severity: 'low', subject: 'run', facts: {}, fix: { text: '' } } as const;
const ANALYSIS = {
  run: 'app-1',
  name: '',
  source: 'event-log',
  durationMs: HOUR,
  findings: [],
  notMeasurable: [],
  errors: [],
  total: { timeMs: NOTHING, coreMs: NOTHING },
} as const;

describe('app/price-analysis', () => {
  it('says what smaller containers are worth, which save neither time nor cores, and nothing of larger ones', () => {
    const asking = (memory: string) => ({
      ...finding,
      savings: { basis: 'none' as const, timeMs: NOTHING, coreMs: NOTHING },
      fix: { text: '', set: { 'spark.executor.memory': memory } },
    });
    const analysis = { ...ANALYSIS, findings: [asking('4096m'), asking('16g')] };
    const { findings, total } = priceAnalysis(analysis, costedRun(), priceBook());

    // By hand: 4096 + 409 = 4505 MiB, granted as 5 GiB instead of 9: 2 h × 4 GiB × 0.005.
    expect(findings[0]?.savings.cost?.low).to.be.closeTo(0.04, 1e-12);
    expect(findings[1]?.savings).not.to.have.property('cost');
    expect(total.cost?.high).to.be.closeTo(0.04, 1e-12);
  });

  it('says what each finding is worth and never more than the 0.55 that the run cost, alone or together', () => {
    const savings = { timeMs: { low: 0, high: 0 }, coreMs: { low: 2 * HOUR, high: 100 * HOUR } };
    const analysis = {
      ...ANALYSIS,
      findings: [
        { ...finding, savings: { basis: 'estimated', ...savings } },
        { ...finding, savings: { basis: 'none', timeMs: savings.timeMs, coreMs: NOTHING } },
      ],
      total: { timeMs: savings.timeMs, coreMs: savings.coreMs },
    } as const;
    const { findings, total, cost } = priceAnalysis(analysis, costedRun(), priceBook());

    // By hand: 2 core-hours of 8 that cost 0.49.
    expect(findings[0]?.savings.cost?.low).to.be.closeTo(0.1225, 1e-12);
    expect(findings[0]?.savings.cost?.high).to.be.closeTo(0.55, 1e-12);
    expect(findings[1]?.savings).not.to.have.property('cost');
    expect(total.cost?.high).to.be.closeTo(0.55, 1e-12);
    expect(cost)
      .to.include({ currency: 'USD', hasExamplePrices: false })
      .and.to.have.property('idle')
      .closeTo(0.245, 1e-12);
  });
});
