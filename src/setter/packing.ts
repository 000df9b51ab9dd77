import { heapFor, type Node, type Platform } from '../spark/platform.ts';

/** A way to cut a node into equal executors. */
export interface Packing {
  readonly coresPerExecutor: number;
  readonly executorsPerNode: number;
  readonly containerMib: number;
  readonly heapMib: number;
  /** Share of the node, cores and memory taken together, that no executor has: 0 to 1. */
  readonly wasteRatio: number;
}

export interface PackingOptions {
  /** What one task needs of the heap, MiB. */
  readonly heapPerCoreMib?: number | undefined;
  /** As the runs had it; of equally wasteful packings the nearest is taken. */
  readonly currentCores?: number | undefined;
  /** Room for the driver or application master, which stands on one node; kept free on each, since any may have it. */
  readonly masterMib?: number | undefined;
  readonly offHeapMib?: number | undefined;
  readonly pythonMib?: number | undefined;
  readonly isPython?: boolean | undefined;
}

/** Larger executors share a broadcast but collect garbage longer. */
const MOST_CORES = 8;
/** Where no run says otherwise. */
const USUAL_CORES = 4;
export const LEAST_HEAP_MIB = 1024;
/** Without measurements of what a task holds. */
export const USUAL_HEAP_PER_CORE_MIB = 2048;

/**
 * The ways to cut a node, best first: least waste to a whole percent, then cores nearest to the current ones, then most heap.
 *
 * Both cores and memory are packed: a scheduler that looks at memory alone would run more tasks than there are cores.
 */
export function packNode(platform: Platform, node: Node, options: PackingOptions = {}): Packing[] {
  const { heapPerCoreMib = 0, currentCores = USUAL_CORES, masterMib = 0, offHeapMib = 0, pythonMib = 0 } = options;
  const cores = node.cores - platform.reservedCores;
  const usable = platform.usableMib(node.memoryMib);
  const sizes = platform.name === 'databricks' ? [cores] : Array.from({ length: MOST_CORES }, (_, i) => i + 1);
  return sizes
    .flatMap((coresPerExecutor): Packing[] => {
      const count = Math.floor(cores / coresPerExecutor);
      if (count < 1) return [];
      const container = roundedDown((usable - masterMib) / count, platform.incrementMib);
      const heap = heapFor(platform, container - offHeapMib - pythonMib, options.isPython);
      if (heap < Math.max(LEAST_HEAP_MIB, heapPerCoreMib * coresPerExecutor)) return [];
      const wasteRatio = 1 - ((count * coresPerExecutor) / cores) * ((count * container) / usable);
      return [{ coresPerExecutor, executorsPerNode: count, containerMib: container, heapMib: heap, wasteRatio }];
    })
    .sort(
      (a, b) =>
        Math.round(a.wasteRatio * 100) - Math.round(b.wasteRatio * 100) ||
        Math.abs(a.coresPerExecutor - currentCores) - Math.abs(b.coresPerExecutor - currentCores) ||
        b.heapMib - a.heapMib,
    );
}

function roundedDown(value: number, increment: number): number {
  return Math.floor(value / increment) * increment;
}
