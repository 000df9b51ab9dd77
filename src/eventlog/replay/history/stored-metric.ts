import type { Long } from '../../../spark/rest.ts';
import * as metric from '../task-metrics.ts';
import { valueAt } from './packed-column.ts';
import type { TaskTable } from './task-table.ts';
import { stateAt } from './task-table.ts';

/**
 * Whose value Spark's store holds under a metric of a task that did not succeed.
 *
 * Spark keeps such values negative, so that they stay out of the quantiles, and on the way passes those of output and
 * shuffle reading in another order than they are taken: the task lists of 3.1 to 4.0 show them under each other's names.
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/status/LiveEntity.scala`, `makeNegative` and `createMetrics`
 */
const SHIFTED_UP = metric.CORRUPT_MERGED_CHUNKS - metric.OUTPUT_BYTES;
const SHIFTED_DOWN = metric.FALLBACK_COUNT - metric.OUTPUT_BYTES;

function sourceOf(wanted: number): number {
  if (wanted < metric.OUTPUT_BYTES || wanted > metric.MERGED_REMOTE_REQS_DURATION) return wanted;
  return wanted < metric.FALLBACK_COUNT ? wanted + SHIFTED_UP : wanted - SHIFTED_DOWN;
}

/** The value as Spark's store sorts by it: -1 without metrics, below zero for a task that did not succeed. */
export function storedMetric(table: TaskTable, row: number, wanted: number): number {
  if (valueAt(table.hasMetrics, row) === 0) return -1;
  if (stateAt(table, row) === 'SUCCESS') return valueAt(table.metrics[wanted], row);
  return -valueAt(table.metrics[sourceOf(wanted)], row) - 1;
}

/** The value as the answers show it. Only for a task that has metrics. */
export function shownMetric(table: TaskTable, row: number, wanted: number): Long {
  const isSuccess = stateAt(table, row) === 'SUCCESS';
  const source = isSuccess ? wanted : sourceOf(wanted);
  const wide = table.wide.get(row)?.find(([other]) => other === source)?.[1];
  const value = wide ?? valueAt(table.metrics[source], row);
  return isSuccess || value >= 0 ? value : -value;
}
