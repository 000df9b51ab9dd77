import type { SqlNode } from '../../documents/run-detail.ts';
import { nodesOf } from '../computed/plan-nodes.ts';
import { locationOf } from '../computed/scan-location.ts';
import { defineHeuristic, estimated, NO_GAIN, severityOf, type Observation } from '../heuristic.ts';
import { milder, type Severity } from '../severity.ts';

interface Small {
  readonly sql: number;
  readonly node: SqlNode;
  readonly isRead: boolean;
  readonly count: number;
  readonly bytes: number;
  readonly severity: Severity;
}

/**
 * Finds scans of, and writes into, many small files.
 *
 * Opening a file costs about as much as reading 4 MB of it: that is what Spark itself reckons with
 * (`spark.sql.files.openCostInBytes`). Written small files cost whoever reads them.
 */
export const smallFiles = defineHeuristic({
  id: 'small-files',
  title: 'Files are large enough',
  failureTitle: 'Many small files are read or written',
  inputs: ['run', 'sql'],
  alsoUses: ['stages'],
  thresholds: {
    files: { low: 100, moderate: 1000, severe: 10_000, critical: 100_000, unit: 'files' },
    // DataFlint's and SparkForensics' limit.
    smallBytes: { value: 3 * 1024 ** 2, unit: 'bytes' },
    openMs: { value: 10, unit: 'ms a file' },
    // Listing, opening and closing one in an object store.
    mostOpenMs: { value: 100, unit: 'ms a file' },
  },
  evaluate({ run, sql, stages = [] }, { files, smallBytes, openMs, mostOpenMs }) {
    const found = sql.flatMap(({ id, plan }): Small[] =>
      (plan === undefined ? [] : nodesOf(plan)).flatMap((node) => {
        const read = node.metrics['number of files read'] ?? 0;
        const written = node.metrics['number of written files'] ?? 0;
        const bytes = read > 0 ? (node.metrics['size of files read'] ?? 0) : (node.metrics['written output'] ?? 0);
        const count = Math.max(read, written);
        if (count === 0 || bytes === 0 || bytes / count >= smallBytes.value) return [];
        const severity = severityOf(count, files);
        return severity === 'none' ? [] : [{ sql: id, node, isRead: read > 0, count, bytes, severity }];
      }),
    );
    // The same files read in several queries are compacted once.
    const byPlace = Map.groupBy(found, ({ isRead, node }) => `${isRead ? 'read' : 'written'} ${locationOf(node)}`);
    return [...byPlace.values()].flatMap((of): Observation[] => {
      const [worst] = of.toSorted((a, b) => b.count - a.count);
      if (worst === undefined) return [];
      const ids = [...new Set(of.map(({ sql: id }) => id))];
      const opened = of.reduce((sum, { count }) => sum + count, 0);
      const readers = stages.filter(
        ({ stageId, sums }) =>
          (sums['inputBytes'] ?? 0) > 0 &&
          sql.some(({ id, stageIds }) => ids.includes(id) && stageIds.includes(stageId)),
      );
      const readMs = readers.reduce((sum, { sums }) => sum + (sums['executorRunTime'] ?? 0), 0);
      // Few bytes take no time to read: what the tasks took is the files, as far as files take so long at all.
      const handlingMs = Math.min(Math.max(openMs.value * opened, readMs), mostOpenMs.value * opened);
      return [
        {
          severity: worst.isRead ? worst.severity : milder(worst.severity, 'moderate'),
          subject: `SQL ${ids.slice(0, 5).join(', ')}`,
          facts: {
            direction: worst.isRead ? 'read' : 'written',
            node: worst.node.name,
            location: locationOf(worst.node),
            files: worst.count,
            meanFileBytes: worst.bytes / worst.count,
            queries: ids.length,
            ...(worst.isRead ? { readTaskTimeMs: readMs } : {}),
          },
          gain: worst.isRead ? estimated(0, handlingMs / run.slots) : NO_GAIN,
          fix: {
            text: worst.isRead
              ? 'Compact the input (OPTIMIZE or rewrite_data_files where the table format has it, else a job that rewrites it in files of 128 MB or more).'
              : 'Write fewer, larger files: repartition by the partition columns before writing, or let adaptive execution rebalance (a REBALANCE hint).',
          },
        },
      ];
    });
  },
});
