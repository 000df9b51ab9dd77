import { expect } from 'chai';
import { ChargeBack, type ChargeBackReport, type Grouping } from '../../src/money/charge-back.ts';
import { costedRun, priceBook, type CostedRun } from './sample-cost.ts';

const DAY = 24 * 3_600_000;
const at = (day: number, hour = 12): string =>
  new Date(Date.UTC(2026, 10, day, hour)).toISOString().replace('Z', '000+00:00');
/** From the 11th to the 23rd: twelve days, as many as the series has parts. */
const PERIOD = { from: Date.UTC(2026, 10, 11), to: Date.UTC(2026, 10, 23) };

function reportOf(by: Grouping, runs: readonly CostedRun[], beforeFrom?: number): ChargeBackReport {
  const sums = new ChargeBack({ by, book: priceBook(), period: PERIOD, beforeFrom });
  for (const run of runs) sums.add(costedRun(run));
  return sums.report();
}

// A run of sample-cost.ts has 8 core-hours of which 4 idle, and costs 0.55 (run-cost.test.ts), of which 0.245 idles.
describe('money/charge-back', () => {
  it('adds up runs, core-hours, waste and cost by user, the dearest first', () => {
    const { groups, total } = reportOf('user', [
      { user: 'bob', end: at(12) },
      { user: 'alice', end: at(12) },
      { user: 'alice', end: at(13) },
    ]);

    expect(groups.map(({ group }) => group)).to.deep.equal(['alice', 'bob']);
    expect(groups[0]).to.include({ runs: 2, failedRuns: 0, coreHours: 16, wastedCoreHours: 8 });
    expect(groups[0]?.cost).to.be.closeTo(1.1, 1e-12);
    expect(groups[0]?.idleCost).to.be.closeTo(0.49, 1e-12);
    expect(total).to.include({ runs: 3, coreHours: 24 });
    expect(total.cost).to.be.closeTo(1.65, 1e-12);
  });

  it('has nobody pay for a run whose cost is not measurable, and says how many there are and why', () => {
    const { total, notMeasurable } = reportOf('tag', [
      { end: at(12) },
      { end: at(12), executors: [{ lifeMs: undefined, cores: 4 }] },
      { end: at(12), flags: ['lost_events'] },
    ]);

    // Of the run that lost events nobody knows the waste, so its 8 core-hours are no base for it either: 4 of 8.
    expect(total).to.include({ runs: 3, coreHours: 16, wastedCoreHours: 4, wastedShare: 0.5 });
    expect(total.unmeasured).to.deep.equal({ coreHours: 1, wastedCoreHours: 2, cost: 1 });
    expect(total.cost).to.be.closeTo(1.1, 1e-12);
    expect(notMeasurable).to.deep.equal([
      { what: 'cost', because: 'the life of an executor has no known end', runs: 1 },
      { what: 'idleCost', because: 'Spark dropped events of it, so work is missing', runs: 1 },
    ]);
  });

  it('splits the cost of the period into twelve parts, one for each of its days here', () => {
    const { series } = reportOf('app', [
      { end: at(11, 0) },
      { end: at(12) },
      { end: at(22) },
      { end: at(23, 0) },
    ]).total;

    expect(series.map((cost) => Math.round(cost * 100))).to.deep.equal([55, 55, 0, 0, 0, 0, 0, 0, 0, 0, 0, 110]);
  });

  it('keeps the runs of the period before apart, and a group that only was before', () => {
    const runs = [
      { user: 'alice', end: at(5) },
      { user: 'alice', end: at(6) },
      { user: 'alice', end: at(15) },
    ];
    const { groups, total } = reportOf('user', [...runs, { user: 'gone', end: at(7) }], PERIOD.from - 12 * DAY);

    expect(groups.map(({ group, runs: now, before }) => [group, now, before?.runs])).to.deep.equal([
      ['alice', 1, 2],
      ['gone', 0, 1],
    ]);
    expect(total.before?.cost).to.be.closeTo(1.65, 1e-12);
    expect(total.cost).to.be.closeTo(0.55, 1e-12);
  });

  it('counts a run as failed that wrote no end, or was followed by another attempt', () => {
    const sums = new ChargeBack({ by: 'cluster', book: priceBook(), period: PERIOD });
    const run = costedRun({ end: at(12) });
    for (const each of [
      run,
      { ...run, isFinalAttempt: false },
      { ...run, spot: { ...run.spot, status: 'incomplete' as const } },
    ])
      sums.add(each);

    expect(sums.report().groups).to.have.length(1);
    expect(sums.report().groups[0]).to.include({ group: 'main', runs: 3, failedRuns: 2 });
  });

  it('takes the queue of YARN, the namespace of Kubernetes, and none elsewhere', () => {
    const properties = [
      { spark_master: 'yarn', spark_yarn_queue: 'etl' },
      { spark_master: 'yarn' },
      { spark_master: 'k8s://https://k', spark_kubernetes_namespace: 'jobs' },
      { spark_master: 'spark://m' },
    ];
    const { groups } = reportOf(
      'queue',
      properties.map((each) => ({ end: at(12), properties: each })),
    );

    expect(groups.map(({ group }) => group).toSorted()).to.deep.equal(['default', 'etl', 'jobs', null]);
  });

  it('lists days in their order, runs without an end last', () => {
    const { groups } = reportOf('day', [{ end: null }, { end: at(13) }, { end: at(12) }, { end: at(13, 1) }]);

    expect(groups.map(({ group, runs }) => [group, runs])).to.deep.equal([
      ['2026-11-12', 1],
      ['2026-11-13', 2],
      [null, 1],
    ]);
  });
});
