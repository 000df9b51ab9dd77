import type { JsonObject } from '../../documents/documents.ts';
import type { ExecutorMemory } from '../inputs.ts';

/** Memory of each executor and of the driver, from the rows of `/allexecutors`; a peak of 0 was not measured. */
export function executorMemory(rows: readonly JsonObject[]): ExecutorMemory[] {
  return rows.map((row) => {
    const peaks = (row['peakMemoryMetrics'] ?? {}) as Readonly<Record<string, unknown>>;
    const peak = (...names: readonly string[]): number | undefined => {
      const total = names.reduce((sum, name) => sum + Number(peaks[name] ?? 0), 0);
      return total > 0 ? total : undefined;
    };
    return {
      id: typeof row['id'] === 'string' ? row['id'] : '?',
      unifiedBytes: Number(row['maxMemory'] ?? 0),
      peakHeapBytes: peak('JVMHeapMemory'),
      peakUnifiedBytes: peak('OnHeapUnifiedMemory'),
      peakOffHeapBytes: peak('OffHeapUnifiedMemory'),
      peakRssBytes: peak('ProcessTreeJVMRSSMemory', 'ProcessTreePythonRSSMemory', 'ProcessTreeOtherRSSMemory'),
      peakPythonBytes: peak('ProcessTreePythonRSSMemory'),
      // Of the driver, which runs no task, only its JVM tells; that sum only grows, so its peak is all of it.
      gcMs: Math.max(Number(row['totalGCTime'] ?? 0), row['id'] === 'driver' ? Number(peaks['TotalGCTime'] ?? 0) : 0),
      busyMs: Number(row['totalDuration'] ?? 0),
    };
  });
}
