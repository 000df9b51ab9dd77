import type { ModelDocument } from '../regression/run-time-model.ts';
import type { LawPrior } from '../regression/scaling-law.ts';
import { learnLawPrior } from '../regression/transfer.ts';
import type { Store } from '../store/store.ts';
import type { HistoryRun } from './history-run.ts';
import { readProfiles, readStoredModel } from './kept-models.ts';
import { profileOf, similarity } from './similarity.ts';

/** Less alike than this, and nothing is carried over. */
export const LEAST_SIMILARITY = 0.5;
const MOST_MODELS = 8;
/** A model of fewer settings has learnt little beyond the usual prior. */
const LEAST_ROWS = 5;

/**
 * What the kept models of similar applications, and others given, teach about how this one scales.
 *
 * @param own - at least one run of the application
 * @param further - models to count in, such as that of a simulation
 * @returns `undefined` when there is nothing to learn from
 */
export async function priorFromSimilar(
  store: Store,
  tag: string,
  own: readonly HistoryRun[],
  further: readonly ModelDocument[] = [],
): Promise<LawPrior | undefined> {
  const asked = profileOf(own);
  const similar = (await readProfiles(store))
    .filter((profile) => profile.tag !== tag && profile.runs.length > 0)
    .map((profile) => ({ tag: profile.tag, similarity: similarity(asked, profileOf(profile.runs)) }))
    .filter((each) => each.similarity >= LEAST_SIMILARITY)
    .sort((a, b) => b.similarity - a.similarity || (a.tag < b.tag ? -1 : 1))
    .slice(0, MOST_MODELS);
  const models: ModelDocument[] = [...further];
  for (const each of similar) {
    const model = await readStoredModel(store, each.tag);
    if (model !== undefined && model.rows.length >= LEAST_ROWS) models.push(model);
  }
  return models.length === 0 ? undefined : learnLawPrior(models);
}
