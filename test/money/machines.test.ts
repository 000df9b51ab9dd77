import { expect } from 'chai';
import { machinesCost, staysByDetail, staysByRows, type ExecutorStay } from '../../src/money/machines.ts';
import type { Billing } from '../../src/money/price-book.ts';
import { sampleRaw } from '../store/sample-runs.ts';
import { costedRun, priceBook } from './sample-cost.ts';

const HOUR = 3_600_000;
const EMR: Billing = { executorInstance: 'm5.4xlarge', driverInstance: 'm5.xlarge', service: 'emr', platform: 'emr' };

function costOf(stays: readonly ExecutorStay[], billing: Billing = EMR): ReturnType<typeof machinesCost> {
  return machinesCost(costedRun(), stays, priceBook(billing));
}

describe('money/machines', () => {
  it('pays a host once for the time in which any executor was on it', () => {
    // By hand: host a from 0 to 50 min (its two executors overlap), host b for 30 min: 80 min × (0.8 + 0.2) an hour, and the
    // driver's m5.xlarge for an hour: 0.25.
    const stays = [
      { host: 'a', from: 0, to: HOUR / 2 },
      { host: 'a', from: HOUR / 3, to: (HOUR * 5) / 6 },
      { host: 'b', from: HOUR / 2, to: HOUR },
    ];
    const machines = costOf(stays);

    expect(machines).to.include({ type: 'm5.4xlarge', hosts: 2, machineMs: (HOUR * 4) / 3 });
    expect(machines)
      .to.have.property('cost')
      .closeTo(4 / 3 + 0.25, 1e-9);
  });

  it('pays every stretch of a host for at least the minute that the book says', () => {
    // By hand: 10 s and 90 s on one host, an hour apart, are 60 s and 90 s.
    const stays = [
      { host: 'a', from: 0, to: 10_000 },
      { host: 'a', from: HOUR, to: HOUR + 90_000 },
    ];

    expect(costOf(stays)).to.include({ hosts: 1, machineMs: 150_000 });
  });

  it('knows no machines where none is named, on Kubernetes, without hosts or without an end', () => {
    expect(costOf([], {})).to.equal(undefined);
    expect(costOf([], { executorInstance: 'm5.4xlarge', platform: 'kubernetes' })).to.have.property('because');
    expect(costOf([{ from: 0, to: 1 }])).to.deep.equal({ because: 'the host of an executor is not known' });
    expect(costOf([{ host: 'a', from: 0 }])).to.deep.equal({ because: 'the life of an executor has no known end' });
  });

  it('reads stays from a log, and on YARN from Spark’s REST API', () => {
    const life = { cores: 4, resourceProfileId: 0 };
    const executors = [
      { id: 'driver', host: 'edge', added: 0, ...life },
      { id: '1', host: 'a', added: 5, removed: 9, ...life },
      { id: '2', host: 'b', added: 6, ...life },
    ];
    const [attempt] = sampleRaw().attempts;
    const addTime = '2026-11-21T08:16:00.000000+00:00';
    const rows = [{ id: 'driver' }, { id: '1', addTime, attributes: { NM_HOST: 'a' } }];

    expect(staysByDetail({ executors, applicationEnd: 20 })).to.deep.equal([
      { host: 'a', from: 5, to: 9 },
      { host: 'b', from: 6, to: 20 },
    ]);
    // The run ended at 08:16:27.288.
    const [stay] = staysByRows({ ...attempt, allexecutors: rows });
    expect(stay).to.include({ host: 'a' });
    expect(stay!.to! - stay!.from).to.equal(27_288);
  });
});
