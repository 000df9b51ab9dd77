import { expect } from 'chai';
import { launchFaults, type LaunchContext } from '../../src/setter/launch-guard.ts';

const GOOD = {
  'spark.executor.instances': '10',
  'spark.executor.cores': '4',
  'spark.executor.memory': '8g',
  'spark.driver.memory': '2g',
  'spark.sql.shuffle.partitions': '400',
};
const YARN: LaunchContext = { platform: 'yarn', sparkVersion: '3.5.7', node: { cores: 16, memoryMib: 57344 } };

const codes = (change: Readonly<Record<string, string>>, context: Partial<LaunchContext> = {}): string[] =>
  launchFaults({ ...GOOD, ...change }, { ...YARN, ...context }).map(({ code }) => code);

/** What Spark or a scheduler refuses, or accepts and ignores: observed on Spark 3.5.7 and 4.0.1, or read in its checks. */
const REFUSED: readonly (readonly [string, string, Readonly<Record<string, string>>, Partial<LaunchContext>?])[] = [
  ['an executor heap below 450m', 'HEAP_TOO_SMALL', { 'spark.executor.memory': '449m' }],
  ['a driver heap below 450m', 'HEAP_TOO_SMALL', { 'spark.driver.memory': '400m' }],
  ['a size with a fraction', 'MALFORMED_VALUE', { 'spark.executor.memory': '1.5g' }],
  ['a bare size', 'MALFORMED_VALUE', { 'spark.executor.memory': '2048' }],
  ['a size with a space', 'MALFORMED_VALUE', { 'spark.executor.memory': '2 g' }],
  ['a size in MiB', 'MALFORMED_VALUE', { 'spark.sql.files.maxPartitionBytes': '128MiB' }],
  ['shuffle partitions that are no number', 'MALFORMED_VALUE', { 'spark.sql.shuffle.partitions': 'auto' }],
  ['a task of more cores than its executor', 'TASK_CPUS', { 'spark.task.cpus': '5' }],
  [
    'a minimum above the maximum',
    'EXECUTOR_BOUNDS',
    { 'spark.dynamicAllocation.minExecutors': '3', 'spark.dynamicAllocation.maxExecutors': '2' },
  ],
  [
    'a start above the maximum',
    'EXECUTOR_BOUNDS',
    { 'spark.dynamicAllocation.initialExecutors': '3', 'spark.dynamicAllocation.maxExecutors': '2' },
  ],
  ['an allocation ratio of 0', 'ALLOCATION_RATIO', { 'spark.dynamicAllocation.executorAllocationRatio': '0' }],
  ['an allocation ratio above 1', 'ALLOCATION_RATIO', { 'spark.dynamicAllocation.executorAllocationRatio': '1.1' }],
  [
    'dynamic allocation that nothing keeps shuffle for',
    'NO_SHUFFLE_SUPPORT',
    { 'spark.dynamicAllocation.enabled': 'true' },
    { sparkVersion: '3.3.4' },
  ],
  ['off-heap memory without a size', 'OFF_HEAP_SIZE', { 'spark.memory.offHeap.enabled': 'true' }],
  [
    'off-heap memory of size 0',
    'OFF_HEAP_SIZE',
    { 'spark.memory.offHeap.enabled': 'true', 'spark.memory.offHeap.size': '0b' },
  ],
  ['a memory fraction of 1', 'MEMORY_FRACTION', { 'spark.memory.fraction': '1' }],
  ['a storage fraction of 0', 'MEMORY_FRACTION', { 'spark.memory.storageFraction': '0' }],
  ['a heartbeat as long as the timeout', 'HEARTBEAT', { 'spark.executor.heartbeatInterval': '120s' }],
  ['-Xmx among the options', 'HEAP_IN_OPTIONS', { 'spark.executor.extraJavaOptions': '-Xmx4g' }],
  ['no shuffle partition', 'SHUFFLE_PARTITIONS', { 'spark.sql.shuffle.partitions': '0' }],
  ['results as large as the driver', 'RESULT_SIZE', { 'spark.driver.maxResultSize': '2g' }],
  ['a container larger than allowed', 'CONTAINER_TOO_LARGE', {}, { maxContainerMib: 9215 }],
  ['a container larger than the node', 'CONTAINER_TOO_LARGE', { 'spark.executor.memory': '56g' }],
  ['a container larger than the queue', 'CONTAINER_TOO_LARGE', {}, { queueMib: 9000 }],
  ['more cores than the node', 'TOO_MANY_CORES', { 'spark.executor.cores': '17' }],
  ['more cores than a container may have', 'TOO_MANY_CORES', {}, { maxContainerCores: 3 }],
  ['a misspelt key', 'UNKNOWN_KEY', { 'spark.sql.shuffle.partition': '400' }],
  ['a key named like a member of every object', 'UNKNOWN_KEY', { constructor: '1' }],
  [
    'a key that the version does not know',
    'UNKNOWN_KEY',
    { 'spark.sql.adaptive.skewJoin.enabled': 'true' },
    { sparkVersion: '2.4.8' },
  ],
  ['a key that Databricks manages', 'FORBIDDEN_KEY', {}, { platform: 'databricks' }],
  [
    'the shuffle service on Kubernetes',
    'FORBIDDEN_KEY',
    { 'spark.shuffle.service.enabled': 'true' },
    { platform: 'kubernetes' },
  ],
];

describe('setter/launch-guard', () => {
  it('lets 10 executors of 4 cores and 8g pass', () => {
    expect(launchFaults(GOOD, YARN)).to.deep.equal([]);
  });

  for (const [what, code, change, context] of REFUSED)
    it(`refuses ${what}`, () => {
      expect(codes(change, context)).to.include(code);
    });

  it('lets dynamic allocation pass with the shuffle service, with tracking, and from 3.4 by default', () => {
    const dynamic = { 'spark.dynamicAllocation.enabled': 'true' };

    expect(codes({ ...dynamic, 'spark.shuffle.service.enabled': 'true' }, { sparkVersion: '2.4.8' })).to.deep.equal([]);
    expect(
      codes({ ...dynamic, 'spark.dynamicAllocation.shuffleTracking.enabled': 'true' }, { sparkVersion: '3.0.3' }),
    ).to.deep.equal([]);
    expect(codes(dynamic)).to.deep.equal([]);
  });

  it('takes 9216 MiB of YARN for a heap of 8g, so that a largest container of 9216 is enough', () => {
    expect(codes({}, { maxContainerMib: 9216 })).to.deep.equal([]);
  });
});
