import { nodesOf } from '../computed/plan-nodes.ts';
import { defineHeuristic, estimated, NO_GAIN, severityOf, type Observation } from '../heuristic.ts';
import { milder } from '../severity.ts';

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
  thresholds: {
    files: { low: 100, moderate: 1000, severe: 10_000, critical: 100_000, unit: 'files' },
    // DataFlint's and SparkForensics' limit.
    smallBytes: { value: 3 * 1024 ** 2, unit: 'bytes' },
    openMs: { value: 10, unit: 'ms a file' },
  },
  evaluate({ run, sql }, { files, smallBytes, openMs }) {
    const found: Observation[] = [];
    for (const { id, plan } of sql) {
      for (const { name, description, metrics } of plan === undefined ? [] : nodesOf(plan)) {
        const read = metrics['number of files read'] ?? 0;
        const written = metrics['number of written files'] ?? 0;
        const bytes = read > 0 ? (metrics['size of files read'] ?? 0) : (metrics['written output'] ?? 0);
        const count = Math.max(read, written);
        if (count === 0 || bytes === 0 || bytes / count >= smallBytes.value) continue;
        const severity = severityOf(count, files);
        if (severity === 'none') continue;
        found.push({
          severity: read > 0 ? severity : milder(severity, 'moderate'),
          subject: `SQL ${id}`,
          facts: {
            direction: read > 0 ? 'read' : 'written',
            node: name,
            location: locationOf(description),
            files: count,
            meanFileBytes: bytes / count,
          },
          gain: read > 0 ? estimated(0, (count * openMs.value) / run.slots) : NO_GAIN,
          fix: {
            text:
              read > 0
                ? 'Compact the input (OPTIMIZE or rewrite_data_files where the table format has it, else a job that rewrites it in files of 128 MB or more).'
                : 'Write fewer, larger files: repartition by the partition columns before writing, or let adaptive execution rebalance (a REBALANCE hint).',
          },
        });
      }
    }
    return found;
  },
});

function locationOf(description: string): string {
  return (
    /Location: \S+ ?\[([^\],]+)/.exec(description)?.[1] ??
    /\b(?:[a-z0-9]+:\/{1,3}[^\s,\]]+)/.exec(description)?.[0] ??
    '?'
  );
}
