/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */

/** Points of the grid from the smallest to the largest size seen, about: each size and points in between, or quantiles of many sizes. */
const POINTS = 16;
const MOST_SIZES = 8;
/** How far the curve goes on beyond the sizes seen, in natural logarithms: up to 20 times as much, and as little. */
const BEYOND = [0.25, 0.7, 1.5, 3];
/** Curves kept: questions often differ in size alone, or not at all. */
const CURVES_KEPT = 64;

/**
 * Makes a prediction grow with the input size.
 *
 * The prediction is asked on a fixed grid of sizes with all else equal, falls are levelled out (isotonic regression),
 * and in between it is a straight line: so no larger size is ever predicted to be faster, anywhere.
 *
 * @param sizes - the sizes seen, encoded, ascending
 * @see Barlow et al., "Statistical Inference under Order Restrictions", 1972, for pooling adjacent violators
 */
export function monotoneInSize(
  mean: (x: Float64Array) => number,
  sizeColumn: number,
  sizes: readonly number[],
): (x: Float64Array) => number {
  const grid = gridOf(sizes);
  const curves = new Map<string, Float64Array>();
  const curveOf = (x: Float64Array): Float64Array => {
    const key = x.filter((_, column) => column !== sizeColumn).join(' ');
    const kept = curves.get(key);
    if (kept !== undefined) return kept;
    const at = Float64Array.from(x);
    const curve = neverFalling(
      grid.map((size) => {
        at[sizeColumn] = size;
        return mean(at);
      }),
    );
    if (curves.size >= CURVES_KEPT) curves.clear();
    curves.set(key, curve);
    return curve;
  };

  return (x) => {
    const size = x[sizeColumn]!;
    const above = Math.max(
      1,
      Math.min(
        grid.length - 1,
        grid.findIndex((point) => point >= size) === -1 ? grid.length - 1 : grid.findIndex((point) => point >= size),
      ),
    );
    const curve = curveOf(x);
    const share = (size - grid[above - 1]!) / (grid[above]! - grid[above - 1]!);
    return curve[above - 1]! + share * (curve[above]! - curve[above - 1]!);
  };
}

/** The nearest values that never fall: neighbours that do are replaced by their mean. */
export function neverFalling(values: readonly number[]): Float64Array {
  const blocks: { sum: number; count: number }[] = [];
  for (const value of values) {
    let block = { sum: value, count: 1 };
    for (
      let last = blocks.at(-1);
      last !== undefined && last.sum / last.count > block.sum / block.count;
      last = blocks.at(-1)
    ) {
      block = { sum: last.sum + block.sum, count: last.count + block.count };
      blocks.pop();
    }
    blocks.push(block);
  }
  return Float64Array.from(blocks.flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count)));
}

function gridOf(sizes: readonly number[]): number[] {
  const seen =
    sizes.length <= MOST_SIZES
      ? sizes
      : Array.from({ length: MOST_SIZES }, (_, k) => sizes[Math.round((k * (sizes.length - 1)) / (MOST_SIZES - 1))]!);
  const least = seen[0]!;
  const most = seen.at(-1)!;
  const between = Math.max(1, Math.round(POINTS / seen.length) - 1);
  const points = seen
    .slice(1)
    .flatMap((size, k) =>
      Array.from({ length: between }, (_, i) => seen[k]! + ((size - seen[k]!) * (i + 1)) / (between + 1)),
    );
  return [...BEYOND.map((step) => least - step), ...seen, ...points, ...BEYOND.map((step) => most + step)].sort(
    (a, b) => a - b,
  );
}
