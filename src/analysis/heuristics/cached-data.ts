import { defineHeuristic, NO_GAIN, severityOf, type Observation } from '../heuristic.ts';
import { milder } from '../severity.ts';

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
  inputs: ['stages', 'quality'],
  thresholds: {
    lostShare: { low: 0.1, moderate: 0.25, severe: 0.5, critical: 0.75, unit: 'ratio of partitions' },
    diskShare: { low: 0.15, moderate: 0.4, severe: 0.7, critical: 0.9, unit: 'ratio of bytes' },
    leastBytes: { value: 64 * 1024 ** 2, unit: 'bytes' },
  },
  evaluate({ stages }, { lostShare, diskShare, leastBytes }) {
    const found: Observation[] = [];
    const fullest = new Map<number, number>();
    let lost = { share: 0, stageId: -1, had: 0, has: 0 };
    let disk = { share: 0, stageId: -1, bytes: 0 };
    for (const { stageId, cached } of stages) {
      const { partitions, ofPartitions, memoryBytes, diskBytes } = cached;
      // The same number of partitions stands for the same RDDs; none left means that it was unpersisted.
      const had = fullest.get(ofPartitions) ?? 0;
      const share = partitions > 0 && had > 0 ? 1 - partitions / had : 0;
      if (share > lost.share) lost = { share, stageId, had, has: partitions };
      fullest.set(ofPartitions, partitions === 0 ? 0 : Math.max(had, partitions));
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
