import type { AggregateDocument } from '../documents/documents.ts';
import { parseIsoTime } from '../spark/rest-time.ts';
import { documentProperties, isLocalRun } from './containers.ts';
import { isNotMeasurable } from './measurable.ts';
import type { PriceBook } from './price-book.ts';
import { runCost } from './run-cost.ts';
import { usageOf } from './usage.ts';

export const GROUPINGS = ['user', 'tag', 'app', 'queue', 'cluster', 'day'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** Ends of runs that count, in milliseconds since 1970; both inclusive. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/** What a group of runs amounts to. A sum is over the runs of which it is measurable. */
export interface GroupTotals {
  readonly runs: number;
  /** Attempts that wrote no end, or were followed by another one. */
  readonly failedRuns: number;
  /** Of the runs; null without any. */
  readonly failedShare: number | null;
  readonly coreHours: number;
  /** Core-hours in which no task ran. */
  readonly wastedCoreHours: number;
  /** Of the core-hours of the runs whose waste is measured; null without any. */
  readonly wastedShare: number | null;
  readonly cost: number;
  readonly idleCost: number;
  /** Runs that a sum leaves out. */
  readonly unmeasured: { readonly coreHours: number; readonly wastedCoreHours: number; readonly cost: number };
}

export interface ChargeBackGroup extends GroupTotals {
  /** null: such runs have none, as a queue outside of YARN, or the day of a run without an end. */
  readonly group: string | null;
  /** The same of the period before; absent when there is none to compare with. */
  readonly before?: GroupTotals | undefined;
  /** Cost of the period in {@link SERIES_PARTS} equal parts, oldest first. */
  readonly series: readonly number[];
}

export interface ChargeBackReport {
  /** What cost most first; days in their order. */
  readonly groups: readonly ChargeBackGroup[];
  readonly total: Omit<ChargeBackGroup, 'group'>;
  /** Why amounts are missing, and of how many runs; most frequent first. */
  readonly notMeasurable: readonly {
    readonly what: 'cost' | 'idleCost';
    readonly because: string;
    readonly runs: number;
  }[];
}

export interface ChargeBackOptions {
  readonly by: Grouping;
  readonly book: PriceBook;
  /** Its parts are the series; a run without an end is in no part of it. */
  readonly period: Period;
  /** Runs that ended from here to the period are those to compare with. */
  readonly beforeFrom?: number | undefined;
}

export const SERIES_PARTS = 12;
const MS_PER_HOUR = 3_600_000;

/**
 * Adds runs up by whom they are charged to.
 *
 * Takes documents one by one and keeps a few numbers for each group, nothing of a run.
 */
export class ChargeBack {
  readonly #options: ChargeBackOptions;
  readonly #groups = new Map<string | null, Sums>();
  readonly #total = new Sums();
  readonly #reasons = { cost: new Map<string, number>(), idleCost: new Map<string, number>() };

  constructor(options: ChargeBackOptions) {
    this.#options = options;
  }

  add(document: AggregateDocument): void {
    const { by, period, beforeFrom } = this.#options;
    const end = document.attempt.endTime === undefined ? undefined : parseIsoTime(document.attempt.endTime);
    const isBefore = beforeFrom !== undefined && end !== undefined && end < period.from;
    const run = this.#measure(document, isBefore);
    const group = groupOf(document, by);
    let sums = this.#groups.get(group);
    if (sums === undefined) this.#groups.set(group, (sums = new Sums()));
    for (const each of [sums, this.#total]) {
      if (isBefore) each.before.add(run);
      else each.addNow(run, end === undefined ? undefined : partOf(end, period));
    }
  }

  report(): ChargeBackReport {
    const hasBefore = this.#options.beforeFrom !== undefined;
    const groups = [...this.#groups].map(([group, sums]) => ({ group, ...sums.totals(hasBefore) }));
    const notMeasurable = (['cost', 'idleCost'] as const).flatMap((what) =>
      [...this.#reasons[what]].map(([because, runs]) => ({ what, because, runs })),
    );
    return {
      groups: groups.toSorted(this.#options.by === 'day' ? byName : byCost),
      total: this.#total.totals(hasBefore),
      notMeasurable: notMeasurable.toSorted((a, b) => b.runs - a.runs),
    };
  }

  #measure(document: AggregateDocument, isBefore: boolean): MeasuredRun {
    const usage = usageOf(document, { isLocal: isLocalRun(documentProperties(document)) });
    const cost = runCost(document, this.#options.book);
    const because = isNotMeasurable(cost) ? cost.because : undefined;
    const idle = isNotMeasurable(cost) ? undefined : cost.idle;
    if (!isBefore && because !== undefined) this.#because('cost', because);
    if (!isBefore && typeof idle === 'object') this.#because('idleCost', idle.because);
    const given = isNotMeasurable(usage) ? undefined : usage.executorCoreMs;
    const busy = isNotMeasurable(usage) || typeof usage.busyCoreMs !== 'number' ? undefined : usage.busyCoreMs;
    return {
      hasFailed: document.spot.status === 'incomplete' || !document.isFinalAttempt,
      coreMs: given,
      wastedCoreMs: given === undefined || busy === undefined ? undefined : given - busy,
      cost: isNotMeasurable(cost) ? undefined : cost.total,
      idleCost: typeof idle === 'number' ? idle : undefined,
    };
  }

  #because(what: 'cost' | 'idleCost', because: string): void {
    const reasons = this.#reasons[what];
    reasons.set(because, (reasons.get(because) ?? 0) + 1);
  }
}

interface MeasuredRun {
  readonly hasFailed: boolean;
  readonly coreMs: number | undefined;
  readonly wastedCoreMs: number | undefined;
  readonly cost: number | undefined;
  readonly idleCost: number | undefined;
}

/** Running sums of one group in one period. */
class RunningTotals {
  runs = 0;
  failedRuns = 0;
  coreMs = 0;
  wastedCoreMs = 0;
  /** Core time of the runs whose waste is measured. */
  weighedCoreMs = 0;
  cost = 0;
  idleCost = 0;
  measuredCores = 0;
  measuredWaste = 0;
  priced = 0;

  add({ hasFailed, coreMs, wastedCoreMs, cost, idleCost }: MeasuredRun): void {
    this.runs += 1;
    this.failedRuns += hasFailed ? 1 : 0;
    this.coreMs += coreMs ?? 0;
    this.wastedCoreMs += wastedCoreMs ?? 0;
    this.weighedCoreMs += wastedCoreMs === undefined ? 0 : (coreMs ?? 0);
    this.cost += cost ?? 0;
    this.idleCost += idleCost ?? 0;
    this.measuredCores += coreMs === undefined ? 0 : 1;
    this.measuredWaste += wastedCoreMs === undefined ? 0 : 1;
    this.priced += cost === undefined ? 0 : 1;
  }

  totals(): GroupTotals {
    return {
      runs: this.runs,
      failedRuns: this.failedRuns,
      failedShare: this.runs === 0 ? null : this.failedRuns / this.runs,
      coreHours: this.coreMs / MS_PER_HOUR,
      wastedCoreHours: this.wastedCoreMs / MS_PER_HOUR,
      wastedShare: this.weighedCoreMs === 0 ? null : this.wastedCoreMs / this.weighedCoreMs,
      cost: this.cost,
      idleCost: this.idleCost,
      unmeasured: {
        coreHours: this.runs - this.measuredCores,
        wastedCoreHours: this.runs - this.measuredWaste,
        cost: this.runs - this.priced,
      },
    };
  }
}

class Sums {
  readonly now = new RunningTotals();
  readonly before = new RunningTotals();
  readonly #series = new Float64Array(SERIES_PARTS);

  addNow(run: MeasuredRun, part: number | undefined): void {
    this.now.add(run);
    if (part !== undefined) this.#series[part] = (this.#series[part] ?? 0) + (run.cost ?? 0);
  }

  totals(hasBefore: boolean): Omit<ChargeBackGroup, 'group'> {
    return {
      ...this.now.totals(),
      ...(hasBefore ? { before: this.before.totals() } : {}),
      series: [...this.#series],
    };
  }
}

function partOf(end: number, { from, to }: Period): number {
  if (to <= from) return SERIES_PARTS - 1;
  const part = Math.floor(((end - from) / (to - from)) * SERIES_PARTS);
  return Math.min(SERIES_PARTS - 1, Math.max(0, part));
}

function groupOf(document: AggregateDocument, by: Grouping): string | null {
  const { attempt, app_specific_data: specific, spot, name } = document;
  switch (by) {
    case 'user':
      return attempt.sparkUser;
    case 'tag':
      return specific.tag;
    case 'app':
      return name;
    case 'cluster':
      return spot.cluster;
    case 'day':
      return attempt.endTime?.slice(0, 10) ?? null;
    case 'queue':
      return queueOf(documentProperties(document));
  }
}

/** The queue of YARN, `default` where none is set; on Kubernetes the namespace, which is what its quotas go by. */
function queueOf(properties: Readonly<Record<string, unknown>>): string | null {
  const master = properties['spark_master'];
  if (typeof master !== 'string') return null;
  const of = (name: string): string => {
    const value = properties[name];
    return typeof value === 'string' && value !== '' ? value : 'default';
  };
  if (master.startsWith('yarn')) return of('spark_yarn_queue');
  return master.startsWith('k8s:') ? of('spark_kubernetes_namespace') : null;
}

/** Dearest first, then most core-hours, then by name, so that the order in which runs are stored changes nothing. */
function byCost(a: ChargeBackGroup, b: ChargeBackGroup): number {
  return b.cost - a.cost || b.coreHours - a.coreHours || byName(a, b);
}

function byName({ group: a }: ChargeBackGroup, { group: b }: ChargeBackGroup): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
}
