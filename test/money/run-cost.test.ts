import { expect } from 'chai';
import fc from 'fast-check';
import { isNotMeasurable, type NotMeasurable } from '../../src/money/measurable.ts';
import { runCost, type RunCost } from '../../src/money/run-cost.ts';
import type { PriceBook } from '../../src/money/price-book.ts';
import { costedRun, priceBook, type CostedRun } from './sample-cost.ts';

const HOUR = 3_600_000;
const GIB = 2 ** 30;
const SEEN = { date: '2026-11-21', source: 'a test' };

function costOf(run: CostedRun, book: PriceBook = priceBook()): RunCost {
  const cost = runCost(costedRun(run), book);
  if (isNotMeasurable(cost)) throw new Error(cost.because);
  return cost;
}

function whyNot(run: CostedRun, book: PriceBook = priceBook()): string {
  const cost: RunCost | NotMeasurable = runCost(costedRun(run), book);
  return isNotMeasurable(cost) ? cost.because : `it costs ${cost.total}`;
}

describe('money/run-cost', () => {
  // By hand. A container of YARN for 8 GiB: 8192 + 819 = 9011, rounded up to 9216 MiB = 9 GiB; the driver's for 1 GiB:
  // 1024 + 384 = 1408, rounded up to 2048 MiB = 2 GiB.
  // Executors: 8 core-hours × 0.05 = 0.40, 18 GiB-hours × 0.005 = 0.09. Driver: 0.05 + 2 × 0.005 = 0.06.
  it('charges 0.49 for two executors and 0.06 for the driver of an hour on YARN', () => {
    const { executors, driver, total, onDemand, lines } = costOf({});

    expect(executors).to.be.closeTo(0.49, 1e-12);
    expect(driver).to.be.closeTo(0.06, 1e-12);
    expect(total).to.be.closeTo(0.55, 1e-12);
    expect(onDemand).to.equal(total);
    expect(lines.map(({ of, resource, quantity, unit }) => `${of} ${resource} ${quantity} ${unit}`)).to.deep.equal([
      'executors compute 8 vCPU-hours',
      'executors memory 18 GiB-hours',
      'driver compute 1 vCPU-hours',
      'driver memory 2 GiB-hours',
    ]);
  });

  it('calls half of the executors idle when tasks ran in 4 of 8 core-hours, and none when each task takes two cores', () => {
    expect(costOf({}).idle).to.be.closeTo(0.245, 1e-12);
    const properties = { spark_master: 'yarn', spark_executor_memory: 8 * GIB, spark_task_cpus: '2' };
    expect(costOf({ properties }).idle).to.equal(0);
  });

  // Dynamic allocation. By hand: lives of 1 h, 30 min and 15 min of 4, 4 and 2 cores are 4 + 2 + 0.5 = 6.5 core-hours = 0.325;
  // 1.75 h × 9 GiB × 0.005 = 0.07875.
  it('charges each executor for its own life and cores', () => {
    const executors = [
      { lifeMs: HOUR, cores: 4 },
      { lifeMs: HOUR / 2, cores: 4 },
      { lifeMs: HOUR / 4, cores: 2 },
    ];

    expect(costOf({ executors }).executors).to.be.closeTo(0.325 + 0.07875, 1e-12);
  });

  it('counts overhead, off-heap and Python memory where they are set', () => {
    // By hand: 8192 + 2048 + 1024 + 512 = 11776 MiB, rounded up to 12288 = 12 GiB.
    const properties = {
      spark_master: 'yarn',
      spark_executor_memory: 8 * GIB,
      spark_executor_memoryOverhead: 2 * GIB,
      spark_memory_offHeap_enabled: 'true',
      spark_memory_offHeap_size: '1g',
      spark_executor_pyspark_memory: GIB / 2,
    };

    expect(costOf({ properties }).lines[1]?.quantity).to.equal(24);
  });

  it('rounds nothing on Kubernetes, gives Python 40 % there, and no overhead on a standalone cluster', () => {
    const memory = { spark_executor_memory: 10 * GIB };
    const gib = (properties: Record<string, string | number>): number | undefined =>
      costOf({ properties: { ...memory, ...properties } }).lines[1]?.quantity;

    // By hand, two executors for an hour: 10240 + 1024 = 11264 MiB = 11 GiB; 10240 + 4096 = 14 GiB; 10 GiB.
    expect(gib({ spark_master: 'k8s://https://k:6443' })).to.equal(22);
    expect(gib({ spark_master: 'k8s://https://k:6443', spark_kubernetes_resource_type: 'python' })).to.equal(28);
    expect(gib({ spark_master: 'spark://m:7077' })).to.equal(20);
    // The price book knows better: 10240 × 0.1875 = 1920; 12160 is a multiple of 32.
    const properties = { ...memory, spark_master: 'yarn' };
    expect(costOf({ properties }, priceBook({ platform: 'emr' })).lines[1]?.quantity).to.equal((2 * 12160) / 1024);
  });

  it('reads a bare number as Spark does, in MiB', () => {
    const properties = { spark_master: 'spark://m:7077', spark_executor_memory: 4096 };

    expect(costOf({ properties }).lines[1]?.quantity).to.equal(8);
  });

  it('takes the driver for the executor in local mode, with no driver beside', () => {
    // By hand: 4 cores × 0.05 + 2 GiB × 0.005 = 0.21 for the hour; 3 of 4 core-hours busy leave a quarter.
    const { total, driver, idle } = costOf({
      executors: [],
      driverSlots: 4,
      stageRunTimeMs: 3 * HOUR,
      properties: { spark_master: 'local[4]', spark_driver_memory: 2 * GIB },
    });

    expect(total).to.be.closeTo(0.21, 1e-12);
    expect(driver).to.equal(0);
    expect(idle).to.be.closeTo(0.0525, 1e-12);
  });

  describe('on machines', () => {
    // By hand: an m5.4xlarge of EMR leaves 64 − 8 = 56 GiB to containers; 8192 × 1.1875 = 9728 MiB fit 5 times, 4 cores fit 4 times
    // into 16: each executor takes a quarter. A driver of 1 core and 1024 + 384 = 1408 MiB fits 16 times by cores.
    const emr = { executorInstance: 'm5.4xlarge', service: 'emr', platform: 'emr' } as const;

    it('charges the part of a machine that each executor takes, and EMR on top', () => {
      const { lines, total } = costOf({}, priceBook(emr));

      expect(lines.map(({ of, name, quantity, price }) => `${of} ${name} ${quantity} × ${price}`)).to.deep.equal([
        'executors m5.4xlarge 0.5 × 0.8',
        'executors EMR on m5.4xlarge 0.5 × 0.2',
        'driver m5.4xlarge 0.0625 × 0.8',
        'driver EMR on m5.4xlarge 0.0625 × 0.2',
      ]);
      expect(total).to.be.closeTo(0.5 + 0.0625, 1e-12);
    });

    it('fits executors of 4 cores 4 times into 16 of a standalone worker, and 3 times beside the kubelet', () => {
      const part = (master: string): number | undefined =>
        costOf({ properties: { spark_master: master } }, priceBook({ executorInstance: 'm5.4xlarge' })).lines[0]
          ?.quantity;

      expect(part('spark://m:7077')).to.be.closeTo(2 / 4, 1e-12);
      expect(part('k8s://https://k')).to.be.closeTo(2 / 3, 1e-12);
    });

    it('gives the driver a machine for itself when one is named for it', () => {
      expect(costOf({}, priceBook({ ...emr, driverInstance: 'm5.xlarge' })).driver).to.be.closeTo(0.25, 1e-12);
    });

    it('takes the spot discount off the machines and not off the surcharge', () => {
      // By hand: 0.5 × 0.8 × (1 − 0.6 × 0.5) + 0.5 × 0.2 = 0.28 + 0.1; the driver stays on demand: 0.0625.
      const spot = { discount: 0.6, executorShare: 0.5, hasSpotDriver: false, ...SEEN };
      const { executors, driver, onDemand } = costOf({}, priceBook({ ...emr, spot }));

      expect(executors).to.be.closeTo(0.38, 1e-12);
      expect(driver).to.be.closeTo(0.0625, 1e-12);
      expect(onDemand).to.be.closeTo(0.5625, 1e-12);
    });

    it('gives each executor of Databricks its worker, of the type that the run names, and counts DBU', () => {
      // By hand: 2 × (0.2 + 0.7 × 0.15) = 0.61, and the driver 0.8 + 2.8 × 0.15 = 1.22.
      const properties = {
        spark_master: 'spark://10.0.0.1:7077',
        spark_databricks_clusterUsageTags_clusterNodeType: 'm5.xlarge',
        spark_databricks_clusterUsageTags_driverNodeType: 'm5.4xlarge',
      };
      const { executors, driver } = costOf({ properties }, priceBook({ service: 'databricks' }));

      expect(executors).to.be.closeTo(0.61, 1e-12);
      expect(driver).to.be.closeTo(1.22, 1e-12);
      const newer = {
        spark_master: 'spark://10.0.0.1:7077',
        spark_databricks_clusterUsageTags_clusterId: '1121-x',
        spark_databricks_workerNodeTypeId: 'm5.xlarge',
      };
      expect(costOf({ properties: newer }, priceBook({ service: 'databricks' })).total).to.be.closeTo(0.915, 1e-12);
    });

    it('charges a cluster by its own terms', () => {
      const book = priceBook({}, { clusters: new Map([['north', { executorInstance: 'm5.xlarge' }]]) });
      // By hand: an m5.xlarge has 16 GiB and 4 cores: one executor of 4 cores each; the driver fits 4 times.
      expect(costOf({ cluster: 'north' }, book).total).to.be.closeTo(0.4 + 0.05, 1e-12);
      expect(costOf({ cluster: 'south' }, book).total).to.be.closeTo(0.55, 1e-12);
    });
  });

  describe('says why something is not measurable', () => {
    const lost = [{ lifeMs: undefined, cores: 4 }];
    const unequal = [
      { lifeMs: HOUR, cores: 4 },
      { lifeMs: HOUR, cores: 2 },
    ];
    const machines = priceBook({ executorInstance: 'm5.xlarge' });
    const cases: readonly (readonly [string, CostedRun, PriceBook, RegExp])[] = [
      ['an executor without an end', { executors: lost }, priceBook(), /life of an executor has no known end/],
      ['a life of negative length', { executors: [{ lifeMs: -5, cores: 1 }] }, priceBook(), /clocks disagree/],
      ['a run of negative length', { durationMs: -1 }, priceBook(), /clocks disagree/],
      ['no properties', { properties: {} }, priceBook(), /properties of the run are not stored/],
      ['an unknown master', { properties: { spark_master: 'mesos://m' } }, priceBook(), /name the platform/],
      ['resource profiles', { profileId: 1 }, priceBook(), /resource profiles/],
      ['unequal executors on machines', { executors: unequal }, machines, /2 to 4 cores/],
      ['a container too large', { executors: [{ lifeMs: 1, cores: 8 }] }, machines, /8 cores .* does not fit on a m5/],
      ['an unknown machine', {}, priceBook({ executorInstance: 'x9' }), /prices.json has no instance type x9/],
      ['no price at all', {}, priceBook({}, { gibHour: undefined }), /no price for vcpu_hour and gib_hour/],
    ];
    for (const [what, run, book, because] of cases) it(what, () => expect(whyNot(run, book)).to.match(because));

    it('of the idle part alone when events were dropped', () => {
      const { idle, total } = costOf({ flags: ['lost_events'] });

      expect(total).to.be.closeTo(0.55, 1e-12);
      expect(idle).to.deep.equal({ because: 'Spark dropped events of it, so work is missing' });
    });
  });
});

