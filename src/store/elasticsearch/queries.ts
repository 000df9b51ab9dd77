import type { FindOptions, RunFilter } from '../store.ts';
import { term } from './stored-document.ts';

type Json = Readonly<Record<string, unknown>>;

/**
 * Runs by end time, then id; those without an end last.
 *
 * @param after - `sort` of the last hit of the page before
 */
export function searchBody(
  filter: RunFilter,
  order: NonNullable<FindOptions['order']>,
  size: number,
  after: readonly unknown[] | undefined,
): Json {
  const direction = order === 'newest-first' ? 'desc' : 'asc';
  return {
    size,
    query: { bool: { filter: conditionsOf(filter) } },
    sort: [{ 'spot_search.time': { order: direction, missing: '_last' } }, { 'spot_search.id': { order: direction } }],
    track_total_hits: false,
    ...(after === undefined ? {} : { search_after: after }),
  };
}

/** Every condition is exact: a term for a text, a range for the time. */
export function conditionsOf(filter: RunFilter): readonly Json[] {
  const conditions: Json[] = [];
  if (filter.cluster !== undefined) conditions.push(anyOf(term('cluster', filter.cluster)));
  if (filter.app !== undefined) conditions.push(anyOf(term('app', filter.app), term('name', filter.app)));
  if (filter.user !== undefined) conditions.push(anyOf(term('user', filter.user)));
  if (filter.tag !== undefined) conditions.push(anyOf(term('tag', filter.tag)));
  if (filter.endedAfter !== undefined || filter.endedBefore !== undefined) {
    const bounds = { gte: filter.endedAfter?.getTime(), lte: filter.endedBefore?.getTime() };
    conditions.push({ range: { 'spot_search.time': bounds } });
  }
  return conditions;
}

export const TIME_SPAN: Json = {
  size: 0,
  track_total_hits: false,
  aggs: { oldest: { min: { field: 'spot_search.time' } }, newest: { max: { field: 'spot_search.time' } } },
};

function anyOf(...terms: readonly string[]): Json {
  return { terms: { 'spot_search.terms': terms } };
}
