import type {
  ArrayAggregate,
  BooleanAggregate,
  Json,
  JsonObject,
  NumberAggregate,
  TimeAggregate,
} from '../documents/documents.ts';
import { setOwn } from '../documents/own-properties.ts';
import type { Long } from '../spark/rest.ts';
import { ExactSum } from './exact-sum.ts';
import { flattenColumns } from './flatten-columns.ts';
import { ascending, percentile } from './percentiles.ts';

export interface RowsToAggregate {
  readonly rows: readonly JsonObject[];
  /** Further fields of a row, as if they stood in it. */
  readonly derive?: (row: JsonObject) => JsonObject;
  /** Columns whose text is a time of Spot's documents. */
  readonly times: ReadonlySet<string>;
  /** Columns that get `p50` and `p95`. */
  readonly percentiles: ReadonlySet<string>;
}

/**
 * Aggregates an array of objects column by column.
 *
 * The kind of a column is that of its values over exactly these rows: all numbers, all booleans, or times.
 * Text, lists and columns of mixed kind have no aggregate; a missing value counts for nothing in any kind.
 *
 * @returns `elements_count` and the columns; `{ elements_count: 0 }` without rows
 */
export function aggregateRows({ rows, derive, times, percentiles }: RowsToAggregate): ArrayAggregate {
  const aggregate: Record<string, ArrayAggregate[string]> = {};
  for (const { name, values } of flattenColumns(rows, derive)) {
    const column = aggregateColumn(values, times.has(name), percentiles.has(name));
    if (column !== undefined) setOwn(aggregate, name, column);
  }
  return { ...aggregate, elements_count: rows.length };
}

/** The aggregate of a column of numbers, if there is one by this name. */
export function numberColumn(aggregate: ArrayAggregate, name: string): NumberAggregate | undefined {
  const column = aggregate[name];
  return typeof column === 'object' && 'count_zeroes' in column ? column : undefined;
}

/** The aggregate of a column of times, if there is one by this name. */
export function timeColumn(aggregate: ArrayAggregate, name: string): TimeAggregate | undefined {
  const column = aggregate[name];
  return typeof column === 'object' && !('sum' in column) ? column : undefined;
}

function aggregateColumn(
  values: readonly Json[],
  isTime: boolean,
  withPercentiles: boolean,
): ArrayAggregate[string] | undefined {
  if (isTime) return isEvery(values, isText) ? aggregateTimes(values) : undefined;
  if (isEvery(values, isLong)) return aggregateNumbers(values, withPercentiles);
  return isEvery(values, isBoolean) ? aggregateBooleans(values) : undefined;
}

/**
 * `min max sum mean count_zeroes count_not_null`, and the percentiles where asked.
 *
 * Whole numbers are exact: `min`, `max`, `sum` and percentiles are `bigint` beyond ±2^53; `mean` is a double.
 *
 * @param values - at least one
 */
export function aggregateNumbers(values: readonly Long[], withPercentiles: boolean): NumberAggregate {
  const exactSum = new ExactSum();
  let min: Long = Infinity;
  let max: Long = -Infinity;
  let zeroes = 0;
  for (const value of values) {
    exactSum.add(value);
    if (value < min) min = value;
    if (value > max) max = value;
    if (value === 0) zeroes++;
  }
  const sum = exactSum.total;
  const mean = Number(sum) / values.length;
  const aggregate = { min, max, sum, mean, count_zeroes: zeroes, count_not_null: values.length };
  if (!withPercentiles) return aggregate;

  const sorted = values.toSorted(ascending);
  return { ...aggregate, p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95) };
}

/** @param values - at least one; their text compares as they do, because they have one spelling */
function aggregateTimes(values: readonly string[]): TimeAggregate {
  const [first = ''] = values;
  let min = first;
  let max = first;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

function aggregateBooleans(values: readonly boolean[]): BooleanAggregate {
  const sum = values.filter(Boolean).length;
  return { any: sum > 0, all: sum === values.length, sum };
}

function isEvery<T extends Json>(values: readonly Json[], is: (value: Json) => value is T): values is readonly T[] {
  return values.every(is);
}

function isLong(value: Json): value is Long {
  return typeof value === 'number' || typeof value === 'bigint';
}

function isBoolean(value: Json): value is boolean {
  return typeof value === 'boolean';
}

function isText(value: Json): value is string {
  return typeof value === 'string';
}
