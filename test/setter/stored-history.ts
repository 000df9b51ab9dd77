import type { AggregateDocument } from '../../src/documents/documents.ts';
import type { RunKey } from '../../src/documents/run-key.ts';
import type { HistoryRun } from '../../src/setter/history-run.ts';
import type { Store } from '../../src/store/store.ts';
import { sampleAggregate } from '../store/sample-runs.ts';
import { GIB, lawMs, sampleRun } from './sample-history.ts';

/** So many runs of the closed formula of {@link lawMs}, ±3 % by turns; any two differ. */
export function lawRuns(count: number): HistoryRun[] {
  return Array.from({ length: count }, (_, i) => {
    const executors = [2, 4, 8, 16][i % 4] ?? 2;
    const inputBytes = (4 + (i % 7) * 2) * GIB + i;
    const durationMs = Math.round((i % 2 === 0 ? 0.97 : 1.03) * lawMs(inputBytes / GIB, executors * 4));
    const minute = String(i).padStart(4, '0');
    return sampleRun(
      i,
      {
        inputBytes,
        durationMs,
        endTime: `2026-11-0${1 + (i >> 4)}T${minute.slice(0, 2)}:${String(i % 60).padStart(2, '0')}:00+00:00`,
      },
      { executors },
    );
  });
}

/** Stores runs as a crawl would have, with what the setter reads of them. */
export async function saveLawRuns(store: Store, runs: readonly HistoryRun[], revision = 1): Promise<RunKey[]> {
  const documents = runs.map((run) => {
    const key = { cluster: run.cluster, appId: run.run };
    return { key, aggregate: aggregateOf(run, revision) };
  });
  await store.saveRuns(documents);
  return documents.map(({ key }) => key);
}

function aggregateOf(run: HistoryRun, revision: number): AggregateDocument {
  const { executors, coresPerExecutor, memoryMib, shufflePartitions, driverMemoryMib } = run.configuration;
  const sample = sampleAggregate({
    cluster: run.cluster,
    appId: run.run,
    name: run.name,
    tag: run.application,
    end: run.endTime,
    revision,
    properties: {
      spark_executor_memory: memoryMib * 2 ** 20,
      spark_driver_memory: driverMemoryMib * 2 ** 20,
      spark_sql_shuffle_partitions: String(shufflePartitions),
      ...run.parameters,
    },
  });
  const column = (sum: number) => ({ min: 0, max: sum, sum, mean: sum, count_zeroes: 0, count_not_null: 1 });
  const { attempt } = sample;
  return {
    ...sample,
    attempt: {
      ...attempt,
      duration: run.durationMs,
      appSparkVersion: run.sparkVersion,
      aggs: {
        ...attempt.aggs,
        allexecutors: {
          ...attempt.aggs.allexecutors,
          executors: { elements_count: executors, totalCores: column(executors * coresPerExecutor) },
        },
        stages: {
          elements_count: run.stages,
          inputBytes: column(run.inputBytes),
          outputBytes: column(run.outputBytes),
          shuffleReadBytes: column(run.shuffleBytes),
          diskBytesSpilled: column(run.spilledBytes),
        },
        summary: { core_cost: executors * coresPerExecutor * run.durationMs },
      },
    },
  };
}
