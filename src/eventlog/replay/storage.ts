import { addDelta, type Executors, type LiveExecutor } from './executors.ts';
import type { JsonRecord } from './json-fields.ts';
import { longField, recordField, textField } from './json-fields.ts';
import type { ScalaVersion } from './scala-order.ts';
import { mutableMapOrder } from './scala-order.ts';
import type { CachedBytes, PersistedRdd } from './stage-info.ts';
import type { StorageLevel } from './storage-level.ts';
import { describeLevel, isValidLevel, readStorageLevel } from './storage-level.ts';

/** A row of `/storage/rdd`. */
export interface RddStorageInfo {
  readonly id: number;
  readonly name: string;
  readonly numPartitions: number;
  readonly numCachedPartitions: number;
  readonly storageLevel: string;
  readonly memoryUsed: number;
  readonly diskUsed: number;
  readonly dataDistribution?: readonly RddDataDistribution[];
  readonly partitions: readonly RddPartitionInfo[];
}

export interface RddDataDistribution {
  readonly address: string;
  readonly memoryUsed: number;
  readonly memoryRemaining: number;
  readonly diskUsed: number;
  readonly onHeapMemoryUsed?: number;
  readonly offHeapMemoryUsed?: number;
  readonly onHeapMemoryRemaining?: number;
  readonly offHeapMemoryRemaining?: number;
}

export interface RddPartitionInfo {
  readonly blockName: string;
  readonly storageLevel: string;
  readonly memoryUsed: number;
  readonly diskUsed: number;
  readonly executors: readonly string[];
}

interface Partition {
  executors: readonly string[];
  memoryUsed: number;
  diskUsed: number;
}

/** What one executor holds of one RDD. `shown` is the row as last computed: the server keeps it until the RDD changes. */
interface Distribution {
  readonly executor: LiveExecutor;
  memoryUsed: number;
  diskUsed: number;
  onHeapUsed: number;
  offHeapUsed: number;
  shown: RddDataDistribution | undefined;
}

interface LiveRdd {
  readonly rdd: PersistedRdd;
  /** That were cached at a time. */
  mostPartitions: number;
  memoryUsed: number;
  diskUsed: number;
  readonly partitions: Map<string, Partition>;
  readonly distributions: Map<string, Distribution>;
}

interface BlockUpdate {
  readonly executorId: string;
  readonly blockId: string;
  readonly level: StorageLevel;
  readonly memoryDelta: number;
  readonly diskDelta: number;
}

/**
 * Cached RDDs and where their blocks are.
 *
 * Only logs written with `spark.eventLog.logBlockUpdates.enabled=true` tell about blocks.
 */
export class Storage {
  readonly #executors: Executors;
  readonly #rdds = new Map<number, LiveRdd>();

  constructor(executors: Executors) {
    this.#executors = executors;
  }

