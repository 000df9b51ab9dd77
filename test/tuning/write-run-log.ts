import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Configuration } from '../../src/setter/history-run.ts';

export interface LoggedRun {
  readonly appId: string;
  readonly name: string;
  readonly endedAt: Date;
  readonly durationMs: number;
  readonly inputBytes: number;
  readonly spilledBytes?: number;
  readonly configuration: Configuration;
  /** The one job of the run fails. */
  readonly fails?: boolean;
}

/** Writes the event log of a run with one job of one stage of one task, in Spark 4's words. */
export function writeRunLog(logDir: string, run: LoggedRun): void {
  const { appId, name, configuration, inputBytes, spilledBytes = 0, fails = false } = run;
  const { executors, coresPerExecutor, memoryMib, shufflePartitions, driverMemoryMib } = configuration;
  const end = run.endedAt.getTime();
  const start = end - run.durationMs;
  const stage = {
    'Stage ID': 0,
    'Stage Attempt ID': 0,
    'Stage Name': 'save',
    'Number of Tasks': 1,
    'RDD Info': [],
    'Parent IDs': [],
    Details: '',
    'Submission Time': start + 10,
    Accumulables: [],
  };
  const result = fails
    ? { Result: 'JobFailed', Exception: { Message: 'out of memory', 'Stack Trace': [] } }
    : { Result: 'JobSucceeded' };
  const events = [
    { Event: 'SparkListenerLogStart', 'Spark Version': '4.0.1' },
    {
      Event: 'SparkListenerApplicationStart',
      'App Name': name,
      'App ID': appId,
      Timestamp: start,
      User: 'tester',
    },
    {
      Event: 'SparkListenerEnvironmentUpdate',
      'JVM Information': { 'Java Version': '17' },
      'Spark Properties': {
        'spark.app.name': name,
        'spark.executor.instances': String(executors),
        'spark.executor.cores': String(coresPerExecutor),
        'spark.executor.memory': `${memoryMib}m`,
        'spark.driver.memory': `${driverMemoryMib}m`,
        'spark.sql.shuffle.partitions': String(shufflePartitions),
      },
      'Hadoop Properties': {},
      'System Properties': {},
      'Metrics Properties': {},
      'Classpath Entries': {},
    },
    ...Array.from({ length: executors }, (_, i) => ({
      Event: 'SparkListenerExecutorAdded',
      Timestamp: start + 1,
      'Executor ID': String(i),
      'Executor Info': { Host: 'node', 'Total Cores': coresPerExecutor, 'Log Urls': {}, Attributes: {}, Resources: {} },
    })),
    {
      Event: 'SparkListenerJobStart',
      'Job ID': 0,
      'Submission Time': start + 5,
      'Stage Infos': [stage],
      'Stage IDs': [0],
      Properties: {},
    },
    { Event: 'SparkListenerStageSubmitted', 'Stage Info': stage, Properties: {} },
    {
      Event: 'SparkListenerTaskEnd',
      'Stage ID': 0,
      'Stage Attempt ID': 0,
      'Task Type': 'ResultTask',
      'Task End Reason': { Reason: 'Success' },
      'Task Info': {
        'Task ID': 0,
        Index: 0,
        Attempt: 0,
        'Launch Time': start + 20,
        'Executor ID': '0',
        Host: 'node',
        Locality: 'PROCESS_LOCAL',
        Speculative: false,
        'Getting Result Time': 0,
        'Finish Time': end - 10,
        Failed: false,
        Killed: false,
        Accumulables: [],
      },
      'Task Executor Metrics': {},
      'Task Metrics': {
        'Executor Deserialize Time': 1,
        'Executor Deserialize CPU Time': 1,
        'Executor Run Time': run.durationMs - 40,
        'Executor CPU Time': 1,
        'Peak Execution Memory': 0,
        'Result Size': 1,
        'JVM GC Time': 0,
        'Result Serialization Time': 0,
        'Memory Bytes Spilled': spilledBytes,
        'Disk Bytes Spilled': spilledBytes,
        'Shuffle Read Metrics': {},
        'Shuffle Write Metrics': {},
        'Input Metrics': { 'Bytes Read': inputBytes, 'Records Read': 1 },
        'Output Metrics': { 'Bytes Written': 0, 'Records Written': 0 },
        'Updated Blocks': [],
      },
    },
    {
      Event: 'SparkListenerStageCompleted',
      'Stage Info': { ...stage, 'Completion Time': end - 5, ...(fails ? { 'Failure Reason': 'out of memory' } : {}) },
    },
    { Event: 'SparkListenerJobEnd', 'Job ID': 0, 'Completion Time': end - 2, 'Job Result': result },
    { Event: 'SparkListenerApplicationEnd', Timestamp: end },
  ];
  mkdirSync(logDir, { recursive: true });
  writeFileSync(join(logDir, appId), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}
