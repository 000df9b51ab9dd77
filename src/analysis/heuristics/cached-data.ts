import { defineHeuristic, NO_GAIN, NotMeasurableHere, severityOf, type Observation } from '../heuristic.ts';
import { milder } from '../severity.ts';

const BLOCKS_LOGGED = 'spark.eventLog.logBlockUpdates.enabled';

/**
 * Finds cached data that did not stay: partitions that were in the cache after one stage and gone after a later one that
 * used them, or a cache that went to disk.
 *
 * A cache that is only partly filled is no finding: a `take` or a filter fills no more.
 */
export const cachedData = defineHeuristic({
  id: 'cached-data',
  title: 'Cached data stays in memory',
  failureTitle: 'Cached data was evicted, or went to disk',
  inputs: ['stages', 'properties', 'quality'],
  thresholds: {
    lostShare: { low: 0.1, moderate: 0.25, severe: 0.5, critical: 0.75, unit: 'ratio of partitions' },
    diskShare: { low: 0.15, moderate: 0.4, severe: 0.7, critical: 0.9, unit: 'ratio of bytes' },
    leastBytes: { value: 64 * 1024 ** 2, unit: 'bytes' },
  },
  evaluate({ stages, properties }, { lostShare, diskShare, leastBytes }) {
    const areBlocksTold = stages.some(({ cached }) => cached.before !== undefined);
    const isTold = areBlocksTold || stages.some(({ cached }) => cached.partitions > 0);
    if (!isTold && properties[BLOCKS_LOGGED] !== 'true') {
      throw new NotMeasurableHere(`Spark logs what is cached only where ${BLOCKS_LOGGED} is true`);
    }
    const found: Observation[] = [];
    const fullest = new Map<number, number>();
    let lost = { share: 0, stageId: -1, had: 0, has: 0 };
    let disk = { share: 0, stageId: -1, bytes: 0 };
    for (const { stageId, cached } of stages) {
      const { partitions, ofPartitions, memoryBytes, diskBytes, before } = cached;
      // Without blocks it is not known which RDDs: the same number of partitions stands for the same; none left, for unpersisted.
      const had = before?.had ?? (areBlocksTold || partitions === 0 ? 0 : (fullest.get(ofPartitions) ?? 0));
      const has = before?.has ?? partitions;
      const share = had > 0 ? 1 - has / had : 0;
      if (share > lost.share) lost = { share, stageId, had, has };
      fullest.set(ofPartitions, partitions === 0 ? 0 : Math.max(fullest.get(ofPartitions) ?? 0, partitions));
      const bytes = memoryBytes + diskBytes;
      if (bytes >= leastBytes.value && diskBytes / bytes > disk.share)
        disk = { share: diskBytes / bytes, stageId, bytes: diskBytes };
    }
    const text =
      'Cache less (only the columns and rows that are used again), unpersist what is done, store it serialised, or give executors more memory. With spark.memory.storageFraction execution may push the rest out.';
    if (severityOf(lost.share, lostShare) !== 'none') {
      found.push({
        severity: milder(severityOf(lost.share, lostShare), 'moderate'),
        subject: `stage ${lost.stageId}`,
        facts: { lostShare: lost.share, cachedPartitionsBefore: lost.had, cachedPartitionsAfter: lost.has },
        gain: NO_GAIN,
        fix: { text },
      });
    }
    if (severityOf(disk.share, diskShare) !== 'none') {
      found.push({
        severity: milder(severityOf(disk.share, diskShare), 'moderate'),
        subject: `stage ${disk.stageId}`,
        facts: { diskShare: disk.share, diskBytes: disk.bytes },
        gain: NO_GAIN,
        fix: { text },
      });
    }
    return found;
  },
});
