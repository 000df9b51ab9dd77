import { emittable } from './emittable.ts';
import type { Fragment, FragmentInput } from './fragment.ts';

interface Field {
  readonly path: readonly [string, string];
  /** Numbers stand bare, memory and ratios are strings. */
  readonly isText?: boolean;
}

/** Fields of the resource that stand for a property; a key stands in one place only. */
const FIELDS: Readonly<Record<string, Field>> = {
  'spark.driver.cores': { path: ['driver', 'cores'] },
  'spark.driver.memory': { path: ['driver', 'memory'], isText: true },
  'spark.driver.memoryOverhead': { path: ['driver', 'memoryOverhead'], isText: true },
  'spark.executor.cores': { path: ['executor', 'cores'] },
  'spark.executor.instances': { path: ['executor', 'instances'] },
  'spark.executor.memory': { path: ['executor', 'memory'], isText: true },
  'spark.executor.memoryOverhead': { path: ['executor', 'memoryOverhead'], isText: true },
  'spark.dynamicAllocation.enabled': { path: ['dynamicAllocation', 'enabled'] },
  'spark.dynamicAllocation.initialExecutors': { path: ['dynamicAllocation', 'initialExecutors'] },
  'spark.dynamicAllocation.maxExecutors': { path: ['dynamicAllocation', 'maxExecutors'] },
  'spark.dynamicAllocation.minExecutors': { path: ['dynamicAllocation', 'minExecutors'] },
};
const GROUPS = ['driver', 'executor', 'dynamicAllocation'] as const;

/**
 * A patch on the `spec` of a SparkApplication of the Spark operator (`sparkoperator.k8s.io/v1beta2`).
 *
 * Memory is the heap as the JVM writes it (`8g`, not `8Gi`). Strings are double-quoted as JSON, which YAML reads the same way.
 *
 * @see https://github.com/kubeflow/spark-operator/blob/master/docs/api-docs.md
 */
export function kubernetesFragment(input: FragmentInput): Fragment {
  const { entries, leftOut } = emittable(input, 'kubernetes');
  const groups = GROUPS.flatMap((group) => {
    const lines = entries.flatMap(([key, value]) => {
      const field = FIELDS[key];
      return field?.path[0] === group
        ? [`    ${field.path[1]}: ${field.isText === true ? JSON.stringify(value) : value}`]
        : [];
    });
    return lines.length === 0 ? [] : [`  ${group}:`, ...lines];
  });
  const conf = entries
    .filter(([key]) => FIELDS[key] === undefined)
    .map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return { text: ['spec:', ...groups, ...(conf.length === 0 ? [] : ['  sparkConf:', ...conf])].join('\n'), leftOut };
}
