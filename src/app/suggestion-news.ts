import type { Observation } from '../alerts/observation.ts';
import { pricesSection } from '../money/config.ts';
import { SuggestionError } from '../setter/fragments/emittable.ts';
import { modelsSection } from '../setter/sections.ts';
import type { Store } from '../store/store.ts';
import { observeSuggestion } from '../tuning/compelling.ts';
import { tuningSection } from '../tuning/config.ts';
import { platformLimits } from './platform-limits.ts';
import { loadPriceBook } from './prices.ts';
import type { Spot } from './spot.ts';
import { suggest } from './suggest.ts';

/** Whether there is something to tell of an application; `undefined` where nothing can be said. */
export type SuggestionNews = (name: {
  readonly tag: string;
  readonly cluster: string;
}) => Promise<Observation | undefined>;

/**
 * The discretionary mode: suggestions are looked at after each run and told of only when they are compelling.
 *
 * @returns `undefined` when `[TUNING] tell_saving` is 0: nothing is ever told then
 */
export function suggestionNews({ config }: Pick<Spot, 'config'>, store: Store): SuggestionNews | undefined {
  const { tell_saving: leastSaving, tell_confidence: confidence, tolerance } = config.of(tuningSection).settings;
  if (leastSaving === 0) return undefined;
  const book = loadPriceBook(config);
  const limits = platformLimits(config, book, {});
  const prices = { ...config.of(pricesSection).settings, currency: book.currency, book };
  const minNewRuns = config.of(modelsSection).settings.min_new_runs;
  return async (name) => {
    try {
      const suggestion = await suggest(store, {
        filter: name,
        // One side of an interval: with 2c − 1 on both sides the upper end is passed by 1 − c.
        question: { priority: 'balanced', confidence: 2 * confidence - 1, limits },
        prices,
        minNewRuns,
      });
      return observeSuggestion(name, suggestion, { leastSaving, tolerance, confidence });
    } catch (error) {
      if (error instanceof SuggestionError) return undefined;
      throw error;
    }
  };
}
