import { median } from '../simulation/statistics.ts';
import { sizeEffect, withoutSize } from './size-effect.ts';
import type { SeriesRun } from './series-run.ts';

/** What the runs before lead one to expect of a run of its size. */
export interface Expectation {
  /** The middle. */
  readonly expectedMs: number;
  /** A run of the same program on the same cluster lies above only by an accident rarer than {@link FALSE_ALARMS}. */
  readonly highMs: number;
  /** How many runs it rests on. */
  readonly runs: number;
  /** Half of the runs lie within this factor of the middle: 1.04 is ±4 %. */
  readonly spreadRatio: number;
  /** Time goes with this power of the input. */
  readonly sizeExponent: number;
  /** It reads more or less than any run before: how its time goes with that is not known, so more is let pass. */
  readonly isBeyondKnownSizes: boolean;
}

/** Fewer runs are no baseline to raise an alarm by. */
export const LEAST_RUNS = 8;
/** The newest so many runs count: older ones are of an older program and an older cluster. */
export const MOST_RUNS = 20;
/** Share of the runs of an unchanged application that are taken for regressions, at most, where its noise is normal in log time. */
export const FALSE_ALARMS = 0.01;
/** Less is not worth a word, however steady the runs before. */
const LEAST_RATIO = 1.1;
/** Half of the runs were never closer together than this: a series of equal times is an accident. */
const LEAST_DEVIATION = 0.01;
/** Standard deviations in a median absolute deviation of normal noise. */
const PER_DEVIATION = 1.4826;
/** A size this close to a known one is a known one. */
const SAME_SIZE = 1.1;

/**
 * How many robust deviations above the median of `n` normal values a further one lies with a probability of 0.5 %.
 *
 * Of few values the deviation itself is uncertain, so the factor is larger. From 40,000 drawn series for each `n`; linear between.
 */
const FACTORS: readonly (readonly [n: number, factor: number])[] = [
  [5, 14.28],
  [6, 8.27],
  [7, 7.79],
  [8, 6.05],
  [9, 5.81],
  [10, 4.93],
  [12, 4.48],
  [14, 4.18],
  [16, 3.77],
  [18, 3.76],
  [20, 3.48],
];

/**
 * What is to be expected of a run of `inputBytes`, by the median and the median absolute deviation of the runs before.
 *
 * @param history - oldest first; the newest `most` count
 * @returns `undefined` with fewer than `least`
 */
export function expectationOf(
  history: readonly SeriesRun[],
  inputBytes: number,
  { least = LEAST_RUNS, most = MOST_RUNS }: { readonly least?: number; readonly most?: number } = {},
): Expectation | undefined {
  const runs = history.slice(-most);
  if (runs.length < Math.max(least, 1)) return undefined;
  const size = sizeEffect(runs);
  const levels = runs.map((run) => withoutSize(size, run));
  const middle = median(levels) ?? 0;
  const deviation = Math.max(
    median(levels.map((level) => Math.abs(level - middle))) ?? 0,
    LEAST_DEVIATION / PER_DEVIATION,
  );
  const isSized = size.mostBytes < Infinity;
  const bytes = Math.max(inputBytes, 1);
  const expected = middle + (isSized ? size.exponent * Math.log(bytes) : 0);
  const margin = Math.max(factorOf(runs.length) * PER_DEVIATION * deviation, Math.log(LEAST_RATIO));
  const beyond = isSized ? Math.log(bytes / Math.min(Math.max(bytes, size.leastBytes), size.mostBytes)) : 0;
  // Beyond the sizes seen, more input may cost its whole proportion, and less may save nothing.
  const allowance = beyond > 0 ? Math.max(0, 1 - size.exponent) * beyond : -size.exponent * beyond;
  return {
    expectedMs: Math.exp(expected),
    highMs: Math.exp(expected + margin + allowance),
    runs: runs.length,
    spreadRatio: Math.exp(deviation),
    sizeExponent: size.exponent,
    isBeyondKnownSizes: Math.abs(beyond) > Math.log(SAME_SIZE),
  };
}

function factorOf(n: number): number {
  const above = FACTORS.findIndex(([count]) => count >= n);
  // Fewer than five have no row, and more than twenty differ little from twenty.
  const [highN, high] = FACTORS.at(above) ?? [MOST_RUNS, 0];
  const [lowN, low] = above > 0 ? (FACTORS[above - 1] ?? [highN, high]) : [highN, high];
  return highN === lowN ? high : low + ((high - low) * (n - lowN)) / (highN - lowN);
}
