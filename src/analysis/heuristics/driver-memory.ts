import { effectiveBytes } from '../computed/effective.ts';
import { defineHeuristic, NO_GAIN, NotMeasurableHere, severityOf } from '../heuristic.ts';
import { milder, worse } from '../severity.ts';

const GIB = 1024 ** 3;

/** Finds a driver whose heap was full while it collected garbage, or that was given many times what it used. */
export const driverMemory = defineHeuristic({
  id: 'driver-memory',
  title: 'The driver has the memory it needs',
  failureTitle: 'The driver has hardly enough memory, or far too much',
  inputs: ['run', 'memory', 'properties'],
  thresholds: {
    fullShare: { low: 0.9, moderate: 0.95, severe: 0.98, critical: 1, unit: 'ratio' },
    // Dr. Elephant's, branch customSHSWork.
    gcShare: { low: 0.08, moderate: 0.09, severe: 0.1, critical: 0.15, unit: 'ratio of the run' },
    spareBytes: { value: 4 * GIB, unit: 'bytes' },
  },
  evaluate({ run, memory, properties }, { fullShare, gcShare, spareBytes }) {
    const driver = memory.find(({ id }) => id === 'driver');
    if (run.isLocal) throw new NotMeasurableHere('in local mode the driver is the executor');
    if (driver?.peakHeapBytes === undefined) throw new NotMeasurableHere('no peak of the driver’s memory was logged');
    const heap = effectiveBytes('spark.driver.memory', undefined, properties, 'm') ?? GIB;
    const peak = driver.peakHeapBytes;
    const gc = driver.gcMs / Math.max(1, run.durationMs);
    const facts = { heapBytes: heap, peakHeapBytes: peak, gcShare: gc };
    // Set too late, a property shows and has no effect: a peak above the heap says so.
    if (peak > 1.05 * heap) return [];
    const [isFull, isCollecting] = [severityOf(peak / heap, fullShare), severityOf(gc, gcShare)];
    if (isFull !== 'none' && isCollecting !== 'none') {
      return [
        {
          // Most collectors keep a part of the heap empty, so that none is ever quite full: the collections decide as well.
          severity: milder(worse(isFull, isCollecting), 'severe'),
          subject: 'driver',
          facts,
          gain: NO_GAIN,
          fix: {
            text: 'Collect less on the driver and broadcast less from it; else give it more heap, where the run is submitted (set in the program it comes too late).',
            set: { 'spark.driver.memory': `${Math.ceil((1.5 * heap) / 1024 ** 2)}m` },
          },
        },
      ];
    }
    if (heap - 2 * peak < spareBytes.value) return [];
    return [
      {
        severity: 'low',
        subject: 'driver',
        facts,
        gain: NO_GAIN,
        fix: {
          text: 'The driver used less than half of its heap: give it less once two more runs show the same.',
          set: { 'spark.driver.memory': `${Math.ceil((1.5 * peak) / 1024 ** 2 / 256) * 256}m` },
        },
      },
    ];
  },
});
