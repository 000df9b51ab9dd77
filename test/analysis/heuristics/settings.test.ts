import { expect } from 'chai';
import { cachedData } from '../../../src/analysis/heuristics/cached-data.ts';
import { driverMemory } from '../../../src/analysis/heuristics/driver-memory.ts';
import { dynamicAllocation } from '../../../src/analysis/heuristics/dynamic-allocation.ts';
import { executorMemory } from '../../../src/analysis/heuristics/executor-memory.ts';
import { memoryOverhead } from '../../../src/analysis/heuristics/memory-overhead.ts';
import { properties } from '../../../src/analysis/heuristics/properties.ts';
import { analyze } from '../../../src/analysis/analyze.ts';
import { factsOf, type StoredFacts } from '../../../src/analysis/facts.ts';
import type { RunDetail } from '../../../src/documents/run-detail.ts';
import { all, changeStage, even, findingsOf, node, sample, withColumns, withSql } from '../sample-facts.ts';

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

function withMemory(stored: StoredFacts, rows: readonly Readonly<Record<string, unknown>>[]): StoredFacts {
  return { ...stored, attempt: { allexecutors: rows, stages: [] } as unknown as StoredFacts['attempt'] };
}

const peaks = (id: string, JVMHeapMemory: number, ProcessTreeJVMRSSMemory = 0, totalGCTime = 0) => ({
  id,
  maxMemory: 1,
  totalGCTime,
  peakMemoryMetrics: { JVMHeapMemory, ProcessTreeJVMRSSMemory },
});

describe('analysis/heuristics/executor-memory', () => {
  const yarn = { 'spark.executor.memory': '8g', 'spark.master': 'yarn' };

  it('finds 8 GiB of heap with a peak of 1 GiB: 1.2 times the peak and what Spark keeps is enough, and is low', () => {
    const [finding] = findingsOf(
      executorMemory,
      withMemory(sample([even(8, 4000)], { properties: yarn }), [peaks('1', GIB)]),
    );

    expect(finding).to.include({ severity: 'low', subject: 'executor heap' });
    // 1.2 × 1024 + 300 = 1528.8 MiB, in steps of 256.
    expect(finding?.fix.set).to.deep.equal({ 'spark.executor.memory': '1536m' });
  });

  it('is silent about the same heap where tasks spilled', () => {
    const change = withColumns(0, { memoryBytesSpilled: even(8, MIB) });

    expect(
      findingsOf(executorMemory, withMemory(sample([even(8, 4000)], { properties: yarn, change }), [peaks('1', GIB)])),
    ).to.deep.equal([]);
  });

  it('finds a full heap of which Spark used a twentieth of its part: half the fraction', () => {
    // Collections take 1600 of 8 × 1000 ms; the region is 0.6 × (8192 − 300) MiB.
    const change = withColumns(0, { jvmGcTime: even(8, 200) });
    const stored = sample([even(8, 1000)], { properties: yarn, change });
    const row = {
      ...peaks('1', 7.9 * GIB),
      peakMemoryMetrics: { JVMHeapMemory: 7.9 * GIB, OnHeapUnifiedMemory: 200 * MIB },
    };

    const finding = findingsOf(executorMemory, withMemory(stored, [row])).find(
      ({ subject }) => subject === 'unified memory',
    );

    expect(finding?.severity).to.equal('low');
    expect(finding?.fix.set).to.deep.equal({ 'spark.memory.fraction': '0.3' });
  });

  it('says that it cannot tell where no peak was logged', () => {
    const stored = withMemory(sample([even(8, 4000)]), [peaks('1', 0)]);

    const { notMeasurable } = analyze(factsOf(stored), { heuristics: [executorMemory] });

    expect(notMeasurable[0]?.because).to.match(/logStageExecutorMetrics/);
  });
});

