import type { RawDocumentInput } from '../../src/documents/build-raw-document.ts';
import type { Redact } from '../../src/documents/redact.ts';
import type { ApplicationAttemptInfo, ExecutorSummary, StageData } from '../../src/spark/rest.ts';

/** Changes nothing. */
export const keepAll: Redact = { property: (_key, value) => value, text: (text) => text };

export const START = Date.UTC(2026, 0, 2, 3, 4, 5, 6);

/** A time of the History Server so many milliseconds after {@link START}. */
export function at(ms: number): string {
  return `${new Date(START + ms).toISOString().slice(0, -1)}GMT`;
}

export function attemptOf(changes: Partial<ApplicationAttemptInfo> = {}): ApplicationAttemptInfo {
  return {
    startTime: at(0),
    endTime: at(10_000),
    lastUpdated: at(11_000),
    duration: 10_000,
    sparkUser: 'ada',
    completed: true,
    appSparkVersion: '4.0.1',
    startTimeEpoch: START,
    endTimeEpoch: START + 10_000,
    lastUpdatedEpoch: START + 11_000,
    ...changes,
  };
}

/** As Spark lists an attempt whose driver died: no end, no duration. */
export const WITHOUT_END: Partial<ApplicationAttemptInfo> = {
  endTime: '1969-12-31T23:59:59.999GMT',
  endTimeEpoch: -1,
  duration: 0,
  completed: false,
};

export function executorOf(id: string, changes: Partial<ExecutorSummary> = {}): ExecutorSummary {
  return {
    id,
    hostPort: '192.0.2.7:1234',
    isActive: true,
    totalCores: 2,
    maxTasks: 2,
    addTime: at(1000),
    maxMemory: 2 ** 30,
    totalDuration: 8000,
    totalGCTime: 100,
    totalInputBytes: 0,
    totalShuffleRead: 0,
    totalShuffleWrite: 0,
    failedTasks: 0,
    completedTasks: 4,
    totalTasks: 4,
    ...changes,
  };
}

export function stageOf(stageId: number, changes: Partial<StageData> = {}): StageData {
  return {
    status: 'COMPLETE',
    stageId,
    attemptId: 0,
    numTasks: 4,
    numActiveTasks: 0,
    numCompleteTasks: 4,
    numFailedTasks: 0,
    numKilledTasks: 0,
    submissionTime: at(2000),
    firstTaskLaunchedTime: at(2100),
    completionTime: at(4100),
    executorRunTime: 7000,
    executorCpuTime: 6_000_000_000,
    memoryBytesSpilled: 0,
    diskBytesSpilled: 0,
    inputBytes: 4000,
    inputRecords: 40,
    outputBytes: 0,
    outputRecords: 0,
    shuffleReadBytes: 0,
    shuffleReadRecords: 0,
    shuffleWriteBytes: 0,
    shuffleWriteRecords: 0,
    name: 'count at App.scala:7',
    schedulingPool: 'default',
    rddIds: [1, 2],
    ...changes,
  };
}

/** Two executors and the driver, one stage, no oddities; what differs is given. */
export function inputOf(
  changes: Partial<RawDocumentInput> & { readonly attempt?: ApplicationAttemptInfo } = {},
): RawDocumentInput {
  const attempt = changes.attempt ?? attemptOf();
  return {
    application: { id: 'app-1', name: 'nightly load', attempts: [attempt] },
    attempt,
    parts: {
      allexecutors: [executorOf('1'), executorOf('2'), executorOf('driver', { totalCores: 0 })],
      stages: [stageOf(0)],
      environment: {
        runtime: { javaVersion: '17', javaHome: '/usr/lib/jvm', scalaVersion: '2.13' },
        sparkProperties: [],
      },
    },
    host: 'history.example',
    cluster: 'prod',
    processedAt: new Date(START + 3_600_000),
    revision: 7,
    appSpecificData: {
      classification: { app: 'nightly load', type: 'nightly load', '1': 'nightly', '2': 'load' },
      tag: 'nightly load',
    },
    redact: keepAll,
    ...changes,
  };
}
