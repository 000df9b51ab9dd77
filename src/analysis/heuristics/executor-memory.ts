import { effectiveBytes } from '../computed/effective.ts';
import { defineHeuristic, NO_GAIN, NotMeasurableHere, severityOf, type Observation } from '../heuristic.ts';
import { milder } from '../severity.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
/** What Spark keeps of a heap for itself. */
const RESERVED = 300 * MIB;

/**
 * Compares the heap that executors were given with the most that they used of it, and Spark's own part of it.
 *
 * A heap's peak has garbage in it, so it is an upper bound: a heap that looks full may not be, one that looks empty is.
 * One run is little to lower memory by, so that is low at most.
 */
export const executorMemory = defineHeuristic({
  id: 'executor-memory',
  title: 'Executors have the memory they need',
  failureTitle: 'Executors have too much memory, or hardly enough',
  inputs: ['run', 'memory', 'stages', 'properties'],
  thresholds: {
    // Dr. Elephant's steps, branch customSHSWork; the first one is left out, for a next run may need it.
    givenToUsed: { low: 1.5, moderate: 2, severe: 3, critical: 5, unit: 'ratio' },
    fullShare: { low: 0.95, moderate: 0.98, severe: 1, critical: 1.05, unit: 'ratio' },
    quietGcShare: { value: 0.05, unit: 'ratio' },
    pressedGcShare: { value: 0.1, unit: 'ratio' },
    // Dr. Elephant's worst step of unified memory.
    idleUnified: { value: 0.2, unit: 'ratio' },
  },
  evaluate({ run, memory, stages, properties }, { givenToUsed, fullShare, quietGcShare, pressedGcShare, idleUnified }) {
    const workers = memory.filter(({ id }) => id !== 'driver');
    const heaps = workers.flatMap(({ peakHeapBytes }) => peakHeapBytes ?? []);
    if (run.isLocal) throw new NotMeasurableHere('in local mode the driver is the executor');
    if (heaps.length === 0) {
      throw new NotMeasurableHere(
        'no peaks of the executors’ memory were logged (spark.eventLog.logStageExecutorMetrics=true keeps them, also for short stages)',
      );
    }
    const heap = effectiveBytes('spark.executor.memory', undefined, properties, 'm') ?? GIB;
    const peak = Math.max(...heaps);
    const sum = (name: string): number => stages.reduce((total, { sums }) => total + (sums[name] ?? 0), 0);
    const gcShare = sum('jvmGcTime') / Math.max(1, sum('executorRunTime'));
    const isQuiet = sum('memoryBytesSpilled') === 0 && gcShare < quietGcShare.value;
    const facts = { heapBytes: heap, peakHeapBytes: peak, gcShare, executors: workers.length };
    const found: Observation[] = [];
    const ratio = heap / (peak + RESERVED);
    const wanted = Math.max(GIB, Math.ceil((1.2 * peak + RESERVED) / MIB / 256) * 256 * MIB);
    if (isQuiet && severityOf(ratio, givenToUsed) !== 'none' && wanted < heap) {
      found.push({
        severity: milder(severityOf(ratio, givenToUsed), 'low'),
        subject: 'executor heap',
        facts: { ...facts, givenToUsedRatio: ratio },
        gain: NO_GAIN,
        fix: {
          text: 'Give the executors less heap once two more runs show the same peak; on a machine paid as a whole, use the room for more cores or executors.',
          set: { 'spark.executor.memory': `${Math.ceil(wanted / MIB)}m` },
        },
      });
    }
    if (peak / heap >= fullShare.low && gcShare >= pressedGcShare.value) {
      found.push({
        severity: milder(severityOf(peak / heap, fullShare), 'moderate'),
        subject: 'executor heap',
        facts: { ...facts, peakShare: peak / heap },
        gain: NO_GAIN,
        fix: {
          text: 'The heap is full and collections show it: more partitions first, then fewer cores per executor, then more spark.executor.memory.',
        },
      });
    }
    const unified = Math.max(0, ...workers.map(({ peakUnifiedBytes }) => peakUnifiedBytes ?? 0));
    const fraction = Number(properties['spark.memory.fraction'] ?? 0.6);
    const region = fraction * Math.max(0, heap - RESERVED);
    // Objects of the program's own fill the heap while Spark's part of it lies idle.
    if (
      peak / heap >= fullShare.low &&
      gcShare >= pressedGcShare.value &&
      unified > 0 &&
      unified <= idleUnified.value * region
    ) {
      found.push({
        severity: 'low',
        subject: 'unified memory',
        facts: { unifiedBytes: region, peakUnifiedBytes: unified, peakHeapBytes: peak, heapBytes: heap },
        gain: NO_GAIN,
        fix: {
          text: 'Spark’s own part of the heap is hardly used while the program’s objects fill the rest: give them more of it.',
          set: { 'spark.memory.fraction': String(Math.max(0.3, Math.round(fraction * 50) / 100)) },
        },
      });
    }
    return found;
  },
});
