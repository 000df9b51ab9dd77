import { expect } from 'chai';
import { packNode } from '../../src/setter/packing.ts';
import { containerMib, grantedMib, heapFor, PLATFORMS, unifiedMib } from '../../src/spark/platform.ts';

const { yarn, emr, kubernetes, databricks, standalone } = PLATFORMS;

describe('spark/platform', () => {
  // Hand calculation: 8192 + trunc(819.2) = 9011; rounded up to 1024s: 9216.
  it('asks YARN for 9011 MiB for a heap of 8 GiB, and is granted 9216', () => {
    expect(containerMib(yarn, { heapMib: 8192 })).to.equal(9011);
    expect(grantedMib(yarn, 9011)).to.equal(9216);
  });

  it('fills those 9216 MiB with a heap of 8378 MiB', () => {
    expect(heapFor(yarn, 9216)).to.equal(8378);
    expect(containerMib(yarn, { heapMib: 8378 })).to.equal(9215);
  });

  it('adds at least 384 MiB: 2432 for a heap of 2 GiB, and back', () => {
    expect(containerMib(yarn, { heapMib: 2048 })).to.equal(2432);
    expect(heapFor(yarn, 2432)).to.equal(2048);
  });

  it('adds 40 % on Kubernetes for Python and 10 % for a JVM application', () => {
    expect(containerMib(kubernetes, { heapMib: 8192, isPython: true })).to.equal(11468);
    expect(containerMib(kubernetes, { heapMib: 8192 })).to.equal(9011);
  });

  it('adds off-heap memory: 13107 MiB for 8 GiB of heap and 4 GiB off it', () => {
    expect(containerMib(yarn, { heapMib: 8192, offHeapMib: 4096 })).to.equal(13107);
  });

  // Published configuration of a 16 GiB node of EMR with maximizeResourceAllocation.
  it('asks EMR for 11264 MiB for the published heap of 9486', () => {
    expect(containerMib(emr, { heapMib: 9486 })).to.equal(11264);
  });

  // Published values of yarn.nodemanager.resource.memory-mb of EMR.
  it('knows the memory of EMR node managers from 16 to 256 GiB', () => {
    const published = { 16: 12288, 32: 24576, 64: 57344, 96: 90112, 122: 116736, 160: 155648, 256: 253952 };
    for (const [gib, expected] of Object.entries(published))
      expect(emr.usableMib(Number(gib) * 1024), gib).to.equal(expected);
  });

  // 8874 MB was read on a worker of 16 GiB.
  it('expects a heap of 8874 MiB on a 16 GiB worker of Databricks', () => {
    expect(databricks.usableMib(16384)).to.equal(8874);
  });

  it('counts the heap alone on a standalone cluster', () => {
    expect(containerMib(standalone, { heapMib: 2048, overheadMib: 512 })).to.equal(2048);
  });

  // (4096 − 300) × 0.6; a task of four that are busy may have a quarter, 569.
  it('shares 2277 MiB of a heap of 4 GiB among tasks and cache', () => {
    expect(Math.floor(unifiedMib(4096))).to.equal(2277);
  });
});

describe('setter/packing', () => {
  const node = { cores: 16, memoryMib: 65536 };

  // Hand calculation: floor((57344 − 1024) / 4 / 32) × 32 = 14080; 14080 / 1.1875 = 11856.8.
  it('cuts 16 cores and 64 GiB of EMR into 4 executors of 4 cores with a heap of 11856 MiB', () => {
    expect(packNode(emr, node, { masterMib: 1024, currentCores: 4 })[0]).to.deep.include({
      coresPerExecutor: 4,
      executorsPerNode: 4,
      containerMib: 14080,
      heapMib: 11856,
    });
  });

  it('prefers 4 cores to 5, which leave one of 16 idle', () => {
    const packings = packNode(emr, node, { masterMib: 1024, currentCores: 5 });

    expect(packings[0]?.coresPerExecutor).to.equal(4);
    expect(packings.find(({ coresPerExecutor }) => coresPerExecutor === 5)).to.include({ executorsPerNode: 3 });
  });

  it('has no packing that gives a core less heap than it needs', () => {
    // 57344 MiB for 16 cores are 3584 MiB each, with overhead 3018 of heap; 2 × 6 cores leave 4 idle and have 24144 / 6 = 4024.
    expect(packNode(emr, node, { heapPerCoreMib: 3000 })[0]?.wasteRatio).to.equal(0);
    expect(packNode(emr, node, { heapPerCoreMib: 4000 }).map(({ coresPerExecutor }) => coresPerExecutor)).to.deep.equal(
      [6],
    );
    expect(packNode(emr, node, { heapPerCoreMib: 4100 })).to.deep.equal([]);
  });

  it('gives a worker of Databricks to one executor', () => {
    expect(packNode(databricks, { cores: 4, memoryMib: 16384 })).to.deep.include({
      coresPerExecutor: 4,
      executorsPerNode: 1,
      containerMib: 8874,
      heapMib: 8874,
      wasteRatio: 0,
    });
  });
});