  /** A stage was submitted that computes this RDD. */
  persist(rdd: PersistedRdd): void {
    if (this.#rdds.has(rdd.id)) return;
    this.#rdds.set(rdd.id, {
      rdd,
      memoryUsed: 0,
      diskUsed: 0,
      mostPartitions: 0,
      partitions: new Map(),
      distributions: new Map(),
    });
  }

  unpersist(id: number): void {
    const live = this.#rdds.get(id);
    if (live === undefined) return;
    this.#rdds.delete(id);
    for (const partition of live.partitions.values()) {
      for (const executorId of partition.executors) {
        const executor = this.#executors.live.get(executorId);
        if (executor !== undefined) executor.rddBlocks--;
      }
    }
    for (const [executorId, held] of live.distributions) {
      const heapUsed = live.rdd.level.useOffHeap ? held.offHeapUsed : held.onHeapUsed;
      const executor = this.#executors.live.get(executorId);
      if (executor === undefined) continue;
      if (executor.hasMemoryInfo) {
        if (live.rdd.level.useOffHeap) executor.usedOffHeap = addDelta(executor.usedOffHeap, -heapUsed);
        else executor.usedOnHeap = addDelta(executor.usedOnHeap, -heapUsed);
      }
      executor.memoryUsed = addDelta(executor.memoryUsed, -held.memoryUsed);
      executor.diskUsed = addDelta(executor.diskUsed, -held.diskUsed);
    }
  }

  update(info: JsonRecord): void {
    const update = readBlockUpdate(info);
    const rddId = /^rdd_(\d+)_\d+$/.exec(update.blockId)?.[1];
    const executor = this.#executors.live.get(update.executorId);
    if (rddId !== undefined) this.#updateRdd(Number(rddId), update, executor);
    else if (/^broadcast_\d+/.test(update.blockId)) {
      executor?.addStorage(update.level, update.memoryDelta, update.diskDelta);
    }
  }

  /** An executor is gone, and its blocks with it. */
  removeExecutor(executorId: string): void {
    for (const live of this.#rdds.values()) {
      live.distributions.delete(executorId);
      for (const [name, partition] of live.partitions) {
        if (partition.executors.includes(executorId)) removeShare(live, name, partition, executorId);
      }
      show(live);
    }
  }

  /** What is cached of these RDDs now, and the most partitions that ever were. */
  held(rdds: readonly PersistedRdd[]): CachedBytes & { readonly mostPartitions: number } {
    const sum = { memoryBytes: 0, diskBytes: 0, partitions: 0, ofPartitions: 0, mostPartitions: 0 };
    for (const { id, partitions } of rdds) {
      const live = this.#rdds.get(id);
      sum.memoryBytes += live?.memoryUsed ?? 0;
      sum.diskBytes += live?.diskUsed ?? 0;
      sum.partitions += live?.partitions.size ?? 0;
      sum.ofPartitions += partitions;
      sum.mostPartitions += live?.mostPartitions ?? 0;
    }
    return sum;
  }

  /** By id, those with at least one cached partition. */
  rows(scala: ScalaVersion): RddStorageInfo[] {
    return this.allRows(scala).filter((rdd) => rdd.numCachedPartitions > 0);
  }

  /** By id, all that are persisted. */
  allRows(scala: ScalaVersion): RddStorageInfo[] {
    return [...this.#rdds.values()].sort((a, b) => a.rdd.id - b.rdd.id).map((live) => toRest(live, scala));
  }

  #updateRdd(rddId: number, update: BlockUpdate, executor: LiveExecutor | undefined): void {
    executor?.addStorage(update.level, update.memoryDelta, update.diskDelta);
    const live = this.#rdds.get(rddId);
    if (live === undefined) return;

    const blocksDelta = placeBlock(live, update);
    live.mostPartitions = Math.max(live.mostPartitions, live.partitions.size);
    if (executor !== undefined) {
      this.#distribute(live, executor, update, blocksDelta);
      for (const other of this.#rdds.values()) {
        const held = other === live ? undefined : other.distributions.get(executor.id);
        if (held !== undefined) {
          held.shown = undefined;
          show(other);
        }
      }
      executor.rddBlocks += blocksDelta;
    }
    live.memoryUsed = addDelta(live.memoryUsed, update.memoryDelta);
    live.diskUsed = addDelta(live.diskUsed, update.diskDelta);
    show(live);
  }

  #distribute(live: LiveRdd, executor: LiveExecutor, update: BlockUpdate, blocksDelta: number): void {
    if (executor.rddBlocks + blocksDelta <= 0) {
      live.distributions.delete(executor.id);
      return;
    }
    let held = live.distributions.get(executor.id);
    if (held === undefined) {
      held = { executor, memoryUsed: 0, diskUsed: 0, onHeapUsed: 0, offHeapUsed: 0, shown: undefined };
      live.distributions.set(executor.id, held);
    }
    held.memoryUsed = addDelta(held.memoryUsed, update.memoryDelta);
    held.diskUsed = addDelta(held.diskUsed, update.diskDelta);
    if (executor.hasMemoryInfo) {
      if (update.level.useOffHeap) held.offHeapUsed = addDelta(held.offHeapUsed, update.memoryDelta);
      else held.onHeapUsed = addDelta(held.onHeapUsed, update.memoryDelta);
    }
    held.shown = undefined;
  }
}

/** A level that keeps nothing means that the block was dropped: its sizes are then subtracted. */
function readBlockUpdate(info: JsonRecord): BlockUpdate {
  const level = readStorageLevel(recordField(info, 'Storage Level'));
  return {
    executorId: textField(recordField(info, 'Block Manager ID'), 'Executor ID'),
    blockId: textField(info, 'Block ID'),
    level,
    memoryDelta: Number(longField(info, 'Memory Size')) * (level.useMemory ? 1 : -1),
    diskDelta: Number(longField(info, 'Disk Size')) * (level.useDisk ? 1 : -1),
  };
}

