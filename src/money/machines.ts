import { union } from '../analysis/computed/intervals.ts';
import type { AggregateDocument, RawAttempt } from '../documents/documents.ts';
import type { RunDetail } from '../documents/run-detail.ts';
import { parseIsoTime } from '../spark/rest-time.ts';
import { containersOf, documentProperties } from './containers.ts';
import { wholeMachinePrice } from './machine-rates.ts';
import { isNotMeasurable, type NotMeasurable } from './measurable.ts';
import { billingOf, type PriceBook } from './price-book.ts';
import { paySharesOf } from './rates.ts';
import { runCost } from './run-cost.ts';

const MS_PER_HOUR = 3_600_000;

/** What a run costs that has its machines for itself, as on a cluster that was started for it. */
export interface MachinesCost {
  readonly type: string;
  /** Hosts on which executors ran. */
  readonly hosts: number;
  /** Time for which they are paid, in all. */
  readonly machineMs: number;
  /** The machines of the executors, and the driver as {@link runCost} has it. */
  readonly cost: number;
}

/** An executor on its host, in milliseconds of any one clock. */
export interface ExecutorStay {
  /** Absent where nothing tells it. */
  readonly host?: string | undefined;
  readonly from: number;
  /** Absent where no end is known. */
  readonly to?: number | undefined;
}

/**
 * Whole machines: each host for the time in which at least one executor was on it, every stretch of it for at least the book's minimum.
 *
 * The time before Spark heard of an executor and after it let go of it is not known here: the bill of a cluster has its start and its
 * idle end too.
 *
 * @returns undefined when no machine is named for the cluster
 */
export function machinesCost(
  document: AggregateDocument,
  stays: readonly ExecutorStay[],
  book: PriceBook,
): MachinesCost | NotMeasurable | undefined {
  const properties = documentProperties(document);
  const billing = billingOf(book, document.spot.cluster);
  const machine = wholeMachinePrice(properties, billing, paySharesOf(billing.spot), book);
  if (machine === undefined || isNotMeasurable(machine)) return machine;
  const containers = containersOf(properties, billing.platform);
  if (isNotMeasurable(containers)) return containers;
  if (containers.platform === 'kubernetes') return { because: 'Kubernetes tells pods, not the machines they ran on' };
  const run = runCost(document, book);
  if (isNotMeasurable(run)) return run;

  const paid = paidByHost(stays, book.minimumBillingMs);
  if (isNotMeasurable(paid)) return paid;
  const machineMs = [...paid.values()].reduce((sum, ms) => sum + ms, 0);
  return {
    type: machine.type,
    hosts: paid.size,
    machineMs,
    cost: (machineMs * machine.perHour) / MS_PER_HOUR + run.driver,
  };
}

/** Milliseconds for which each host is paid. */
function paidByHost(stays: readonly ExecutorStay[], minimumMs: number): ReadonlyMap<string, number> | NotMeasurable {
  const known = stays.flatMap(({ host = '', from, to }) => (to === undefined ? [] : [{ host, from, to }]));
  if (known.length < stays.length) return { because: 'the life of an executor has no known end' };
  if (known.some(({ host }) => host === '')) return { because: 'the host of an executor is not known' };
  return new Map(
    [...Map.groupBy(known, ({ host }) => host)].map(([host, intervals]) => [
      host,
      union(intervals).reduce((sum, { from, to }) => sum + Math.max(minimumMs, to - from), 0),
    ]),
  );
}

/** As an event log tells it; in local mode the driver is the executor. */
export function staysByDetail({
  executors,
  applicationEnd,
}: Pick<RunDetail, 'executors' | 'applicationEnd'>): ExecutorStay[] {
  const rest = executors.filter(({ id }) => id !== 'driver');
  return (rest.length === 0 ? executors : rest).map(({ host, added, removed }) => ({
    host,
    from: added,
    to: removed ?? applicationEnd,
  }));
}

/** As Spark's REST API tells it: hosts only on YARN. */
export function staysByRows({ allexecutors, startTime, endTime }: RawAttempt): ExecutorStay[] {
  return allexecutors
    .filter(({ id }) => id !== 'driver')
    .map(({ attributes, addTime, removeTime }) => ({
      host: hostIn(attributes),
      from: timeOf(addTime) ?? timeOf(startTime) ?? 0,
      to: timeOf(removeTime) ?? timeOf(endTime),
    }));
}

function hostIn(attributes: unknown): string | undefined {
  if (typeof attributes !== 'object' || attributes === null || !('NM_HOST' in attributes)) return undefined;
  return typeof attributes.NM_HOST === 'string' ? attributes.NM_HOST : undefined;
}

function timeOf(text: unknown): number | undefined {
  return typeof text === 'string' ? parseIsoTime(text) : undefined;
}
