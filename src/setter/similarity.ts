import { median } from './history-model.ts';
import type { HistoryRun } from './history-run.ts';

/** What an application looks like, whatever its scale: ratios and logarithms. An absent value is not compared. */
export interface Profile {
  readonly logInput?: number;
  /** Logarithm of 1 + shuffle over input, and of 1 + output over input. */
  readonly shuffle?: number;
  readonly output?: number;
  readonly logStages?: number;
}

const DIMENSIONS = ['logInput', 'shuffle', 'output', 'logStages'] as const;

/** The middle of its runs; their order changes nothing. */
export function profileOf(runs: readonly HistoryRun[]): Profile {
  const middle = (value: (run: HistoryRun) => number): number => median(runs.map(value));
  const input = ({ inputBytes }: HistoryRun): number => Math.max(1, inputBytes);
  return {
    logInput: middle((run) => Math.log(input(run))),
    shuffle: middle((run) => Math.log1p(run.shuffleBytes / input(run))),
    output: middle((run) => Math.log1p(run.outputBytes / input(run))),
    logStages: middle((run) => Math.log(Math.max(1, run.stages))),
  };
}

/** 1 for equal profiles, falling with the mean distance of what both know; symmetric. 0 when they share nothing. */
export function similarity(a: Profile, b: Profile): number {
  const distances = DIMENSIONS.flatMap((name) => {
    const [x, y] = [a[name], b[name]];
    return x === undefined || y === undefined ? [] : [Math.abs(x - y)];
  });
  if (distances.length === 0) return 0;
  return Math.exp(-distances.reduce((sum, distance) => sum + distance, 0) / DIMENSIONS.length);
}
