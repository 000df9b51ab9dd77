import type { Containers } from './containers.ts';
import { isNotMeasurable, type NotMeasurable } from './measurable.ts';
import type { PriceBook } from './price-book.ts';
import { ratesOf } from './rates.ts';
import { driverLines, executorLines, sumOf, type ExecutorTime } from './run-cost.ts';

/** A run that was not: so many executors of one size, and a driver. */
export interface SizeQuestion {
  readonly containers: Containers;
  readonly coresPerExecutor: number;
  /** Its billing applies. */
  readonly cluster: string;
  /** They name the machines of a cluster of Databricks. */
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
}

/** What a run of this size costs that takes `durationMs` and whose executors live for `executors` in all. */
export type SizeCost = (durationMs: number, executors: ExecutorTime) => number;

/** Prices a size once, for any time that it may take. */
export function sizeCostOf(
  { containers, coresPerExecutor, cluster, properties = {} }: SizeQuestion,
  book: PriceBook,
): SizeCost | NotMeasurable {
  const coresEach = { min: coresPerExecutor, max: coresPerExecutor };
  const rates = ratesOf({ containers, coresEach, properties }, cluster, book);
  if (isNotMeasurable(rates)) return rates;
  return (durationMs, executors) =>
    sumOf(executorLines(rates, executors)) + sumOf(driverLines(rates, durationMs, containers.driverCores));
}
