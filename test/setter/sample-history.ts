import type { Configuration, HistoryRun } from '../../src/setter/history-run.ts';

export const GIB = 2 ** 30;

export const CONFIGURATION: Configuration = {
  executors: 4,
  coresPerExecutor: 4,
  memoryMib: 8192,
  shufflePartitions: 200,
  driverCores: 1,
  driverMemoryMib: 2048,
  isDynamic: false,
};

export function sampleRun(
  id: number,
  change: Partial<HistoryRun> = {},
  configuration: Partial<Configuration> = {},
): HistoryRun {
  return {
    run: `app-${id}`,
    cluster: 'test',
    application: 'etl',
    name: 'etl',
    endTime: `2026-11-${String((id % 28) + 1).padStart(2, '0')}T00:00:00+00:00`,
    sparkVersion: '3.5.7',
    durationMs: 600_000,
    inputBytes: 10 * GIB,
    shuffleBytes: 2 * GIB,
    outputBytes: GIB,
    spilledBytes: 0,
    stages: 10,
    ...change,
    configuration: { ...CONFIGURATION, ...configuration },
  };
}

/** A closed formula: 20 s, and 240 core-seconds for each GiB, spread over the slots; ±3 % by turns. */
export function lawMs(gib: number, slots: number): number {
  return 20_000 + (240_000 * gib) / slots;
}

/** 24 runs: 2, 4, 8 and 16 executors of 4 cores on 5, 10 and 20 GiB, twice each. */
export function lawHistory(): HistoryRun[] {
  return [2, 4, 8, 16].flatMap((executors, i) =>
    [5, 10, 20].flatMap((gib, j) =>
      [0.97, 1.03].map((noise, k) =>
        sampleRun(
          i * 6 + j * 2 + k,
          { inputBytes: gib * GIB, durationMs: noise * lawMs(gib, executors * 4) },
          { executors },
        ),
      ),
    ),
  );
}
