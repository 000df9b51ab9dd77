/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import { choleskyInPlace, dot, solveCholesky } from './linear-algebra.ts';
import type { TrainingData } from './training-data.ts';

/** A Gaussian process costs the cube of its rows to fit and their square to ask. */
const MOST_ROWS = 200;

/**
 * Joins runs of nearly equal settings until few enough rows are left: centres far from each other are chosen,
 * each row goes to the nearest, and a centre becomes the mean of its rows with their number as weight.
 *
 * @see Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985, for the choice of centres
 */
export function condense(data: TrainingData, mostRows: number = MOST_ROWS): TrainingData {
  const n = data.x.length;
  if (n <= mostRows) return data;
  const reach = data.schema.columns.map(({ feature, kind }) =>
    kind === 'flag' ? 0.2 : Math.max(data.schema.features[feature]!.reach, 1e-9),
  );
  const distance = (a: Float64Array, b: Float64Array): number =>
    a.reduce((sum, value, c) => sum + ((value - b[c]!) / reach[c]!) ** 2, 0);

  const nearest = new Int32Array(n);
  const apart = new Float64Array(n).fill(Infinity);
  let centre = 0;
  for (let k = 0; k < mostRows; k += 1) {
    let next = 0;
    for (let i = 0; i < n; i += 1) {
      const d = distance(data.x[i]!, data.x[centre]!);
      if (d < apart[i]!) {
        apart[i] = d;
        nearest[i] = k;
      }
      if (apart[i]! > apart[next]!) next = i;
    }
    centre = next;
  }

  const groups = Array.from({ length: mostRows }, (): number[] => []);
  nearest.forEach((k, i) => groups[k]!.push(i));
  const joined = groups.filter((group) => group.length > 0);
  const weightOf = (group: readonly number[]): number => group.reduce((sum, i) => sum + data.weight[i]!, 0);
  const meanOf = (group: readonly number[], of: (i: number) => number): number =>
    group.reduce((sum, i) => sum + data.weight[i]! * of(i), 0) / weightOf(group);
  const x = joined.map((group) =>
    Float64Array.from(data.schema.columns, (_, c) => meanOf(group, (i) => data.x[i]![c]!)),
  );
  const y = Float64Array.from(joined, (group) => meanOf(group, (i) => data.y[i]!));
  const beside = joined.map((group, k) =>
    group.map((i) => ({ i, x: data.x[i]!.map((value, c) => value - x[k]![c]!), y: data.y[i]! - y[k]! })),
  );
  const slopes = commonSlopes(beside.flat(), data.weight);
  return {
    schema: data.schema,
    x,
    y,
    weight: Float64Array.from(joined, weightOf),
    // Runs that were joined differ for a reason, too; what their common slopes do not explain is taken for noise, as it is between repeats.
    scatter: Float64Array.from(beside, (group) =>
      group.reduce(
        (sum, each) => sum + data.scatter[each.i]! + data.weight[each.i]! * (each.y - dot(slopes, each.x)) ** 2,
        0,
      ),
    ),
    runs: joined.map((group) => group.flatMap((i) => data.runs[i]!)),
  };
}

/** The slopes that explain best how runs differ from the mean of their row (analysis of covariance: one slope per column for all rows). */
function commonSlopes(
  beside: readonly { readonly i: number; readonly x: Float64Array; readonly y: number }[],
  weight: Float64Array,
): Float64Array {
  const p = beside[0]!.x.length;
  const gram = new Float64Array(p * p);
  const target = new Float64Array(p);
  for (const { i, x, y } of beside) {
    for (let a = 0; a < p; a += 1) {
      target[a] = target[a]! + weight[i]! * x[a]! * y;
      for (let b = 0; b < p; b += 1) gram[a * p + b] = gram[a * p + b]! + weight[i]! * x[a]! * x[b]!;
    }
  }
  // A column that never differs within a row has no slope.
  for (let a = 0; a < p; a += 1) gram[a * p + a] = gram[a * p + a]! * (1 + 1e-6) + 1e-9;
  choleskyInPlace(gram, p);
  return solveCholesky(gram, p, target);
}