/** @returns how many blocks the executor has more */
function placeBlock(live: LiveRdd, { blockId, executorId, level, memoryDelta, diskDelta }: BlockUpdate): -1 | 0 | 1 {
  const partition = live.partitions.get(blockId) ?? { executors: [], memoryUsed: 0, diskUsed: 0 };
  const isKnown = partition.executors.includes(executorId);
  const executors = isValidLevel(level)
    ? isKnown
      ? partition.executors
      : [...partition.executors, executorId]
    : partition.executors.filter((id) => id !== executorId);
  if (executors.length === 0) {
    live.partitions.delete(blockId);
  } else {
    partition.executors = executors;
    partition.memoryUsed = addDelta(partition.memoryUsed, memoryDelta);
    partition.diskUsed = addDelta(partition.diskUsed, diskDelta);
    live.partitions.set(blockId, partition);
  }
  if (!isValidLevel(level)) return -1;
  return isKnown ? 0 : 1;
}

function removeShare(live: LiveRdd, name: string, partition: Partition, executorId: string): void {
  const sharers = partition.executors.length;
  const memoryShare = Math.trunc(partition.memoryUsed / sharers);
  const diskShare = Math.trunc(partition.diskUsed / sharers);
  live.memoryUsed = addDelta(live.memoryUsed, -memoryShare);
  live.diskUsed = addDelta(live.diskUsed, -diskShare);
  if (sharers === 1) {
    live.partitions.delete(name);
    return;
  }
  partition.executors = partition.executors.filter((id) => id !== executorId);
  partition.memoryUsed = addDelta(partition.memoryUsed, -memoryShare);
  partition.diskUsed = addDelta(partition.diskUsed, -diskShare);
}

/** Computes the rows that are out of date, now: what the executor has left is taken at this moment. */
function show(live: LiveRdd): void {
  for (const held of live.distributions.values()) held.shown ??= describeShare(held);
}

function describeShare(held: Distribution): RddDataDistribution {
  const { executor } = held;
  return {
    address: executor.address,
    memoryUsed: held.memoryUsed,
    memoryRemaining: Number(executor.maxMemory) - executor.memoryUsed,
    diskUsed: held.diskUsed,
    ...(executor.hasMemoryInfo
      ? {
          onHeapMemoryUsed: held.onHeapUsed,
          offHeapMemoryUsed: held.offHeapUsed,
          onHeapMemoryRemaining: executor.totalOnHeap - executor.usedOnHeap,
          offHeapMemoryRemaining: executor.totalOffHeap - executor.usedOffHeap,
        }
      : {}),
  };
}

function toRest(live: LiveRdd, scala: ScalaVersion): RddStorageInfo {
  const { rdd, memoryUsed, diskUsed, partitions, distributions } = live;
  const held = mutableMapOrder([...distributions.keys()], scala).flatMap((id) => distributions.get(id) ?? []);
  return {
    id: rdd.id,
    name: rdd.name,
    numPartitions: rdd.partitions,
    numCachedPartitions: partitions.size,
    storageLevel: describeLevel(rdd.level),
    memoryUsed,
    diskUsed,
    ...(held.length === 0 ? {} : { dataDistribution: held.map((one) => one.shown ?? describeShare(one)) }),
    partitions: [...partitions].map(([blockName, partition]) => ({
      blockName,
      storageLevel: describeLevel(levelInUse(rdd.level, partition)),
      memoryUsed: partition.memoryUsed,
      diskUsed: partition.diskUsed,
      executors: partition.executors,
    })),
  };
}

/** The level that a partition really has, which may be less than what was asked for. */
function levelInUse(wanted: StorageLevel, { memoryUsed, diskUsed, executors }: Partition): StorageLevel {
  return {
    useDisk: diskUsed > 0,
    useMemory: memoryUsed > 0,
    useOffHeap: wanted.useOffHeap,
    deserialized: memoryUsed > 0 && wanted.deserialized,
    replication: executors.length,
  };
}
