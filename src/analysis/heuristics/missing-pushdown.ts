import type { SqlNode } from '../../documents/run-detail.ts';
import { nodesOf, unwrapped } from '../computed/plan-nodes.ts';
import { locationOf } from '../computed/scan-location.ts';
import { defineHeuristic, estimated, severityOf, type Observation } from '../heuristic.ts';
import type { Severity } from '../severity.ts';

/** Characters of the list that are looked at: Spark cuts its own texts shorter, a forged log does not. */
const LONGEST_FILTERS = 5000;

interface Unpushed {
  readonly sql: number;
  readonly scan: SqlNode;
  readonly filter: SqlNode;
  readonly read: number;
  readonly kept: number;
  readonly severity: Severity;
  readonly scanMs: number;
}

/**
 * Finds scans of Parquet, ORC or JDBC that read all rows for a filter right above them that throws most away, with
 * nothing of it pushed into the scan.
 */
export const missingPushdown = defineHeuristic({
  id: 'missing-pushdown',
  title: 'Filters reach the scan',
  failureTitle: 'A filter after the scan throws away most of what was read',
  inputs: ['run', 'sql'],
  thresholds: {
    keptShare: { low: 0.1, moderate: 0.05, severe: 0.01, critical: 0.001, unit: 'ratio of rows' },
    leastRows: { value: 1_000_000, unit: 'rows' },
  },
  evaluate({ run, sql }, { keptShare, leastRows }) {
    const found = sql.flatMap(({ id, plan }): Unpushed[] => {
      const filters = plan === undefined ? [] : nodesOf(plan).filter(({ name }) => name === 'Filter');
      return filters.flatMap((filter) => {
        const scan = filter.children.map(unwrapped).find(({ name }) => /^Scan (parquet|orc|jdbc)/i.test(name));
        const [read, kept] = [
          scan?.metrics['number of output rows'] ?? 0,
          filter.metrics['number of output rows'] ?? Infinity,
        ];
        const severity = severityOf(kept / Math.max(1, read), keptShare);
        if (scan === undefined || read < leastRows.value || severity === 'none' || hasPushed(scan)) return [];
        return [{ sql: id, scan, filter, read, kept, severity, scanMs: scan.metrics['scan time'] ?? 0 }];
      });
    });
    // The same input read again and again for such filters is one thing to mend.
    return [...Map.groupBy(found, ({ scan }) => locationOf(scan))].map(([location, of]): Observation => {
      const worst = of.reduce((a, b) => (b.scanMs > a.scanMs ? b : a));
      const ids = [...new Set(of.map(({ sql: id }) => id))];
      return {
        severity: worst.severity,
        subject: `SQL ${ids.slice(0, 5).join(', ')}`,
        facts: {
          scan: worst.scan.name,
          location,
          queries: ids.length,
          readRows: worst.read,
          keptRows: worst.kept,
          filter: worst.filter.description.slice(0, 200),
          scanMs: of.reduce((sum, { scanMs }) => sum + scanMs, 0),
        },
        gain: estimated(0, of.reduce((sum, { scanMs, kept, read }) => sum + scanMs * (1 - kept / read), 0) / run.slots),
        fix: {
          text: 'Write the filter so that it can go down: compare the bare column with a literal (no function, no UDF, no cast around the column), or partition the data by it.',
        },
      };
    });
  },
});

/** `PushedFilters: [IsNotNull(a), …]` and `PartitionFilters: […]`; that a column is not null filters hardly anything. */
function hasPushed({ description }: SqlNode): boolean {
  const pushed = listed(description, 'PushedFilters: [');
  // A description that was cut off before it says so proves nothing.
  if (pushed === undefined) return true;
  const partitions = (listed(description, 'PartitionFilters: [') ?? '') !== '';
  const useful = pushed
    .slice(0, LONGEST_FILTERS)
    .split(/,(?![^(]*\))/)
    .map((one) => one.replace(/^\*/, '').trim())
    .filter((one) => one !== '' && !one.startsWith('IsNotNull('));
  return partitions || useful.length > 0;
}

/** What stands between this beginning and the next bracket that closes; undefined where there is no such list. */
function listed(description: string, beginning: string): string | undefined {
  const start = description.indexOf(beginning);
  const end = start === -1 ? -1 : description.indexOf(']', start);
  return end === -1 ? undefined : description.slice(start + beginning.length, end);
}