describe('money/run-cost, whatever the run', () => {
  const executor = fc.record({
    lifeMs: fc.integer({ min: 0, max: 100 * HOUR }),
    cores: fc.integer({ min: 1, max: 64 }),
  });
  const run = fc.record({
    executors: fc.array(executor, { minLength: 1, maxLength: 20 }),
    durationMs: fc.integer({ min: 0, max: 100 * HOUR }),
    taskMs: fc.integer({ min: 0, max: 10_000 * HOUR }),
  });

  it('is the sum of its lines and of executors and driver, of which no more idles than there is', () => {
    fc.assert(
      fc.property(run, (each) => {
        const { total, executors, driver, idle, lines, onDemand } = costOf(each);
        const near = Math.max(1e-9, total * 1e-9);

        expect(total).to.be.closeTo(
          lines.reduce((sum, { cost }) => sum + cost, 0),
          near,
        );
        expect(total).to.be.closeTo(executors + driver, near);
        expect(onDemand).to.be.closeTo(total, near);
        expect(idle).to.be.within(0, executors);
      }),
    );
  });

  it('costs as much as the sums of the prices by an independent formula, executor by executor', () => {
    fc.assert(
      fc.property(run, ({ executors, durationMs, taskMs }) => {
        // 9 GiB for each executor, 2 GiB and a core for the driver: see the first test.
        const hours = (ms: number): number => ms / HOUR;
        const byHand = executors.reduce(
          (sum, { lifeMs, cores }) => sum + hours(lifeMs) * (cores * 0.05 + 9 * 0.005),
          hours(durationMs) * 0.06,
        );

        expect(costOf({ executors, durationMs, taskMs }).total).to.be.closeTo(byHand, Math.max(1e-9, byHand * 1e-9));
      }),
    );
  });

  it('costs no more on the spot market, and no less for living longer', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(run, share, share, fc.boolean(), (each, discount, executorShare, hasSpotDriver) => {
        const spot = { discount, executorShare, hasSpotDriver, ...SEEN };
        const longer = { ...each, executors: each.executors.map((one) => ({ ...one, lifeMs: one.lifeMs + 1000 })) };

        expect(costOf(each, priceBook({ spot })).total).to.be.at.most(costOf(each).total + 1e-9);
        expect(costOf(longer).total).to.be.greaterThan(costOf(each).total);
      }),
    );
  });
});
