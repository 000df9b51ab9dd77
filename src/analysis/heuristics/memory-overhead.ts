import { effectiveBytes } from '../computed/effective.ts';
import { defineHeuristic, NO_GAIN, NotMeasurableHere, severityOf, type Observation } from '../heuristic.ts';
import type { Properties } from '../inputs.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/**
 * Compares memory outside the heap with what was set aside for it: the container of an executor with the processes in it,
 * off-heap memory with its use, Python workers with their limit.
 *
 * What goes above the container is killed by YARN or Kubernetes; what Python goes above its limit is a MemoryError.
 */
export const memoryOverhead = defineHeuristic({
  id: 'memory-overhead',
  title: 'Memory outside the heap fits what is set aside for it',
  failureTitle: 'Memory outside the heap is short, or set aside for nothing',
  inputs: ['run', 'memory', 'properties'],
  thresholds: {
    fullShare: { low: 0.95, moderate: 0.98, severe: 1, critical: 1.05, unit: 'ratio' },
    unusedShare: { value: 0.2, unit: 'ratio' },
    leastUnusedBytes: { value: 512 * MIB, unit: 'bytes' },
  },
  evaluate({ run, memory, properties }, { fullShare, unusedShare, leastUnusedBytes }) {
    if (run.isLocal) throw new NotMeasurableHere('in local mode the driver is the executor');
    const workers = memory.filter(({ id }) => id !== 'driver');
    const peakOf = (name: 'peakRssBytes' | 'peakOffHeapBytes' | 'peakPythonBytes'): number =>
      Math.max(0, ...workers.map((worker) => worker[name] ?? 0));
    if (workers.every(({ peakHeapBytes }) => peakHeapBytes === undefined)) {
      throw new NotMeasurableHere(
        'no peaks of the executors’ memory were logged (spark.eventLog.logStageExecutorMetrics=true keeps them; of processes, spark.executor.processTreeMetrics.enabled=true)',
      );
    }
    const given = givenOutside(properties);
    const found: Observation[] = [];
    const [resident, container] = [peakOf('peakRssBytes'), given.heap + given.overhead + given.offHeap + given.python];
    if (isContained(properties) && severityOf(resident / container, fullShare) !== 'none') {
      found.push({
        severity: severityOf(resident / container, fullShare),
        subject: 'executor container',
        facts: { containerBytes: container, peakResidentBytes: resident, peakPythonBytes: peakOf('peakPythonBytes') },
        gain: NO_GAIN,
        fix: {
          text: 'The processes of an executor reach the limit at which the resource manager kills them: raise the overhead.',
          set: {
            'spark.executor.memoryOverhead': `${Math.ceil((1.5 * (container - given.heap - given.offHeap)) / MIB)}m`,
          },
        },
      });
    }
    const python = peakOf('peakPythonBytes');
    if (given.python > 0 && severityOf(python / given.python, fullShare) !== 'none') {
      found.push({
        severity: severityOf(python / given.python, fullShare),
        subject: 'Python workers',
        facts: { limitBytes: given.python, peakPythonBytes: python },
        gain: NO_GAIN,
        fix: {
          text: 'Python workers reach their limit, which they share by cores: raise it, or hold less in one partition.',
          set: { 'spark.executor.pyspark.memory': `${Math.ceil((1.5 * given.python) / MIB)}m` },
        },
      });
    }
    const offHeap = peakOf('peakOffHeapBytes');
    if (given.offHeap >= leastUnusedBytes.value && offHeap <= unusedShare.value * given.offHeap) {
      found.push({
        severity: 'low',
        subject: 'off-heap memory',
        facts: { offHeapBytes: given.offHeap, peakOffHeapBytes: offHeap },
        gain: NO_GAIN,
        fix: {
          text: 'Off-heap memory was set aside in every executor and hardly used: take it back, or give it to the heap.',
          set: { 'spark.memory.offHeap.enabled': 'false' },
        },
      });
    }
    return found;
  },
});

/** Only YARN and Kubernetes hold an executor to a container. */
function isContained(properties: Properties): boolean {
  return /^(yarn|k8s:)/.test(properties['spark.master'] ?? '');
}

/** Bytes of an executor's parts, as Spark asks the resource manager for them. */
function givenOutside(properties: Properties) {
  const bytes = (name: string, unit: 'm' | 'b' = 'm') => effectiveBytes(name, undefined, properties, unit);
  const heap = bytes('spark.executor.memory') ?? GIB;
  const factor = Number(properties['spark.executor.memoryOverheadFactor'] ?? 0.1);
  return {
    heap,
    overhead: bytes('spark.executor.memoryOverhead') ?? Math.max(factor * heap, 384 * MIB),
    offHeap: properties['spark.memory.offHeap.enabled'] === 'true' ? (bytes('spark.memory.offHeap.size', 'b') ?? 0) : 0,
    python: bytes('spark.executor.pyspark.memory') ?? 0,
  };
}
