import { readKeptSeries, tagPrefix, type RegressionEvent } from '../series/kept.ts';
import type { RunFilter, Store } from '../store/store.ts';
import { seriesNameOf, type SeriesName } from './series-runs.ts';

export interface RegressionFilter {
  readonly cluster?: string | undefined;
  readonly tag?: string | undefined;
  /** Of the end of the run. */
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
}

/** What is kept of slow runs and changes of level, newest first. */
export async function findRegressions(store: Store, filter: RegressionFilter): Promise<readonly RegressionEvent[]> {
  const { cluster, tag, since, until } = filter;
  const events: RegressionEvent[] = [];
  for await (const { body } of store.findKept('regression', tag === undefined ? {} : { idPrefix: tagPrefix(tag) })) {
    const event = readKeptSeries(body);
    if (event === undefined || event.type === 'series') continue;
    const endedAt = Date.parse(event.endedAt);
    if (cluster !== undefined && event.cluster !== cluster) continue;
    if (since !== undefined && endedAt < since.getTime()) continue;
    if (until !== undefined && endedAt > until.getTime()) continue;
    events.push(event);
  }
  return events.sort((a, b) => (a.endedAt < b.endedAt ? 1 : a.endedAt > b.endedAt ? -1 : a.run < b.run ? -1 : 1));
}

/** Every application of which a stored run fits. */
export async function seriesNames(
  store: Store,
  filter: RunFilter,
  signal: AbortSignal,
): Promise<readonly SeriesName[]> {
  const names = new Map<string, SeriesName>();
  for await (const document of store.findAggregates(filter, { signal })) {
    const name = seriesNameOf(document);
    names.set(JSON.stringify([name.cluster, name.tag]), name);
  }
  return [...names.values()];
}
