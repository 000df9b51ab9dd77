import { nodesOf } from '../computed/plan-nodes.ts';
import { defineHeuristic, estimated, severityOf, type Observation } from '../heuristic.ts';

/** Finds broadcasts so large that collecting them on the driver and sending them to every executor costs more than a shuffle. */
export const largeBroadcast = defineHeuristic({
  id: 'large-broadcast',
  title: 'Broadcast tables are small',
  failureTitle: 'A large table is broadcast',
  inputs: ['run', 'sql', 'properties'],
  thresholds: {
    // NVIDIA's tool warns from 100 MB of threshold, DataFlint from 1 GB of data; Spark refuses 8 GB.
    bytes: {
      low: 256 * 1024 ** 2,
      moderate: 512 * 1024 ** 2,
      severe: 1024 ** 3,
      critical: 4 * 1024 ** 3,
      unit: 'bytes',
    },
  },
  evaluate({ sql, properties }, { bytes }) {
    return sql.flatMap(({ id, plan }) => {
      const nodes = plan === undefined ? [] : nodesOf(plan).filter(({ name }) => name === 'BroadcastExchange');
      return nodes.flatMap(({ metrics }): Observation[] => {
        const size = metrics['data size'] ?? 0;
        const severity = severityOf(size, bytes);
        if (severity === 'none') return [];
        const onDriverMs = (metrics['time to build'] ?? 0) + (metrics['time to broadcast'] ?? 0);
        return [
          {
            severity,
            subject: `SQL ${id}`,
            facts: {
              broadcastBytes: size,
              rows: metrics['number of output rows'] ?? 0,
              onDriverMs,
              collectMs: metrics['time to collect'] ?? 0,
              thresholdProperty: properties['spark.sql.autoBroadcastJoinThreshold'] ?? 'default',
            },
            gain: estimated(0, onDriverMs + (metrics['time to collect'] ?? 0)),
            fix: {
              text: 'Filter and project the small side before the join, or lower the threshold that let it through. A broadcast hint in the code wins over every threshold: then take the hint out.',
              set: {
                'spark.sql.autoBroadcastJoinThreshold': '10m',
                'spark.sql.adaptive.autoBroadcastJoinThreshold': '10m',
              },
            },
          },
        ];
      });
    });
  },
});
