import { readApplication, type ApplicationHistory } from '../setter/kept-models.ts';
import type { RunFilter, Store } from '../store/store.ts';
import { SuggestionError } from '../setter/fragments/emittable.ts';

/** An application as a person names it. */
export type ApplicationFilter = Pick<RunFilter, 'tag' | 'app' | 'cluster'>;

/**
 * The application of that tag; of an id or name, the one that its newest run belongs to.
 *
 * @returns `undefined` when no such run is stored
 */
export async function findApplication(
  store: Store,
  filter: ApplicationFilter,
): Promise<ApplicationHistory | undefined> {
  const tag = filter.tag ?? (await tagOfNewest(store, filter));
  if (tag === undefined) return undefined;
  const history = await readApplication(store, { tag, cluster: filter.cluster });
  return history.all.length === 0 ? undefined : history;
}

/**
 * The same.
 *
 * @throws SuggestionError `SUGGESTION_NO_HISTORY`
 */
export async function requireApplication(store: Store, filter: ApplicationFilter): Promise<ApplicationHistory> {
  const history = await findApplication(store, filter);
  if (history !== undefined) return history;
  throw new SuggestionError(
    'SUGGESTION_NO_HISTORY',
    `No finished run of ${filter.tag ?? filter.app ?? 'any application'} is in ${store.description}: \`spot list\` shows what is`,
  );
}

async function tagOfNewest(store: Store, filter: ApplicationFilter): Promise<string | undefined> {
  for await (const aggregate of store.findAggregates(filter, { limit: 1 })) return aggregate.app_specific_data.tag;
  return undefined;
}
