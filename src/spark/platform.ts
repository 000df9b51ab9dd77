/** Where executors run; each grants memory by rules of its own. */
export const PLATFORM_NAMES = ['yarn', 'emr', 'dataproc', 'kubernetes', 'standalone', 'databricks'] as const;
export type PlatformName = (typeof PLATFORM_NAMES)[number];

/** How a platform turns a heap into a container, and a machine into room for containers. Sizes are MiB. */
export interface Platform {
  readonly name: PlatformName;
  /** Overhead as a share of the heap where `memoryOverhead` is not set. */
  readonly overheadFactor: number;
  /** The same for an application in Python or R, where the platform tells them apart. */
  readonly pythonOverheadFactor?: number;
  /** Containers are rounded up to a multiple of it. */
  readonly incrementMib: number;
  /** Cores of a node that executors do not get. */
  readonly reservedCores: number;
  /** False where only the heap is counted. */
  readonly countsOverhead: boolean;
  /** Memory of a node that containers may take. */
  readonly usableMib: (nodeMib: number) => number;
}

/** A machine of the cluster. */
export interface Node {
  readonly cores: number;
  readonly memoryMib: number;
}

export const MIN_OVERHEAD_MIB = 384;
/** What Spark keeps of every heap for itself. */
export const RESERVED_HEAP_MIB = 300;

const YARN: Platform = {
  name: 'yarn',
  overheadFactor: 0.1,
  incrementMib: 1024,
  reservedCores: 0,
  countsOverhead: true,
  usableMib: (memory) => memory,
};

/**
 * The rules of each platform.
 *
 * EMR: the memory of a node manager is the machine's less a quarter, at most 8 GiB of it, and overhead is 18.75 %.
 * Dataproc: node managers have about 80 % of the machine. Kubernetes: `memoryMib` of a node is its allocatable memory, which
 * only the node's status tells. Databricks: one executor has the worker, with (RAM × 0.97 − 4800) × 0.8 as heap.
 *
 * @see https://docs.aws.amazon.com/emr/latest/ReleaseGuide/emr-hadoop-task-config.html
 */
export const PLATFORMS: Readonly<Record<PlatformName, Platform>> = {
  yarn: YARN,
  emr: {
    ...YARN,
    name: 'emr',
    overheadFactor: 0.1875,
    incrementMib: 32,
    usableMib: (memory) => memory - Math.min(memory / 4, 8192),
  },
  dataproc: { ...YARN, name: 'dataproc', incrementMib: 1, usableMib: (memory) => Math.floor(memory * 0.8) },
  kubernetes: { ...YARN, name: 'kubernetes', incrementMib: 1, reservedCores: 1, pythonOverheadFactor: 0.4 },
  standalone: { ...YARN, name: 'standalone', incrementMib: 1, reservedCores: 1, countsOverhead: false },
  databricks: { ...YARN, name: 'databricks', incrementMib: 1, usableMib: databricksHeapMib, countsOverhead: false },
};

function databricksHeapMib(memory: number): number {
  return Math.round((memory * 0.97 - 4800) * 0.8);
}

/** What one executor or the driver asks for, in MiB. */
export interface MemoryRequest {
  readonly heapMib: number;
  /** `memoryOverhead`, where it is set. */
  readonly overheadMib?: number | undefined;
  readonly offHeapMib?: number | undefined;
  /** `spark.executor.pyspark.memory`. */
  readonly pythonMib?: number | undefined;
  readonly isPython?: boolean | undefined;
}

/**
 * The container that Spark asks for: heap, overhead, off-heap and Python memory.
 *
 * @returns MiB before rounding; the heap alone where the platform counts nothing else
 */
export function containerMib(platform: Platform, request: MemoryRequest): number {
  const { heapMib, overheadMib, offHeapMib = 0, pythonMib = 0, isPython = false } = request;
  if (!platform.countsOverhead) return heapMib;
  const factor = isPython ? (platform.pythonOverheadFactor ?? platform.overheadFactor) : platform.overheadFactor;
  return heapMib + (overheadMib ?? Math.max(Math.trunc(heapMib * factor), MIN_OVERHEAD_MIB)) + offHeapMib + pythonMib;
}

/** What the platform grants for such a request: a whole number of its increments. */
export function grantedMib(platform: Platform, requestedMib: number): number {
  return Math.ceil(requestedMib / platform.incrementMib) * platform.incrementMib;
}

/** The heap that fills a container: {@link containerMib} the other way round. MiB; below 1 where the container is too small. */
export function heapFor(platform: Platform, containerSizeMib: number, isPython = false): number {
  if (!platform.countsOverhead) return Math.floor(containerSizeMib);
  const factor = isPython ? (platform.pythonOverheadFactor ?? platform.overheadFactor) : platform.overheadFactor;
  const heap = Math.floor(containerSizeMib / (1 + factor));
  return heap * factor >= MIN_OVERHEAD_MIB ? heap : containerSizeMib - MIN_OVERHEAD_MIB;
}

/** Memory that execution and storage share inside a heap, MiB. */
export function unifiedMib(heapMib: number, memoryFraction = 0.6): number {
  return (heapMib - RESERVED_HEAP_MIB) * memoryFraction;
}
