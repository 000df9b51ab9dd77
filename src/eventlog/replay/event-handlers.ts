import type { AppState } from './app-state.ts';
import type { RunDetailBuilder } from './detail/run-detail-builder.ts';
import { readJobStart } from './job-info.ts';
import type { JsonRecord } from './json-fields.ts';
import { intField, optionalRecord, optionalText, optionalTime, recordField } from './json-fields.ts';
import type { SqlExecutions } from './sql/executions.ts';
import { readStageInfo } from './stage-info.ts';
import type { TaskEvents } from './task-events.ts';
import { TextPool } from './text-pool.ts';

/** What to do with an event, by the name it has in a log. Other events are of no concern. */
export type EventHandlers = ReadonlyMap<string, (event: JsonRecord) => void>;

type Named = Readonly<Record<string, (event: JsonRecord) => void>>;

export function eventHandlers(
  state: AppState,
  sql: SqlExecutions,
  detail: RunDetailBuilder,
  tasks: TaskEvents,
): EventHandlers {
  return new Map([
    ...prefixed('SparkListener', applicationEvents(state, detail)),
    ...prefixed('SparkListener', executorEvents(state, detail)),
    ...prefixed('SparkListener', jobEvents(state, sql, detail)),
    ...prefixed('SparkListener', {
      TaskStart: (event) => {
        tasks.start(event);
      },
      TaskEnd: (event) => {
        tasks.end(event);
      },
    }),
    ...prefixed('org.apache.spark.scheduler.SparkListener', {
      ...exclusionEvents(state),
      MiscellaneousProcessAdded: (event) => {
        state.processes.add(event);
      },
    }),
    ...prefixed('org.apache.spark.sql.execution.ui.SparkListener', sqlEvents(sql, detail)),
  ]);
}

function prefixed(prefix: string, named: Named): [string, (event: JsonRecord) => void][] {
  return Object.entries(named).map(([name, handle]) => [prefix + name, handle]);
}

function applicationEvents(state: AppState, detail: RunDetailBuilder): Named {
  return {
    LogStart: (event) => {
      state.logStart(event);
    },
    ApplicationStart: (event) => {
      state.applicationStart(event);
      if (state.start !== undefined) detail.started(state.start.time);
    },
    ApplicationEnd: (event) => {
      state.applicationEnd(event);
      detail.at(state.end);
    },
    EnvironmentUpdate: (event) => {
      state.environmentUpdate(event);
    },
    ResourceProfileAdded: (event) => {
      state.resourceProfileAdded(event);
    },
  };
}

function executorEvents(state: AppState, detail: RunDetailBuilder): Named {
  return {
    ExecutorAdded: (event) => {
      detail.executorSeen(state.executorAdded(event));
    },
    BlockManagerAdded: (event) => {
      detail.executorSeen(state.blockManagerAdded(event));
    },
    ExecutorRemoved: (event) => {
      const executor = state.executorRemoved(event);
      if (executor !== undefined) detail.executorRemoved(executor);
    },
    BlockUpdated: (event) => {
      state.storage.update(recordField(event, 'Block Updated Info'));
    },
    UnpersistRDD: (event) => {
      state.storage.unpersist(intField(event, 'RDD ID'));
    },
    StageExecutorMetrics: (event) => {
      state.stageExecutorMetrics(event);
    },
    ExecutorMetricsUpdate: (event) => {
      state.executorMetricsUpdate(event);
    },
  };
}

function jobEvents(state: AppState, sql: SqlExecutions, detail: RunDetailBuilder): Named {
  const texts = new TextPool();
  const intern = (text: string): string => texts.intern(text);
  return {
    JobStart: (event) => {
      const { info, properties } = readJobStart(event, intern);
      detail.jobStarted(state.jobStart(info), properties);
      sql.jobStart(info, optionalText(properties, 'spark.sql.execution.id'));
    },
    JobEnd: (event) => {
      const job = state.jobEnd(event);
      if (job === undefined) return;
      detail.jobEnded(job);
      sql.jobEnd(job.info.jobId, job.status === 'SUCCEEDED');
    },
    StageSubmitted: (event) => {
      const info = readStageInfo(recordField(event, 'Stage Info'), intern);
      const properties = optionalRecord(event, 'Properties') ?? {};
      detail.stageSubmitted(info, properties, state.storage.held(info.persisted));
      state.stageSubmitted(info, properties);
      sql.stageSubmitted(info);
    },
    StageCompleted: (event) => {
      const info = readStageInfo(recordField(event, 'Stage Info'), intern);
      detail.stageCompleted(info, state.storage.held(info.persisted));
      state.stageCompleted(info);
    },
  };
}

/** Nodes and executors that tasks are kept from; both words are Spark's, the second until 3.0. */
function exclusionEvents(state: AppState): Named {
  const forStage = (event: JsonRecord): void => {
    state.excludeForStage(event);
  };
  const executor = (excluded: boolean) => (event: JsonRecord) => {
    state.excludeExecutor(event, excluded);
  };
  const node = (excluded: boolean) => (event: JsonRecord) => {
    state.excludeNode(event, excluded);
  };
  return {
    ExecutorExcluded: executor(true),
    ExecutorUnexcluded: executor(false),
    NodeExcluded: node(true),
    NodeUnexcluded: node(false),
    ExecutorExcludedForStage: forStage,
    NodeExcludedForStage: forStage,
    ExecutorBlacklisted: executor(true),
    ExecutorUnblacklisted: executor(false),
    NodeBlacklisted: node(true),
    NodeUnblacklisted: node(false),
    ExecutorBlacklistedForStage: forStage,
    NodeBlacklistedForStage: forStage,
  };
}

function sqlEvents(sql: SqlExecutions, detail: RunDetailBuilder): Named {
  return {
    SQLExecutionStart: (event) => {
      sql.executionStart(event);
      detail.at(optionalTime(event, 'time'));
    },
    SQLAdaptiveExecutionUpdate: (event) => {
      sql.adaptiveUpdate(event);
    },
    SQLAdaptiveSQLMetricUpdates: (event) => {
      sql.adaptiveMetrics(event);
    },
    SQLExecutionEnd: (event) => {
      sql.executionEnd(event);
      detail.at(optionalTime(event, 'time'));
    },
    DriverAccumUpdates: (event) => {
      sql.driverUpdates(event);
    },
  };
}
