import type { AggregateDocument } from '../documents/documents.ts';
import { toRunRow } from '../documents/run-row.ts';
import { runLabel, type RunKey } from '../documents/run-key.ts';
import { machinesCost, staysByDetail, staysByRows, type ExecutorStay } from '../money/machines.ts';
import { isNotMeasurable } from '../money/measurable.ts';
import type { PriceBook } from '../money/price-book.ts';
import { runCost, type CostLine, type RunCost } from '../money/run-cost.ts';

import type { Store } from '../store/store.ts';
import { RunNotFoundError } from './find-run.ts';

const MS_PER_HOUR = 3_600_000;

/**
 * What a run cost, line by line.
 *
 * The fields that the optimizer's cost estimate had too have its names. A value that is not measurable is null, and
 * `not_measurable` says why.
 */
export interface CostReport {
  /** The run: `appId` or `appId/attemptId`. */
  readonly job_id: string;
  readonly job_name: string;
  readonly total_cost: number | null;
  readonly currency: string;
  readonly breakdown: readonly CostReportLine[];
  /** `spot` when any of it was bought on the spot market. */
  readonly instance_type: 'on_demand' | 'spot' | null;
  readonly cloud_provider: string | null;
  readonly region: string | null;
  readonly duration_hours: number | null;
  readonly cost_per_hour: number | null;
  readonly executors_cost: number | null;
  readonly driver_cost: number | null;
  /** The part of the executors' cost in which their cores had no task. */
  readonly idle_cost: number | null;
  readonly on_demand_cost: number | null;
  /** What the spot discount took off. */
  readonly spot_savings: number | null;
  /** Had the run its machines for itself: each host for as long as an executor was on it. Absent where no machine is named. */
  readonly whole_machines?: WholeMachines | undefined;
  readonly not_measurable: readonly { readonly what: string; readonly because: string }[];
  readonly price_book: string;
  /** The prices are nobody's. */
  readonly example_prices: boolean;
  readonly calculated_at: string;
}

export interface CostReportLine {
  readonly resource_type: CostLine['resource'];
  readonly of: CostLine['of'];
  readonly name: string;
  readonly quantity: number;
  readonly unit: CostLine['unit'];
  /** List price. */
  readonly unit_price: number;
  readonly on_demand_cost: number;
  readonly total_cost: number;
  readonly price_date: string | null;
  readonly price_source: string;
}

export interface WholeMachines {
  readonly instance_type: string;
  readonly hosts: number;
  readonly machine_hours: number;
  readonly total_cost: number;
}

/**
 * What a stored run cost, line by line.
 *
 * @throws RunNotFoundError `RUN_NOT_FOUND` when it was deleted since it was found
 */
export async function costOfStoredRun(
  store: Pick<Store, 'readAggregate' | 'readDetail' | 'readRaw'>,
  key: RunKey,
  book: PriceBook,
  now: Date,
): Promise<CostReport> {
  const [document, detail, raw] = await Promise.all([
    store.readAggregate(key),
    store.readDetail(key),
    store.readRaw(key),
  ]);
  if (document === undefined)
    throw new RunNotFoundError('RUN_NOT_FOUND', `${runLabel(key)} was deleted while it was read`);
  const [attempt] = raw?.attempts ?? [];
  const stays = detail === undefined ? attempt && staysByRows(attempt) : staysByDetail(detail);
  return costReport(document, stays, book, now);
}

/** @param stays - of its executors on their hosts, where anything stored tells them */
export function costReport(
  document: AggregateDocument,
  stays: readonly ExecutorStay[] | undefined,
  book: PriceBook,
  now: Date,
): CostReport {
  const { run, name } = toRunRow(document);
  const cost = runCost(document, book);
  const machines = stays === undefined ? undefined : machinesCost(document, stays, book);
  const whole = machines === undefined || isNotMeasurable(machines) ? undefined : machines;
  return {
    job_id: run,
    job_name: name,
    ...amountsOf(isNotMeasurable(cost) ? undefined : cost),
    currency: book.currency,
    cloud_provider: book.provider ?? null,
    region: book.region ?? null,
    ...(whole === undefined
      ? {}
      : {
          whole_machines: {
            instance_type: whole.type,
            hosts: whole.hosts,
            machine_hours: whole.machineMs / MS_PER_HOUR,
            total_cost: whole.cost,
          },
        }),
    not_measurable: [
      ...because('total_cost', cost),
      ...(isNotMeasurable(cost) ? [] : because('idle_cost', cost.idle)),
      ...because('whole_machines', machines),
    ],
    price_book: book.name,
    example_prices: book.isExample,
    calculated_at: now.toISOString(),
  };
}

function because(what: string, value: unknown): CostReport['not_measurable'] {
  return typeof value === 'object' && value !== null && isNotMeasurable(value)
    ? [{ what, because: value.because }]
    : [];
}

function amountsOf(cost: RunCost | undefined) {
  const hours = cost === undefined ? null : cost.usage.durationMs / MS_PER_HOUR;
  return {
    total_cost: cost?.total ?? null,
    executors_cost: cost?.executors ?? null,
    driver_cost: cost?.driver ?? null,
    idle_cost: typeof cost?.idle === 'number' ? cost.idle : null,
    on_demand_cost: cost?.onDemand ?? null,
    spot_savings: cost === undefined ? null : cost.onDemand - cost.total,
    instance_type: cost === undefined ? null : cost.lines.some(({ payShare }) => payShare < 1) ? 'spot' : 'on_demand',
    duration_hours: hours,
    cost_per_hour: cost === undefined || hours === null || hours === 0 ? null : cost.total / hours,
    breakdown: (cost?.lines ?? []).map(lineOf),
  } as const;
}

function lineOf({
  resource,
  of,
  name,
  quantity,
  unit,
  price,
  onDemandCost,
  cost,
  date,
  source,
}: CostLine): CostReportLine {
  return {
    resource_type: resource,
    of,
    name,
    quantity,
    unit,
    unit_price: price,
    on_demand_cost: onDemandCost,
    total_cost: cost,
    price_date: date === '' ? null : date,
    price_source: source,
  };
}
