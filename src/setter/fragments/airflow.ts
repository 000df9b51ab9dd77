import { emittable } from './emittable.ts';
import type { Fragment, FragmentInput } from './fragment.ts';

/** Arguments of the operator that become flags; a key stands in one place only. */
const ARGUMENTS: Readonly<Record<string, { readonly name: string; readonly isNumber: boolean }>> = {
  'spark.cores.max': { name: 'total_executor_cores', isNumber: true },
  'spark.driver.memory': { name: 'driver_memory', isNumber: false },
  'spark.executor.cores': { name: 'executor_cores', isNumber: true },
  'spark.executor.instances': { name: 'num_executors', isNumber: true },
  'spark.executor.memory': { name: 'executor_memory', isNumber: false },
};

/**
 * A `SparkSubmitOperator` of Airflow; task id and application are left to fill in.
 *
 * @see https://airflow.apache.org/docs/apache-airflow-providers-apache-spark/stable/operators.html
 */
export function airflowFragment(input: FragmentInput): Fragment {
  const { entries, leftOut } = emittable(input, input.platform);
  const named = entries.flatMap(([key, value]) => {
    const argument = ARGUMENTS[key];
    return argument === undefined ? [] : [`    ${argument.name}=${argument.isNumber ? value : JSON.stringify(value)},`];
  });
  const conf = entries
    .filter(([key]) => ARGUMENTS[key] === undefined)
    .map(([key, value]) => `        ${JSON.stringify(key)}: ${JSON.stringify(value)},`);
  const text = [
    'SparkSubmitOperator(',
    '    task_id="...",',
    '    application="...",',
    ...named,
    ...(conf.length === 0 ? [] : ['    conf={', ...conf, '    },']),
    ')',
  ].join('\n');
  return { text, leftOut };
}
