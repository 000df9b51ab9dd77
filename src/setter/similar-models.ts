import type { LawPrior } from '../regression/scaling-law.ts';
import { poolTaught, type Taught } from '../regression/transfer.ts';
import type { HistoryRun } from './history-run.ts';
import type { KeptProfile } from './kept-models.ts';
import { profileOf, similarity } from './similarity.ts';

/** Less alike than this, and nothing is carried over. */
const LEAST_SIMILARITY = 0.5;
const MOST_APPLICATIONS = 8;

/** Applications whose models taught something, and how like this one they are. */
export interface SimilarModels {
  readonly prior: LawPrior;
  readonly applications: readonly {
    readonly tag: string;
    readonly similarity: number;
    readonly runs: readonly HistoryRun[];
  }[];
}

/**
 * What the kept models of similar applications, and what else is given, teach about how this one scales.
 *
 * @param own - at least one run of the application
 * @param further - to count in, such as what a simulation taught
 * @returns `undefined` when there is nothing to learn from
 */
export function similarModels(
  profiles: readonly KeptProfile[],
  tag: string,
  own: readonly HistoryRun[],
  further: readonly Taught[] = [],
): SimilarModels | undefined {
  const asked = profileOf(own);
  const applications = profiles
    .flatMap(({ tag: other, runs, taught }) =>
      other === tag || runs.length === 0 || taught === undefined
        ? []
        : [{ tag: other, runs, taught, similarity: similarity(asked, profileOf(runs)) }],
    )
    .filter((each) => each.similarity >= LEAST_SIMILARITY)
    .sort((a, b) => b.similarity - a.similarity || (a.tag < b.tag ? -1 : 1))
    .slice(0, MOST_APPLICATIONS);
  const taught = [...applications.map((each) => each.taught), ...further];
  return taught.length === 0 ? undefined : { prior: poolTaught(taught), applications };
}
