import { median } from '../simulation/statistics.ts';
import { expectationOf, LEAST_RUNS, MOST_RUNS, type Expectation } from './baseline.ts';
import { changePoints } from './change-points.ts';
import { sizeEffect, withoutSize } from './size-effect.ts';
import type { SeriesRun } from './series-run.ts';

/** How a run stands to those before it. `unknown`: there are too few. */
export type Verdict = 'normal' | 'slower' | 'unknown';

export interface Judgement {
  readonly run: SeriesRun;
  readonly verdict: Verdict;
  readonly expectation: Expectation | undefined;
  /** The run before it that is most like it and was normal: what to compare it with. */
  readonly goodRun: SeriesRun | undefined;
}

/** A new level of the series, normalised by input size. */
export interface Shift {
  /** The first run of the new level. */
  readonly first: SeriesRun;
  /** The last run of the old level. */
  readonly last: SeriesRun;
  /** A run near the end of the old level, and one near the beginning of the new, that are typical of it: the first may be an accident. */
  readonly typicalBefore: SeriesRun;
  readonly typicalAfter: SeriesRun;
  /** New level / old level. */
  readonly ratio: number;
  readonly runsBefore: number;
  readonly runsAfter: number;
  readonly pValue: number;
}

/** The level of a series is looked for in so many runs before a run. */
const LEVEL_WINDOW = 60;
/** What a level is like is looked for this near to where it changed: later other things change too. */
const TYPICAL_WINDOW = 10;
/** A new level that differs by less is nobody's concern. */
const LEAST_SHIFT = 1.05;
/** Beyond so many runs the beginning of a series tells nothing about now. */
export const SERIES_LENGTH = 200;

/** Judges the run at an index by the runs before it, and by no later one: what was said of a run does not change. */
export function judge(series: readonly SeriesRun[], index: number): Judgement | undefined {
  const run = series[index];
  if (run === undefined) return undefined;
  const history = levelBefore(series.slice(Math.max(0, index - LEVEL_WINDOW), index));
  const expectation = expectationOf(history, run.inputBytes);
  if (expectation === undefined) return { run, verdict: 'unknown', expectation, goodRun: undefined };
  const verdict = run.durationMs > expectation.highMs ? 'slower' : 'normal';
  return { run, verdict, expectation, goodRun: mostLike(run, history) };
}

/** Where the level of the whole series changed. */
export function shiftsOf(series: readonly SeriesRun[]): Shift[] {
  const recent = series.slice(-SERIES_LENGTH);
  const size = sizeEffect(recent);
  const levels = recent.map((run) => withoutSize(size, run));
  const points = changePoints(levels);
  return points.flatMap(({ index, pValue }, i): Shift[] => {
    const from = points[i - 1]?.index ?? 0;
    const to = points[i + 1]?.index ?? levels.length;
    const [first, last] = [recent[index], recent[index - 1]];
    const [before, after] = [median(levels.slice(from, index)) ?? 0, median(levels.slice(index, to)) ?? 0];
    const ratio = Math.exp(after - before);
    const nearest = (start: number, end: number, level: number): SeriesRun | undefined =>
      recent.slice(start, end).toSorted((a, b) => apart(a, level) - apart(b, level))[0];
    const apart = (run: SeriesRun, level: number): number => Math.abs(withoutSize(size, run) - level);
    const typicalBefore = nearest(Math.max(from, index - TYPICAL_WINDOW), index, before);
    const typicalAfter = nearest(index, Math.min(to, index + TYPICAL_WINDOW), after);
    if (first === undefined || last === undefined || typicalBefore === undefined || typicalAfter === undefined)
      return [];
    if (Math.max(ratio, 1 / ratio) < LEAST_SHIFT) return [];
    return [
      { first, last, typicalBefore, typicalAfter, ratio, runsBefore: index - from, runsAfter: to - index, pValue },
    ];
  });
}

/** The runs since the level last changed, when they are enough to go by: what is slow for good is slow until that is known. */
function levelBefore(runs: readonly SeriesRun[]): readonly SeriesRun[] {
  const size = sizeEffect(runs);
  const points = changePoints(runs.map((run) => withoutSize(size, run)));
  return runs.slice(points.findLast(({ index }) => index <= runs.length - LEAST_RUNS)?.index ?? 0);
}

/** Of the runs that took no longer than usual the one whose input is nearest, of equally near ones the newest. */
export function mostLike(run: SeriesRun, history: readonly SeriesRun[]): SeriesRun | undefined {
  const recent = history.slice(-MOST_RUNS);
  const normal = recent.filter(({ durationMs, inputBytes }) => {
    const usual = expectationOf(recent, inputBytes);
    return usual !== undefined && durationMs <= usual.highMs;
  });
  const apart = ({ inputBytes }: SeriesRun): number =>
    Math.round(20 * Math.abs(Math.log(Math.max(inputBytes, 1) / Math.max(run.inputBytes, 1))));
  return normal.toSorted((a, b) => apart(a) - apart(b) || b.endedAt - a.endedAt)[0];
}
