import { historyRunOf, newestFirst, type HistoryRun } from '../setter/history-run.ts';
import type { RunFilter, Store } from '../store/store.ts';
import { SuggestionError } from '../setter/fragments/emittable.ts';

/** The newest so many runs count: older ones are of an older program and an older cluster. */
const MOST_RUNS = 500;

/** The stored runs that teach something, newest first. */
export async function readHistory(store: Store, filter: RunFilter): Promise<readonly HistoryRun[]> {
  const runs: HistoryRun[] = [];
  for await (const document of store.findAggregates(filter, { limit: MOST_RUNS })) {
    const run = historyRunOf(document);
    if (run !== undefined) runs.push(run);
  }
  return newestFirst(runs);
}

/**
 * The runs of one application.
 *
 * @throws SuggestionError `SUGGESTION_NO_HISTORY`
 */
export async function requireHistory(store: Store, filter: RunFilter): Promise<readonly HistoryRun[]> {
  const runs = await readHistory(store, filter);
  if (runs.length > 0) return runs;
  throw new SuggestionError(
    'SUGGESTION_NO_HISTORY',
    `No finished run of ${filter.tag ?? filter.app ?? 'any application'} is in ${store.description}: \`spot list\` shows what is`,
  );
}
