/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import type { TrainingData } from './training-data.ts';

/**
 * What a question asks beyond what was seen: nothing new (`known`), a value between those seen (`inside`),
 * or one `below` or `above` all of them. A model that interpolates well may extrapolate badly, so each kind has its own scores.
 */
export type Novelty = 'known' | 'inside' | 'below' | 'above';

/** The runs left out together to find out how well a kind of question is answered. */
export interface Rehearsal {
  readonly novelty: Novelty;
  /** Column of the new value; −1 for `known`. */
  readonly column: number;
  /** Rows left out together. */
  readonly folds: readonly (readonly number[])[];
  /** How far the left-out rows are from those that stay, in units of the column. */
  readonly distance: number;
}

/** With more distinct values a column is continuous: a value in between is nothing new. */
const MOST_LEVELS = 12;
const LEAST_LEVELS = 3;
/** Fewer runs than this leave too few when a whole group is left out. */
const LEAST_ROWS = 12;

/** The distinct values of a column, ascending. */
export function levelsOf(data: TrainingData, column: number): number[] {
  return [...new Set(data.x.map((row) => row[column]!))].sort((a, b) => a - b);
}

/** The groups to leave out, for each column whose values can be new. */
export function rehearsals(data: TrainingData): Rehearsal[] {
  if (data.x.length < LEAST_ROWS) return [];
  return data.schema.columns.flatMap(({ kind }, column): Rehearsal[] => {
    const levels = levelsOf(data, column);
    if (kind === 'flag' || levels.length < LEAST_LEVELS) return [];
    const at = (keep: (value: number) => boolean): number[] =>
      data.x.flatMap((row, i) => (keep(row[column]!) ? [i] : []));
    const discrete = levels.length <= MOST_LEVELS;
    const edge = discrete ? 1 : Math.ceil(levels.length / 5);
    const low = levels[edge - 1]!;
    const high = levels.at(-edge)!;
    const inside = {
      novelty: 'inside' as const,
      column,
      distance: 0,
      folds: levels.slice(1, -1).map((level) => at((value) => value === level)),
    };
    return [
      ...(discrete ? [inside] : []),
      {
        novelty: 'below',
        column,
        distance: levels[edge]! - (levels[0]! + low) / 2,
        folds: [at((value) => value <= low)],
      },
      {
        novelty: 'above',
        column,
        distance: (levels.at(-1)! + high) / 2 - levels.at(-1 - edge)!,
        folds: [at((value) => value >= high)],
      },
    ];
  });
}

/** What is new about a value, and how far it is outside of what was seen. */
export function noveltyOf(
  levels: readonly number[],
  value: number,
): { readonly novelty: Novelty; readonly distance: number } {
  const least = levels[0] ?? value;
  const most = levels.at(-1) ?? value;
  if (value < least - 1e-9) return { novelty: 'below', distance: least - value };
  if (value > most + 1e-9) return { novelty: 'above', distance: value - most };
  const seen = levels.length > MOST_LEVELS || levels.some((level) => Math.abs(level - value) <= 1e-9);
  return { novelty: seen ? 'known' : 'inside', distance: 0 };
}
