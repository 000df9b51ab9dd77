import { emittable } from './emittable.ts';
import type { Fragment, FragmentInput } from './fragment.ts';

/**
 * The part of `new_cluster` that a suggestion decides: workers and session properties.
 *
 * Databricks sizes executors by the type of the node and manages dynamic allocation: one executor is one worker, and the keys
 * it manages are left out. The type of the node and the runtime are left to fill in.
 *
 * @see https://docs.databricks.com/api/workspace/clusters/create
 */
export function databricksFragment(input: FragmentInput): Fragment {
  const { entries, leftOut } = emittable(input, 'databricks');
  const { properties } = input;
  const count = (key: string): number | undefined =>
    properties[key] === undefined ? undefined : Number(properties[key]);
  const workers = count('spark.executor.instances');
  const most = count('spark.dynamicAllocation.maxExecutors');
  const scale =
    properties['spark.dynamicAllocation.enabled'] === 'true' && most !== undefined
      ? {
          autoscale: {
            min_workers: Math.max(1, count('spark.dynamicAllocation.minExecutors') ?? 1),
            max_workers: most,
          },
        }
      : workers === undefined
        ? {}
        : { num_workers: workers };
  const cluster = { spark_version: '...', node_type_id: '...', ...scale, spark_conf: Object.fromEntries(entries) };
  return { text: JSON.stringify(cluster, null, 2), leftOut };
}
