import { ChargeBack, type ChargeBackReport, type Grouping, type Period } from '../money/charge-back.ts';
import type { PriceBook } from '../money/price-book.ts';
import type { RunFilter, Store } from '../store/store.ts';

export interface ChargeBackAnswer extends ChargeBackReport {
  readonly by: Grouping;
  /** Ends of the runs that count, ISO-8601; absent without a bound. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Ends of the runs they are compared with: as long a period, right before. */
  readonly before?: { readonly since: string; readonly until: string } | undefined;
  readonly currency: string;
  /** The prices are nobody's. */
  readonly hasExamplePrices: boolean;
}

export interface ChargeBackQuestion {
  readonly by: Grouping;
  /** With `endedAfter` the period before, as long, is read too. */
  readonly filter: RunFilter;
  readonly book: PriceBook;
  readonly now: Date;
  readonly signal?: AbortSignal | undefined;
}

/** Streams over the aggregates once; memory is that of the groups, whatever the number of runs. */
export async function chargeBack(
  store: Pick<Store, 'findAggregates' | 'stats'>,
  { by, filter, book, now, signal }: ChargeBackQuestion,
): Promise<ChargeBackAnswer> {
  const { endedAfter, endedBefore } = filter;
  const period = await periodOf(store, filter, now);
  const beforeFrom = endedAfter === undefined ? undefined : period.from - Math.max(0, period.to - period.from);
  const sums = new ChargeBack({ by, book, period, beforeFrom });
  const from = beforeFrom === undefined ? undefined : new Date(beforeFrom);
  for await (const document of store.findAggregates({ ...filter, endedAfter: from }, { order: 'oldest-first', signal }))
    sums.add(document);
  return {
    by,
    since: endedAfter?.toISOString(),
    until: endedBefore?.toISOString(),
    before: from === undefined ? undefined : { since: from.toISOString(), until: new Date(period.from).toISOString() },
    currency: book.currency,
    hasExamplePrices: book.isExample,
    ...sums.report(),
  };
}

/** From `--since` to `--until`; where one is not given, from the oldest stored end or to now (to the newest, without `--since`). */
async function periodOf(
  store: Pick<Store, 'stats'>,
  { endedAfter, endedBefore }: RunFilter,
  now: Date,
): Promise<Period> {
  if (endedAfter !== undefined) return { from: endedAfter.getTime(), to: (endedBefore ?? now).getTime() };
  const { oldestEnd, newestEnd } = await store.stats();
  const from = oldestEnd === undefined ? now.getTime() : Date.parse(oldestEnd);
  const to = endedBefore?.getTime() ?? (newestEnd === undefined ? now.getTime() : Date.parse(newestEnd));
  return { from, to };
}
