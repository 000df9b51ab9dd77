import type { SeriesRun } from '../../src/series/series-run.ts';
import { RUN_END } from './aggregate-run.ts';

const HOUR_MS = 3_600_000;

/** A run an hour, `durations` in milliseconds; each reads as many bytes as `inputBytes` says. */
export function seriesOf(durations: readonly number[], inputBytes: (index: number) => number = () => 1e9): SeriesRun[] {
  return durations.map((durationMs, i) => ({
    key: { cluster: 'default', appId: `app-${String(i).padStart(4, '0')}` },
    run: `app-${String(i).padStart(4, '0')}`,
    endedAt: RUN_END + i * HOUR_MS,
    durationMs,
    inputBytes: inputBytes(i),
  }));
}

/** Normal values by Box and Muller. */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
