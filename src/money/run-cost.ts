import type { AggregateDocument } from '../documents/documents.ts';
import { containersOf, documentProperties } from './containers.ts';
import { isNotMeasurable, type NotMeasurable } from './measurable.ts';
import { billingOf, type PriceBook } from './price-book.ts';
import type { Rate, Rates } from './rate.ts';
import { ratesOf } from './rates.ts';
import { usageOf, type RunUsage } from './usage.ts';

const MS_PER_HOUR = 3_600_000;

/** One thing that was paid. */
export interface CostLine extends Omit<Rate, 'per' | 'quantity'> {
  readonly of: 'executors' | 'driver';
  /** In {@link Rate.unit}. */
  readonly quantity: number;
  readonly cost: number;
  /** What it costs at the list price. */
  readonly onDemandCost: number;
}

/** What a run cost, in the book's currency, unrounded. */
export interface RunCost {
  readonly currency: string;
  /** The prices are nobody's: say so beside every amount. */
  readonly isExample: boolean;
  readonly total: number;
  readonly executors: number;
  readonly driver: number;
  /** The part of the executors' cost in which their cores had no task. */
  readonly idle: number | NotMeasurable;
  /** What it costs without any spot discount. */
  readonly onDemand: number;
  readonly lines: readonly CostLine[];
  readonly usage: RunUsage;
}

/**
 * What a run cost: its executors for as long as each was there, and the driver for the run's time.
 *
 * The same document and book give the same cost wherever it is asked.
 *
 * @returns why not, when an input is missing
 */
export function runCost(document: AggregateDocument, book: PriceBook): RunCost | NotMeasurable {
  const properties = documentProperties(document);
  const { cluster } = document.spot;
  const containers = containersOf(properties, billingOf(book, cluster).platform);
  if (isNotMeasurable(containers)) return containers;
  const usage = usageOf(document, containers);
  if (isNotMeasurable(usage)) return usage;
  const rates = ratesOf({ containers, coresEach: usage.coresEach, properties }, cluster, book);
  if (isNotMeasurable(rates)) return rates;

  const { driverCores } = containers;
  const lines = [...executorLines(rates, usage), ...driverLines(rates, usage.durationMs, driverCores)];
  const executors = sumOf(lines.filter(({ of }) => of === 'executors'));
  const driver = sumOf(lines.filter(({ of }) => of === 'driver'));
  return {
    currency: book.currency,
    isExample: book.isExample,
    total: executors + driver,
    executors,
    driver,
    idle: idleOf(executors, usage),
    onDemand: lines.reduce((sum, { onDemandCost }) => sum + onDemandCost, 0),
    lines,
    usage,
  };
}

/** How long executors lived, in all. */
export interface ExecutorTime {
  readonly executorMs: number;
  readonly executorCoreMs: number;
}

export function executorLines({ executor }: Rates, { executorMs, executorCoreMs }: ExecutorTime): readonly CostLine[] {
  return executor.map((rate) => line('executors', rate, rate.per === 'core' ? executorCoreMs : executorMs));
}

export function driverLines({ driver }: Rates, durationMs: number, cores: number): readonly CostLine[] {
  return driver.map((rate) => line('driver', rate, rate.per === 'core' ? durationMs * cores : durationMs));
}

export function sumOf(lines: readonly CostLine[]): number {
  return lines.reduce((sum, { cost }) => sum + cost, 0);
}

function line(of: CostLine['of'], { per: _, ...rate }: Rate, lifeMs: number): CostLine {
  const quantity = (rate.quantity * lifeMs) / MS_PER_HOUR;
  const onDemandCost = quantity * rate.price;
  return { of, ...rate, quantity, cost: onDemandCost * rate.payShare, onDemandCost };
}

function idleOf(executors: number, { busyCoreMs, executorCoreMs }: RunUsage): RunCost['idle'] {
  if (typeof busyCoreMs !== 'number') return busyCoreMs;
  return executorCoreMs === 0 ? 0 : executors * (1 - busyCoreMs / executorCoreMs);
}
