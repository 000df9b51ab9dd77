import { metricNumber, metricText } from './metric-text.ts';
import { MetricValues } from './metric-values.ts';
import type { SqlStageMetrics } from './stage-metrics.ts';

/** A metric's final value: as the server shows it, and as a number. */
export interface MetricResult {
  readonly text: string;
  readonly value: number;
}

/** By accumulator; those for which nothing was reported are missing. */
export type MetricResults = ReadonlyMap<number, MetricResult>;

/**
 * What the metrics of an execution came to.
 *
 * @param metricTypes - accumulator → metric type
 * @param stageMetrics - of its stages; of equal maxima the first is told
 * @param driverUpdates - accumulator and value, in the order in which they came
 */
export function aggregateMetrics(
  metricTypes: ReadonlyMap<number, string>,
  stageMetrics: readonly SqlStageMetrics[],
  driverUpdates: readonly (readonly [accumulatorId: number, value: number])[],
): MetricResults {
  const valuesById = new Map<number, MetricValues>();
  const valuesOf = (id: number): MetricValues | undefined => {
    if (!metricTypes.has(id)) return undefined;
    let values = valuesById.get(id);
    if (values === undefined) {
      values = new MetricValues();
      valuesById.set(id, values);
    }
    return values;
  };
  for (const stage of stageMetrics) stage.collect(valuesOf);
  for (const [id, value] of driverUpdates) {
    const values = valuesOf(id);
    // What the driver has more than any task is shown as the driver's.
    if (values?.largest !== undefined && value > values.largest.value) values.largest = undefined;
    values?.addDriver(value);
  }
  const results = new Map<number, MetricResult>();
  for (const [id, values] of valuesById) {
    const type = metricTypes.get(id) ?? '';
    const text = metricText(type, values);
    if (text !== undefined) results.set(id, { text, value: metricNumber(type, values) });
  }
  return results;
}
