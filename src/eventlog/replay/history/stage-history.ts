import type { ExecutorSummary, StageData } from '../../../spark/rest.ts';
import { JsonEntries } from '../../../util/json-stream.ts';
import type { RestDialect } from '../executor-metrics.ts';
import type { RddStorageInfo } from '../storage.ts';
import { executorDistributions } from './executor-distributions.ts';
import type { ProcessSummary } from './processes.ts';
import type { ExecutorStageSummary, SpeculationStageSummary } from './stage-summaries.ts';
import { logsOf } from './task-data.ts';
import { tasksById } from './task-list.ts';
import { taskSummary } from './task-summary.ts';
import type { TaskTable } from './task-table.ts';

/** What a History Server keeps of a stage attempt beside its row. Plain data. */
export interface StageHistory {
  readonly stageId: number;
  readonly attemptId: number;
  /** `undefined` without tasks, `too-large` where a run had more than are kept. */
  readonly tasks: TaskTable | 'too-large' | undefined;
  readonly executors: Readonly<Record<string, ExecutorStageSummary>>;
  readonly speculation?: SpeculationStageSummary | undefined;
}

/** What a History Server keeps of a run beside the rows of its lists. Plain data. */
export interface RunHistoryParts {
  readonly dialect: RestDialect;
  readonly stages: readonly StageHistory[];
  /** Persisted RDDs, those without a cached partition too. */
  readonly rdds: readonly RddStorageInfo[];
  readonly processes: readonly ProcessSummary[];
}

export interface StageDetailOptions {
  readonly details: boolean;
  readonly withSummaries: boolean;
  readonly quantiles: readonly number[];
  /** Which tasks to list; all when there is none. */
  readonly taskStatuses: readonly string[];
}

/**
 * The row of a stage with its tasks, its executors and its quantiles, as far as they are asked for.
 *
 * The tasks are made as they are written: see `jsonChunks`.
 *
 * @throws RangeError as {@link executorDistributions} does
 * @see Spark, `core/src/main/scala/org/apache/spark/status/AppStatusStore.scala`, `newStageData`
 */
export function detailedStage(
  stage: StageData,
  history: StageHistory | undefined,
  options: StageDetailOptions,
  run: { readonly allexecutors: readonly ExecutorSummary[]; readonly dialect: RestDialect },
): StageData {
  const { details, withSummaries, quantiles, taskStatuses } = options;
  const table = typeof history?.tasks === 'object' ? history.tasks : undefined;
  const executors = history?.executors ?? {};
  const speculation = details ? history?.speculation : undefined;
  const taskMetrics = withSummaries && table !== undefined ? taskSummary(table, quantiles) : undefined;
  const executorMetrics = withSummaries
    ? executorDistributions(Object.values(executors), quantiles, run.dialect)
    : undefined;
  return {
    ...stage,
    ...(details
      ? {
          tasks: new JsonEntries(table === undefined ? [] : tasksById(table, taskStatuses, logsOf(run.allexecutors))),
          executorSummary: executors,
        }
      : {}),
    ...(speculation === undefined ? {} : { speculationSummary: speculation }),
    ...(taskMetrics === undefined ? {} : { taskMetricsDistributions: taskMetrics }),
    ...(executorMetrics === undefined ? {} : { executorMetricsDistributions: executorMetrics }),
  };
}
