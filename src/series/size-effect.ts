import { median } from '../simulation/statistics.ts';
import type { SeriesRun } from './series-run.ts';

/** How the time of an application goes with what it reads: `time ∝ bytes ^ exponent` between `leastBytes` and `mostBytes`. */
export interface SizeEffect {
  readonly exponent: number;
  readonly leastBytes: number;
  readonly mostBytes: number;
}

/** Sizes closer than this tell nothing of their effect: the noise of time is larger. */
const APART = Math.log(1.1);
/** Fewer pairs of different size, and the exponent would be an accident. */
const LEAST_PAIRS = 10;
/** More bytes never make it faster, and hardly ever slower than by their power 1.5. */
const LARGEST_EXPONENT = 1.5;
/** A pair of neighbours tells as much as one of the ends of a long series, and there are fewer of them. */
const MOST_RUNS = 120;

/**
 * The Theil–Sen slope of log time over log input: the median of the slopes of all pairs, which a quarter of odd runs does not move.
 *
 * 0 where nothing is read, or always about the same.
 *
 * @see P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63 (1968)
 */
export function sizeEffect(runs: readonly SeriesRun[]): SizeEffect {
  const sized = runs.filter(({ inputBytes }) => inputBytes > 0).slice(-MOST_RUNS);
  if (sized.length < runs.length / 2 || sized.length === 0) return { exponent: 0, leastBytes: 0, mostBytes: Infinity };
  const points = sized.map(({ inputBytes, durationMs }) => [Math.log(inputBytes), Math.log(durationMs)] as const);
  const slopes = points.flatMap(([x, y], i) =>
    points.slice(i + 1).flatMap(([otherX, otherY]) => {
      const apart = otherX - x;
      return Math.abs(apart) >= APART ? [(otherY - y) / apart] : [];
    }),
  );
  const slope = slopes.length < LEAST_PAIRS ? 0 : (median(slopes) ?? 0);
  const sizes = sized.map(({ inputBytes }) => inputBytes);
  return {
    exponent: Math.min(Math.max(slope, 0), LARGEST_EXPONENT),
    leastBytes: Math.min(...sizes),
    mostBytes: Math.max(...sizes),
  };
}

/** Log time without what the input explains. */
export function withoutSize({ exponent }: SizeEffect, { durationMs, inputBytes }: SeriesRun): number {
  return Math.log(durationMs) - exponent * Math.log(Math.max(inputBytes, 1));
}
