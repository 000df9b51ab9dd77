import { expect } from 'chai';
import type { Billing } from '../../src/money/price-book.ts';
import { pricePerMs } from '../../src/setter/cost.ts';
import type { Configuration } from '../../src/setter/history-run.ts';
import { priceBook } from '../money/sample-cost.ts';

const HOUR = 3_600_000;
const CONFIGURATION: Configuration = {
  executors: 6,
  coresPerExecutor: 4,
  memoryMib: 8192,
  shufflePartitions: 200,
  driverCores: 1,
  driverMemoryMib: 1024,
  isDynamic: false,
};

function perHour(configuration: Partial<Configuration>, billing: Billing, cluster?: string): number {
  const book = priceBook({}, { clusters: new Map([['prod', billing]]) });
  const prices = { vcpu_hour: 9, gib_hour: 9, currency: 'USD', book, cluster };
  return pricePerMs({ ...CONFIGURATION, ...configuration }, 'emr', prices) * HOUR;
}

describe('setter/cost with a price book', () => {
  const EMR: Billing = { executorInstance: 'm5.4xlarge', service: 'emr' };

  it('prices the part of a machine that each executor takes, as the cluster is charged', () => {
    // By hand (run-cost.test.ts): a quarter of 0.8 + 0.2 for each of 6 executors, a sixteenth for the driver.
    expect(perHour({}, EMR, 'prod')).to.be.closeTo(1.5 + 0.0625, 1e-9);
  });

  it('prices cores and memory by the book elsewhere', () => {
    // By hand: 25 cores × 0.05; 8192 × 1.1875 = 9728 MiB = 9.5 GiB for each of 6, 1408 MiB = 1.375 GiB for the driver.
    expect(perHour({}, EMR)).to.be.closeTo(1.25 + (6 * 9.5 + 1.375) * 0.005, 1e-9);
  });

  it('has no finite price for what does not fit on the machine that is paid', () => {
    expect(perHour({ coresPerExecutor: 32 }, EMR, 'prod')).to.equal(Infinity);
  });
});
