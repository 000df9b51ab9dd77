import type { Configuration, HistoryRun } from '../../src/setter/history-run.ts';
import type { TuningContext } from '../../src/tuning/advance.ts';
import type { TuningSettings } from '../../src/tuning/session.ts';

export const NOW = new Date('2026-11-21T12:00:00Z');
export const GIB = 2 ** 30;

export const START: Configuration = {
  executors: 1,
  coresPerExecutor: 2,
  memoryMib: 2048,
  shufflePartitions: 200,
  driverCores: 1,
  driverMemoryMib: 1024,
  isDynamic: false,
};

export const SETTINGS: TuningSettings = {
  tolerance: 0.1,
  confidence: 0.9,
  objective: 'time',
  maxRounds: 8,
  leastGain: 0.03,
  platform: 'yarn',
  bounds: {
    executors: { min: 1, max: 16 },
    coresPerExecutor: { min: 1, max: 4 },
    memoryMib: { min: 1024, max: 8192 },
    shufflePartitions: { min: 8, max: 400 },
  },
};

/** Everything is granted, and a core costs 1 per millisecond. */
export const CONTEXT: TuningContext = {
  pricePerMs: ({ executors, coresPerExecutor }) => executors * coresPerExecutor,
  isGrantable: () => true,
  now: NOW,
};

export function runOf(
  run: string,
  durationMs: number,
  configuration: Partial<Configuration> = {},
  rest: Partial<HistoryRun> = {},
): HistoryRun {
  return {
    run,
    cluster: 'test',
    application: 'etl',
    name: 'etl',
    endTime: new Date(NOW.getTime() + Number(run.replace(/\D/g, '')) * 60_000).toISOString(),
    sparkVersion: '4.0.1',
    durationMs,
    inputBytes: 10 * GIB,
    shuffleBytes: 0,
    outputBytes: 0,
    spilledBytes: 0,
    stages: 3,
    configuration: { ...START, ...configuration },
    ...rest,
  };
}