describe('analysis/heuristics/memory-overhead', () => {
  const yarn = { 'spark.executor.memory': '8g', 'spark.master': 'yarn' };
  const withPeaks = (set: Readonly<Record<string, string>>, peakMemoryMetrics: Readonly<Record<string, number>>) =>
    withMemory(sample([even(8, 4000)], { properties: set }), [
      { ...peaks('1', GIB), peakMemoryMetrics: { JVMHeapMemory: GIB, ...peakMemoryMetrics } },
    ]);

  it('finds processes of 8.9 GiB in a container of 8 GiB and a tenth: half as much overhead again', () => {
    const stored = withMemory(sample([even(8, 4000)], { properties: yarn }), [peaks('1', 7 * GIB, 8.9 * GIB)]);

    const [finding] = findingsOf(memoryOverhead, stored);

    expect(finding).to.include({ severity: 'severe', subject: 'executor container' });
    expect(finding?.fix.set).to.deep.equal({ 'spark.executor.memoryOverhead': '1229m' });
  });

  it('holds a standalone executor to no container', () => {
    const stored = withMemory(
      sample([even(8, 4000)], { properties: { ...yarn, 'spark.master': 'spark://host:7077' } }),
      [peaks('1', 7 * GIB, 8.9 * GIB)],
    );

    expect(findingsOf(memoryOverhead, stored)).to.deep.equal([]);
  });

  it('finds Python workers of 500 MiB at a limit of 512: half as much again', () => {
    const set = { ...yarn, 'spark.executor.pyspark.memory': '512m' };

    const [finding] = findingsOf(memoryOverhead, withPeaks(set, { ProcessTreePythonRSSMemory: 500 * MIB }));

    expect(finding).to.include({ severity: 'low', subject: 'Python workers' });
    expect(finding?.fix.set).to.deep.equal({ 'spark.executor.pyspark.memory': '768m' });
  });

  it('finds 2 GiB of off-heap memory of which 100 MiB were used, and none of which half was', () => {
    const set = { ...yarn, 'spark.memory.offHeap.enabled': 'true', 'spark.memory.offHeap.size': '2g' };

    expect(findingsOf(memoryOverhead, withPeaks(set, { OffHeapUnifiedMemory: 100 * MIB }))[0]).to.deep.include({
      severity: 'low',
      subject: 'off-heap memory',
    });
    expect(findingsOf(memoryOverhead, withPeaks(set, { OffHeapUnifiedMemory: GIB }))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/driver-memory', () => {
  const four = { 'spark.driver.memory': '4g' };
  const driver = (heap: number, gcMs: number) =>
    withMemory(sample([even(8, 4000)], { properties: four }), [peaks('driver', heap, 0, gcMs)]);

  it('finds a driver whose 4 GiB were full while it collected a fifth of the run', () => {
    const [finding] = findingsOf(driverMemory, driver(3.95 * GIB, 1800));

    expect(finding?.severity).to.equal('severe');
    expect(finding?.fix.set).to.deep.equal({ 'spark.driver.memory': '6144m' });
  });

  it('takes the collections from the peaks of the driver’s JVM, for it runs no task that could tell them', () => {
    // As Spark 4.0.1 told of a driver with 320 of 512 MB in use: its serial collector keeps a part of the heap empty.
    const row = { id: 'driver', totalGCTime: 0, peakMemoryMetrics: { JVMHeapMemory: 3.66 * GIB, TotalGCTime: 1000 } };
    const [finding] = findingsOf(driverMemory, withMemory(sample([even(8, 4000)], { properties: four }), [row]));

    expect(finding?.severity).to.equal('severe');
    expect(finding?.facts['gcShare']).to.be.closeTo(1000 / 9050, 1e-9);
  });

  it('is silent about a full heap without collections, and a half-empty one of 4 GiB', () => {
    expect(findingsOf(driverMemory, driver(3.95 * GIB, 10))).to.deep.equal([]);
    expect(findingsOf(driverMemory, driver(2 * GIB, 10))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/cached-data', () => {
  const cached = (stageId: number, partitions: number, memoryBytes = 500 * MIB, diskBytes = 0) =>
    changeStage(stageId, () => ({ cached: { partitions, ofPartitions: 100, memoryBytes, diskBytes } }));
  const stages = [even(4, 1000), even(4, 1000)];

  it('finds 100 cached partitions of which 40 are left after the next stage', () => {
    const [finding] = findingsOf(cachedData, sample(stages, { change: all(cached(0, 100), cached(1, 40)) }));

    expect(finding?.facts).to.include({ lostShare: 0.6, cachedPartitionsBefore: 100, cachedPartitionsAfter: 40 });
  });

  it('finds 60 of 100 partitions gone when a later stage began, though that stage cached them again', () => {
    const before = changeStage(1, ({ cached: held }) => ({ cached: { ...held, before: { had: 100, has: 40 } } }));
    const [finding] = findingsOf(cachedData, sample(stages, { change: all(cached(0, 100), cached(1, 100), before) }));

    expect(finding?.facts).to.include({ lostShare: 0.6, cachedPartitionsBefore: 100, cachedPartitionsAfter: 40 });
  });

  it('says that it is not measurable where Spark did not log what is cached, and is silent where it did', () => {
    const property = 'spark.eventLog.logBlockUpdates.enabled';
    const untold = analyze(factsOf(sample(stages)), { heuristics: [cachedData] });
    const told = analyze(factsOf(sample(stages, { properties: { [property]: 'true' } })), { heuristics: [cachedData] });

    expect(untold.notMeasurable[0]?.because).to.include(property);
    expect(told).to.deep.include({ findings: [], notMeasurable: [], errors: [] });
  });

  it('finds a cache that is half on disk', () => {
    const change = all(cached(0, 100, 500 * MIB, 500 * MIB), cached(1, 100));

    expect(findingsOf(cachedData, sample(stages, { change }))[0]?.facts).to.include({ diskShare: 0.5 });
  });

  it('is silent about a cache that fills, one that was unpersisted, and one that a take() filled in part', () => {
    for (const [first, second] of [
      [40, 100],
      [100, 0],
      [25, 25],
    ] as const) {
      expect(
        findingsOf(cachedData, sample(stages, { change: all(cached(0, first), cached(1, second)) })),
      ).to.deep.equal([]);
    }
  });
});

describe('analysis/heuristics/dynamic-allocation', () => {
  const on = { 'spark.dynamicAllocation.enabled': 'true' };
  const bounded = { ...on, 'spark.dynamicAllocation.maxExecutors': '20' };
  const churning = (lifeMs: number) => (detail: RunDetail) => ({
    ...detail,
    executors: detail.executors.map((executor) => ({
      ...executor,
      removed: lifeMs,
      removeReason: 'Executor killed by driver: idle',
    })),
  });

  it('tells low that there is no maximum', () => {
    const findings = findingsOf(dynamicAllocation, sample([even(8, 4000)], { properties: on }));

    expect(findings.map(({ severity, fix }) => [severity, fix.set])).to.deep.equal([
      ['low', { 'spark.dynamicAllocation.maxExecutors': '2' }],
    ]);
  });

  it('finds 10 executors that all were let go after 70 s', () => {
    const stored = sample([even(80, 40_000)], { executors: 10, properties: bounded, change: churning(70_000) });

    expect(findingsOf(dynamicAllocation, stored)[0]?.facts).to.include({ shortLivedExecutors: 10, executors: 10 });
  });

  it('is silent about executors that lived 10 minutes, and where it is off', () => {
    const calm = sample([even(80, 40_000)], { executors: 10, properties: bounded, change: churning(600_000) });

    expect(findingsOf(dynamicAllocation, calm)).to.deep.equal([]);
    expect(findingsOf(dynamicAllocation, sample([even(8, 4000)]))).to.deep.equal([]);
  });
});

describe('analysis/heuristics/properties', () => {
  const under = (set: Readonly<Record<string, string>>) =>
    findingsOf(properties, sample([even(8, 4000)], { properties: set }));

  it('finds a driver without a limit on results, and a memory fraction of 0.02', () => {
    const found = under({ 'spark.driver.maxResultSize': '0', 'spark.memory.fraction': '0.02' });

    expect(found.map(({ subject, severity }) => [subject, severity])).to.deep.equal([
      ['spark.driver.maxResultSize', 'moderate'],
      ['spark.memory.fraction', 'low'],
    ]);
  });

  it('says what spark.sql.shuffle.partition was meant to be', () => {
    expect(under({ 'spark.sql.shuffle.partition': '50' })[0]?.facts).to.include({
      meant: 'spark.sql.shuffle.partitions',
    });
  });

  it('tells that adaptive execution is off only where some plan has an exchange', () => {
    const off = { 'spark.sql.adaptive.enabled': 'false' };
    const run = (plan: string) =>
      findingsOf(properties, sample([even(8, 4000)], { properties: off, change: withSql(node(plan)) }));

    expect(run('Exchange')).to.have.length(1);
    expect(run('Range')).to.deep.equal([]);
  });

  it('is silent about sound values and about names of others', () => {
    expect(
      under({
        'spark.memory.fraction': '0.6',
        'spark.sql.shuffle.partitions': '50',
        'spark.driver.maxResultSize': '2g',
        'spark.acme.shuffle.partition': '1',
        'spark.executor.cores': '4',
      }),
    ).to.deep.equal([]);
  });
});
