/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import { spread, subset, type TrainingData } from '../training-data.ts';
import type { Member } from './member.ts';

/** A leaf has a value, an inner node two children. */
type Tree =
  | { readonly value: number }
  | { readonly column: number; readonly threshold: number; readonly low: Tree; readonly high: Tree };

const ROUNDS = 60;
const RATE = 0.2;
const DEPTH = 4;
const LEAST_IN_LEAF = 2;
/** Thresholds tried per column. */
const MOST_BINS = 32;
/** More rows are thinned out: trees are here for steps that smooth models miss, and steps show in this many. */
const MOST_ROWS = 400;

/**
 * Gradient boosting of regression trees on log time, where runs are many.
 *
 * Finds steps and thresholds the smooth members miss; says nothing beyond the range it has seen.
 *
 * @see Friedman, "Greedy function approximation: a gradient boosting machine", 2001
 */
export const boosting: Member = {
  name: 'boosting',
  minimumRows: 30,
  fit(all) {
    const data = subset(all, spread(all.y.length, MOST_ROWS));
    const start = data.y.reduce((sum, y) => sum + y, 0) / data.y.length;
    const residual = data.y.map((y) => y - start);
    const columns = binned(data);
    const rows = Int32Array.from(residual.keys());
    const trees: Tree[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const tree = grow(columns, residual, data.weight, rows, DEPTH);
      trees.push(tree);
      for (let i = 0; i < residual.length; i += 1) residual[i] = residual[i]! - RATE * valueAt(tree, data.x[i]!);
    }
    const mean = (x: Float64Array): number => trees.reduce((sum, tree) => sum + RATE * valueAt(tree, x), start);
    // What is left on the rows it was fitted on is too little: out-of-fold scores set the width (calibration.ts).
    const variance = Math.max(residual.reduce((sum, value) => sum + value * value, 0) / residual.length, 1e-4) * 4;
    return { hyper: [], mean, predict: (x) => ({ mean: mean(x), variance }) };
  },
};

/** A column cut into bins: a row is in bin b when its value is at most `thresholds[b]` and above the one before. */
interface BinnedColumn {
  readonly thresholds: readonly number[];
  readonly bins: Uint8Array;
}

function binned(data: TrainingData): BinnedColumn[] {
  return data.schema.columns.map((_, column) => {
    const levels = [...new Set(data.x.map((row) => row[column]!))].sort((a, b) => a - b);
    const count = Math.min(levels.length, MOST_BINS);
    const edges = Array.from({ length: count - 1 }, (_edge, k) => Math.round(((k + 1) * levels.length) / count));
    const thresholds = edges.map((edge) => (levels[edge - 1]! + levels[edge]!) / 2);
    return {
      thresholds,
      bins: Uint8Array.from(data.x, (row) => thresholds.filter((threshold) => row[column]! > threshold).length),
    };
  });
}

function valueAt(tree: Tree, x: Float64Array): number {
  let node = tree;
  while ('column' in node) node = x[node.column]! <= node.threshold ? node.low : node.high;
  return node.value;
}

function grow(
  columns: readonly BinnedColumn[],
  residual: Float64Array,
  weight: Float64Array,
  rows: Int32Array,
  depth: number,
): Tree {
  let total = 0;
  let count = 0;
  for (const i of rows) {
    total += weight[i]! * residual[i]!;
    count += weight[i]!;
  }
  if (depth === 0 || rows.length < 2 * LEAST_IN_LEAF) return { value: total / count };

  const best = bestSplit(columns, residual, weight, rows, total, count);
  if (best === undefined) return { value: total / count };
  const { bins, thresholds } = columns[best.column]!;
  return {
    column: best.column,
    threshold: thresholds[best.bin]!,
    low: grow(
      columns,
      residual,
      weight,
      rows.filter((i) => bins[i]! <= best.bin),
      depth - 1,
    ),
    high: grow(
      columns,
      residual,
      weight,
      rows.filter((i) => bins[i]! > best.bin),
      depth - 1,
    ),
  };
}

/** The split that lowers the squared error most; of equal ones the first. */
function bestSplit(
  columns: readonly BinnedColumn[],
  residual: Float64Array,
  weight: Float64Array,
  rows: Int32Array,
  total: number,
  count: number,
): { column: number; bin: number } | undefined {
  let best: { column: number; bin: number } | undefined;
  let most = 1e-12;
  columns.forEach(({ thresholds, bins }, column) => {
    const sums = new Float64Array(thresholds.length + 1);
    const weights = new Float64Array(thresholds.length + 1);
    const counts = new Int32Array(thresholds.length + 1);
    for (const i of rows) {
      const bin = bins[i]!;
      sums[bin] = sums[bin]! + weight[i]! * residual[i]!;
      weights[bin] = weights[bin]! + weight[i]!;
      counts[bin] = counts[bin]! + 1;
    }
    let left = 0;
    let leftWeight = 0;
    let leftCount = 0;
    for (let bin = 0; bin < thresholds.length; bin += 1) {
      left += sums[bin]!;
      leftWeight += weights[bin]!;
      leftCount += counts[bin]!;
      if (leftCount < LEAST_IN_LEAF || rows.length - leftCount < LEAST_IN_LEAF) continue;
      const gain = (left * left) / leftWeight + (total - left) ** 2 / (count - leftWeight) - (total * total) / count;
      if (gain > most * (1 + 1e-9)) {
        most = gain;
        best = { column, bin };
      }
    }
  });
  return best;
}
