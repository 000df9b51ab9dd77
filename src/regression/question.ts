/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import type { FeatureSchema } from './features.ts';
import type { TrainingData } from './training-data.ts';

/**
 * What a question asks beyond what was seen: nothing new (`known`), a value between those seen or a name not seen (`inside`),
 * or a value `below` or `above` all of them. A model that interpolates well may extrapolate badly, so each kind has its own scores.
 */
export type Novelty = 'known' | 'inside' | 'below' | 'above';

/** Something of which a value can be new: a numeric column, or the columns of a category together. */
export interface Axis {
  /** The column, or the first one of the category. */
  readonly column: number;
  readonly named: boolean;
  /** The encoded number; of a category which of its columns is 1, and −1 for none of them. */
  readonly valueOf: (x: Float64Array) => number;
}

/** The distinct values of an axis, ascending. */
export interface Levels {
  readonly all: readonly number[];
  /** Those with enough runs; all, where too few have. */
  readonly firm: readonly number[];
  /** The others with their number of runs: so few beside the rest that leaving runs out one by one says nothing of them. */
  readonly thin: ReadonlyMap<number, number>;
}

/** Rows to ask about, by what was learned without them and without those that are withheld as well. */
export interface Fold {
  readonly asked: readonly number[];
  readonly withheld: readonly number[];
}

/** The runs left out together to find out how well a kind of question is answered. */
export interface Rehearsal {
  readonly novelty: Novelty;
  /** Column of the new value; −1 for `known`. */
  readonly column: number;
  /** Runs there are of the new value. */
  readonly own: number;
  readonly folds: readonly Fold[];
  /** How far the left-out rows are from those that stay, in units of the column. */
  readonly distance: number;
}

/** With more distinct values a column is continuous: a value in between is nothing new. */
const MOST_LEVELS = 12;
const LEAST_LEVELS = 3;
/** Fewer runs than this leave too few when a whole group is left out. */
export const LEAST_ROWS = 12;
/** Values with at most so many runs, and at most this share of what the others have on average, are hardly known. */
const MOST_OWN = 3;
const THIN_SHARE = 0.1;

/** Everything of which a row can have a new value. */
export function axesOf({ features, columns }: FeatureSchema): Axis[] {
  return columns.flatMap(({ kind, feature }, column): Axis[] => {
    if (kind !== 'flag') return [{ column, named: false, valueOf: (x) => x[column]! }];
    if (features[feature]!.kind !== 'category' || columns[column - 1]?.feature === feature) return [];
    const end = column + columns.filter((other) => other.feature === feature).length;
    return [{ column, named: true, valueOf: (x) => x.subarray(column, end).findIndex((flag) => flag > 0.5) }];
  });
}

/** The values of an axis, and which of them are hardly known. */
export function levelsOf(data: TrainingData, { valueOf }: Pick<Axis, 'valueOf'>): Levels {
  const counts = new Map<number, number>();
  for (const row of data.x) counts.set(valueOf(row), (counts.get(valueOf(row)) ?? 0) + 1);
  const levels = [...counts].sort(([a], [b]) => a - b);
  const all = levels.map(([level]) => level);
  const many = levels.filter(([, count]) => count > MOST_OWN);
  const usual = many.reduce((sum, [, count]) => sum + count, 0) / many.length;
  const thin = new Map(levels.filter(([, count]) => count <= Math.min(MOST_OWN, THIN_SHARE * usual)));
  const firm = all.filter((level) => !thin.has(level));
  return levels.length > MOST_LEVELS || firm.length < LEAST_LEVELS
    ? { all, firm: all, thin: new Map() }
    : { all, firm, thin };
}

/** The groups to leave out, for each axis whose values can be new or hardly known. */
export function rehearsals(
  data: TrainingData,
  axes: readonly { readonly axis: Axis; readonly levels: Levels }[],
): Rehearsal[] {
  if (data.x.length < LEAST_ROWS) return [];
  return axes.flatMap(({ axis, levels: { firm, thin } }): Rehearsal[] => {
    const values = data.x.map(axis.valueOf);
    const unseen = withoutLevels(axis, levelsAmong(values), values);
    if (thin.size === 0) return unseen;
    const own = Math.min(...thin.values());
    const hardlyKnown = values.flatMap((value, i) => (thin.has(value) ? [i] : []));
    const few = withoutLevels(axis, levelsAmong(values.filter((value) => firm.includes(value))), values);
    return [...unseen, ...few.map((each) => withFewRuns(each, own, hardlyKnown))];
  });
}

/** As if each value in turn had only so many runs, spread over those it has, and those of which this is true had none. */
function withFewRuns(rehearsal: Rehearsal, own: number, hardlyKnown: readonly number[]): Rehearsal {
  return {
    ...rehearsal,
    own,
    folds: rehearsal.folds.map((fold) => {
      const asked = fold.asked.filter((i) => !hardlyKnown.includes(i));
      const kept = Array.from({ length: own }, (_, k) => asked[Math.floor(((k + 0.5) * asked.length) / own)]!);
      return { asked: asked.filter((i) => !kept.includes(i)), withheld: hardlyKnown };
    }),
  };
}

/** Each value of an axis left out, if there are enough: those inside, the lowest, the highest. */
function withoutLevels({ column, named }: Axis, levels: readonly number[], values: readonly number[]): Rehearsal[] {
  if (levels.length < LEAST_LEVELS) return [];
  const fold = (keep: (value: number) => boolean): Fold => ({
    asked: values.flatMap((value, i) => (keep(value) ? [i] : [])),
    withheld: [],
  });
  const each = (some: readonly number[]): Fold[] => some.map((level) => fold((value) => value === level));
  const inside = { novelty: 'inside' as const, column, own: 0, distance: 0 };
  if (named) return [{ ...inside, folds: each(levels) }];
  const discrete = levels.length <= MOST_LEVELS;
  const edge = discrete ? 1 : Math.ceil(levels.length / 5);
  const low = levels[edge - 1]!;
  const high = levels.at(-edge)!;
  return [
    ...(discrete ? [{ ...inside, folds: each(levels.slice(1, -1)) }] : []),
    {
      novelty: 'below',
      column,
      own: 0,
      distance: levels[edge]! - (levels[0]! + low) / 2,
      folds: [fold((value) => value <= low)],
    },
    {
      novelty: 'above',
      column,
      own: 0,
      distance: (levels.at(-1)! + high) / 2 - levels.at(-1 - edge)!,
      folds: [fold((value) => value >= high)],
    },
  ];
}

function levelsAmong(values: readonly number[]): number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

/** What is new about a value, how far it is outside of what is known, and how many runs it has if those are few. */
export function noveltyOf(
  { all, firm, thin }: Levels,
  value: number,
  named = false,
): { readonly novelty: Novelty; readonly distance: number; readonly own: number } {
  const own = thin.get(value) ?? 0;
  const levels = own > 0 ? firm : all;
  if (named) return { novelty: levels.includes(value) ? 'known' : 'inside', distance: 0, own };
  const least = levels[0] ?? value;
  const most = levels.at(-1) ?? value;
  if (value < least - 1e-9) return { novelty: 'below', distance: least - value, own };
  if (value > most + 1e-9) return { novelty: 'above', distance: value - most, own };
  const seen = levels.length > MOST_LEVELS || levels.some((level) => Math.abs(level - value) <= 1e-9);
  return { novelty: seen ? 'known' : 'inside', distance: 0, own };
}
