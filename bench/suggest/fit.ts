/** In a process of its own: the CPU time of one fit to 1,000 runs of different settings. */
import { seededRandom } from '../../src/regression/random.ts';
import { fitHistory } from '../../src/setter/history-model.ts';
import type { HistoryRun } from '../../src/setter/history-run.ts';
import { measure } from '../support/child.ts';

const RUNS = 1000;
const random = seededRandom(11);
const oneOf = (values: readonly number[]): number => values[Math.floor(random() * values.length)] ?? NaN;

/** 20 s, and 240 core-seconds for each GiB, ±5 %. */
const runs = Array.from({ length: RUNS }, (_, i): HistoryRun => {
  const executors = 1 + Math.floor(random() * 32);
  const coresPerExecutor = oneOf([2, 4, 8]);
  const gib = 1 + random() * 50;
  return {
    run: `app-${i}`,
    cluster: 'bench',
    application: 'etl',
    name: 'etl',
    endTime: new Date(i * 60_000).toISOString(),
    sparkVersion: '4.0.1',
    durationMs: (20_000 + (240_000 * gib) / executors / coresPerExecutor) * (0.95 + 0.1 * random()),
    inputBytes: Math.round(gib * 2 ** 30),
    shuffleBytes: 0,
    outputBytes: 0,
    spilledBytes: 0,
    stages: 5,
    configuration: {
      executors,
      coresPerExecutor,
      memoryMib: oneOf([4096, 8192, 16_384]),
      shufflePartitions: oneOf([50, 100, 200, 400]),
      driverCores: 1,
      driverMemoryMib: 2048,
      isDynamic: false,
    },
  };
});
await measure(() => {
  const { distinctSettings, model } = fitHistory(runs);
  return Promise.resolve({ distinctSettings, mape: 100 * (model.document.error?.mape ?? NaN) });
});
