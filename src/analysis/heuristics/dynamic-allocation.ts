import { DYNAMIC } from '../computed/allocation.ts';
import { isLetGo } from '../computed/let-go.ts';
import { defineHeuristic, NO_GAIN, severityOf, type Observation } from '../heuristic.ts';

/** Finds dynamic allocation without a bound, and executors that are let go as soon as they have come. */
export const dynamicAllocation = defineHeuristic({
  id: 'dynamic-allocation',
  title: 'Dynamic allocation is bounded and calm',
  failureTitle: 'Dynamic allocation has no bound, or lets executors go too soon',
  inputs: ['run', 'executors', 'properties'],
  thresholds: {
    shortLivedShare: { low: 0.3, moderate: 0.6, severe: 0.9, critical: 1.1, unit: 'ratio of executors' },
    shortLivedMs: { value: 120_000, unit: 'ms' },
    leastExecutors: { value: 5, unit: 'executors' },
  },
  evaluate({ run, executors, properties }, { shortLivedShare, shortLivedMs, leastExecutors }) {
    if (properties[DYNAMIC] !== 'true' || run.isLocal) return [];
    const found: Observation[] = [];
    if (properties['spark.dynamicAllocation.maxExecutors'] === undefined) {
      found.push({
        severity: 'low',
        subject: 'run',
        facts: { mostExecutors: executors.filter(({ id }) => id !== 'driver').length },
        gain: NO_GAIN,
        fix: {
          text: 'Without a maximum one run may take the whole queue: bound it at what it can use.',
          set: {
            'spark.dynamicAllocation.maxExecutors': String(
              Math.max(2, executors.filter(({ id }) => id !== 'driver').length),
            ),
          },
        },
      });
    }
    const workers = executors.filter(({ id }) => id !== 'driver');
    // Those that ended with the run were not let go.
    const shortLived = workers.filter(
      ({ added, removed, removeReason = '' }) =>
        removed !== undefined && removed - added < shortLivedMs.value && isLetGo(removeReason),
    );
    const severity = severityOf(shortLived.length / Math.max(1, workers.length), shortLivedShare);
    if (workers.length >= leastExecutors.value && severity !== 'none') {
      found.push({
        severity,
        subject: 'executors',
        facts: {
          shortLivedExecutors: shortLived.length,
          executors: workers.length,
          idleTimeout: properties['spark.dynamicAllocation.executorIdleTimeout'] ?? '60s',
        },
        gain: NO_GAIN,
        fix: {
          text: 'Executors are started, warmed up and let go again: keep them longer, or start fewer for short peaks.',
          set: {
            'spark.dynamicAllocation.executorIdleTimeout': '120s',
            'spark.dynamicAllocation.executorAllocationRatio': '0.5',
          },
        },
      });
    }
    return found;
  },
});
