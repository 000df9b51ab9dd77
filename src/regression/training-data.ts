import type { FeatureSchema } from './features.ts';
import { seededRandom } from './random.ts';

/** Encoded runs in canonical order, so that the order in which they came changes nothing. */
export interface TrainingData {
  readonly schema: FeatureSchema;
  /** One encoded row per distinct setting. */
  readonly x: readonly Float64Array[];
  /** Natural logarithm of the target: the mean where a setting was run several times. */
  readonly y: Float64Array;
  /** How many runs stand behind each row. */
  readonly weight: Float64Array;
  /** Sum of squared deviations of the repeats of a row from their mean. */
  readonly scatter: Float64Array;
  /** The single runs behind each row: an interval is to hold one of them, not their mean. */
  readonly runs: readonly (readonly SingleRun[])[];
}

/** One run as it was: its encoded features and the logarithm of its target. */
export interface SingleRun {
  readonly x: Float64Array;
  readonly y: number;
}

/** The rows of `index`, in that order. */
export function subset(data: TrainingData, index: readonly number[]): TrainingData {
  const pick = (values: Float64Array): Float64Array => Float64Array.from(index, (i) => values[i] ?? NaN);
  return {
    schema: data.schema,
    x: index.flatMap((i) => data.x[i] ?? []),
    y: pick(data.y),
    weight: pick(data.weight),
    scatter: pick(data.scatter),
    runs: index.map((i) => data.runs[i] ?? []),
  };
}

/**
 * At most `count` indices of 0 … n − 1, ascending, drawn without order.
 *
 * Not evenly spaced: rows in canonical order come in the rhythm of their grid, and every second one may miss half of a feature's values.
 */
export function spread(n: number, count: number): number[] {
  return shuffled(n)
    .slice(0, count)
    .sort((a, b) => a - b);
}

/** 0 … n − 1 in an order that depends on n alone. */
export function shuffled(n: number): number[] {
  const random = seededRandom(n);
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j] ?? 0, order[i] ?? 0];
  }
  return order;
}

/** Sorts rows by their encoded features and joins equal ones. */
export function toTrainingData(schema: FeatureSchema, x: readonly Float64Array[], y: readonly number[]): TrainingData {
  const rows = x.map((row, i) => ({ row, y: y[i] ?? NaN })).sort((a, b) => compareRows(a.row, b.row) || a.y - b.y);
  const groups: { row: Float64Array; ys: number[] }[] = [];
  for (const { row, y: value } of rows) {
    const last = groups.at(-1);
    if (last !== undefined && compareRows(last.row, row) === 0) last.ys.push(value);
    else groups.push({ row, ys: [value] });
  }
  const means = groups.map(({ ys }) => ys.reduce((sum, value) => sum + value, 0) / ys.length);
  return {
    schema,
    x: groups.map(({ row }) => row),
    y: Float64Array.from(means),
    weight: Float64Array.from(groups, ({ ys }) => ys.length),
    scatter: Float64Array.from(groups, ({ ys }, i) =>
      ys.reduce((sum, value) => sum + (value - (means[i] ?? 0)) ** 2, 0),
    ),
    runs: groups.map(({ row, ys }) => ys.map((value) => ({ x: row, y: value }))),
  };
}

function compareRows(a: Float64Array, b: Float64Array): number {
  for (let i = 0; i < a.length; i += 1) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
