import { union } from '../analysis/computed/intervals.ts';
import type { AggregateDocument, JsonObject, RawAttempt } from '../documents/documents.ts';
import { parseIsoTime } from '../spark/rest-time.ts';
import { containersOf, documentProperties } from './containers.ts';
import { wholeMachine } from './machine-rates.ts';
import { isNotMeasurable, type NotMeasurable } from './measurable.ts';
import { billingOf, type PriceBook } from './price-book.ts';
import { paySharesOf } from './rates.ts';

const MS_PER_HOUR = 3_600_000;

/** What a run costs that has its machines for itself, as on a cluster that was started for it. */
export interface MachinesCost {
  readonly type: string;
  /** Hosts on which executors ran. */
  readonly hosts: number;
  /** Time for which they are paid, in all. */
  readonly machineMs: number;
  readonly cost: number;
}

/**
 * Whole machines: each host for the time in which at least one executor ran on it, every stretch of it for at least the book's minimum.
 *
 * A driver without a machine of its own counts where it ran; with one it is paid for the run's time. The time before Spark heard of an
 * executor and after it let go of it is not known here: the bill of a cluster also has its start and its idle end.
 *
 * @param raw - executors with `hostPort`, `addTime`, `removeTime`
 * @returns undefined when no machine is named for the cluster
 */
export function machinesCost(
  document: AggregateDocument,
  raw: RawAttempt,
  book: PriceBook,
): MachinesCost | NotMeasurable | undefined {
  const properties = documentProperties(document);
  const billing = billingOf(book, document.spot.cluster);
  const containers = containersOf(properties, billing.platform);
  if (isNotMeasurable(containers)) return containers;
  const machines = wholeMachine(properties, billing, paySharesOf(billing.spot), book);
  if (machines === undefined || isNotMeasurable(machines)) return machines;
  if (containers.platform === 'kubernetes') return { because: 'Kubernetes tells pods, not the machines they ran on' };

  const rows = raw.allexecutors.filter(({ id }) => machines.driverPerHour === undefined || id !== 'driver');
  const stretches = stretchesByHost(rows, raw, book.minimumBillingMs);
  if (isNotMeasurable(stretches)) return stretches;
  const machineMs = [...stretches.values()].reduce((sum, ms) => sum + ms, 0);
  const driverMs = machines.driverPerHour === undefined ? 0 : Math.max(raw.duration ?? 0, book.minimumBillingMs);
  const cost = (machineMs * machines.perHour + driverMs * (machines.driverPerHour ?? 0)) / MS_PER_HOUR;
  return { type: machines.type, hosts: stretches.size, machineMs, cost };
}

/** Milliseconds for which each host is paid. */
function stretchesByHost(
  rows: readonly JsonObject[],
  { startTime, endTime }: RawAttempt,
  minimumMs: number,
): ReadonlyMap<string, number> | NotMeasurable {
  const lives = rows.map((row) => ({
    host: typeof row['hostPort'] === 'string' ? row['hostPort'].replace(/:\d+$/, '') : '',
    from: timeOf(row['addTime']) ?? timeOf(startTime),
    to: timeOf(row['removeTime']) ?? timeOf(endTime),
  }));
  const known = lives.flatMap(({ host, from, to }) =>
    from === undefined || to === undefined ? [] : [{ host, from, to }],
  );
  if (known.length < lives.length) return { because: 'the life of an executor has no known end' };
  if (known.some(({ host }) => host === '')) return { because: 'the host of an executor is not known' };
  const byHost = Map.groupBy(known, ({ host }) => host);
  return new Map(
    [...byHost].map(([host, intervals]) => [
      host,
      union(intervals).reduce((sum, { from, to }) => sum + Math.max(minimumMs, to - from), 0),
    ]),
  );
}

function timeOf(text: unknown): number | undefined {
  return typeof text === 'string' ? parseIsoTime(text) : undefined;
}
