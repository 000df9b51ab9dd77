import type { RestDialect } from '../executor-metrics.ts';
import { executorMetricNames } from '../executor-metrics.ts';
import type { RestDouble } from './quantiles.ts';
import { quantileIndices, restDouble, sortQuantiles } from './quantiles.ts';
import type { ExecutorStageSummary } from './stage-summaries.ts';

const COUNTED = [
  'taskTime',
  'failedTasks',
  'succeededTasks',
  'killedTasks',
  'inputBytes',
  'inputRecords',
  'outputBytes',
  'outputRecords',
  'shuffleRead',
  'shuffleReadRecords',
  'shuffleWrite',
  'shuffleWriteRecords',
  'memoryBytesSpilled',
  'diskBytesSpilled',
] as const satisfies readonly (keyof ExecutorStageSummary)[];

/** `StageData.executorMetricsDistributions`: quantiles over the executors that worked for the stage. */
export type ExecutorMetricsDistributions = Readonly<Record<string, unknown>>;

/**
 * @returns `undefined` when no executor worked for the stage
 * @throws RangeError for a quantile that would be before the first value
 * @see Spark, `core/src/main/scala/org/apache/spark/status/AppStatusStore.scala`, `stageExecutorSummary`
 */
export function executorDistributions(
  summaries: readonly ExecutorStageSummary[],
  quantiles: readonly number[],
  dialect: RestDialect,
): ExecutorMetricsDistributions | undefined {
  if (summaries.length === 0) return undefined;
  const sorted = sortQuantiles(quantiles);
  const peaks = summaries.map(({ peakMemoryMetrics }) => peakMemoryMetrics).filter((metrics) => metrics !== undefined);
  const over = (values: readonly number[]): readonly RestDouble[] => valuesAt(values, sorted);
  return {
    quantiles: sorted.map(restDouble),
    ...Object.fromEntries(COUNTED.map((name) => [name, over(summaries.map((summary) => Number(summary[name])))])),
    peakMemoryMetrics: Object.fromEntries(
      executorMetricNames(dialect).map((name) => [name, over(peaks.map((metrics) => metrics[name] ?? 0))]),
    ),
  };
}

/** Zeros when there are no values. */
function valuesAt(values: readonly number[], quantiles: readonly number[]): readonly RestDouble[] {
  if (values.length === 0) return quantiles.map(() => 0);
  const ascending = Float64Array.from(values).sort();
  return quantileIndices(quantiles, values.length).map((index) => {
    const value = ascending[Number(index)];
    if (value === undefined) throw new RangeError(`A quantile asks for value ${String(index)} of ${values.length}`);
    return restDouble(value);
  });
}
