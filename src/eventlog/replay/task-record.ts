import { EXECUTOR_METRICS, readExecutorMetrics } from './executor-metrics.ts';
import type { JsonRecord } from './json-fields.ts';
import {
  booleanField,
  field,
  intField,
  isRecord,
  longField,
  optionalInt,
  optionalLong,
  optionalRecord,
  recordField,
  recordsField,
  refuse,
  textField,
  timeField,
} from './json-fields.ts';
import type { TaskEndReason } from './task-end-reason.ts';
import { errorMessage, isReason } from './task-end-reason.ts';
import type { MetricField } from './task-metric-fields.ts';
import { INPUT, OUTPUT, SHUFFLE_PUSH, SHUFFLE_READ, SHUFFLE_WRITE, TOP_LEVEL } from './task-metric-fields.ts';
import type { WideMetric } from './task-metrics.ts';
import { TASK_METRICS } from './task-metrics.ts';

const NO_WIDE: readonly WideMetric[] = [];
const NO_ACCUMULABLES: readonly JsonRecord[] = [];

/**
 * What one task event says.
 *
 * There is one of these in a replay, filled again for each event: a log has millions, and what lasts goes into sums and
 * columns. Times are milliseconds since 1970.
 */
export class TaskRecord {
  stageId = 0;
  attemptId = 0;
  taskId = 0;
  index = 0;
  attempt = 0;
  /** -1 in logs before Spark 3.3. */
  partitionId = -1;
  launchTime = 0;
  /** 0 when the result came with the end of the task. */
  gettingResultTime = 0;
  /** 0 while the task runs. */
  finishTime = 0;
  executorId = '';
  host = '';
  locality = '';
  speculative = false;
  failed = false;
  killed = false;

  reason: TaskEndReason = 'Success';
  /** The event's own object, for a reason other than success. */
  reasonFields: JsonRecord = {};
  /** As the server shows it; absent for a success. */
  errorMessage: string | undefined;
  readonly metrics = new Float64Array(TASK_METRICS.length);
  wideMetrics: readonly WideMetric[] = NO_WIDE;
  readonly executorMetrics = new Float64Array(EXECUTOR_METRICS.length);

  /** Accumulators whose update is a text with a whole number, as Spark writes those of SQL metrics. */
  updates = 0;
  readonly updateIds: number[] = [];
  readonly updateValues: number[] = [];
  /** Accumulators of the program itself, kept only where a task list is wanted. */
  userAccumulables: readonly JsonRecord[] = NO_ACCUMULABLES;

  get duration(): number {
    return this.finishTime === 0 ? 0 : this.finishTime - this.launchTime;
  }

  get successful(): boolean {
    return this.finishTime !== 0 && !this.failed && !this.killed;
  }

  /** Forgets what the last TaskEnd left behind. */
  reset(): void {
    this.reason = 'Success';
    this.errorMessage = undefined;
    this.wideMetrics = NO_WIDE;
    this.userAccumulables = NO_ACCUMULABLES;
    this.updates = 0;
  }

  addUpdate(id: number, value: number): void {
    this.updateIds[this.updates] = id;
    this.updateValues[this.updates++] = value;
  }
}

export function readTaskStart(event: JsonRecord, into: TaskRecord): void {
  readStage(event, into);
  readTaskInfo(recordField(event, 'Task Info'), into);
}

/** @param wantsAccumulables - whether accumulators of the program are kept */
export function readTaskEnd(event: JsonRecord, into: TaskRecord, wantsAccumulables: boolean): void {
  into.reset();
  readStage(event, into);
  const reason = recordField(event, 'Task End Reason');
  const name = textField(reason, 'Reason');
  into.reason = isReason(name) ? name : refuse(`"${name.slice(0, 40)}" is no way for a task to end`);
  into.reasonFields = reason;
  into.errorMessage = errorMessage(into.reason, reason);
  const info = recordField(event, 'Task Info');
  readTaskInfo(info, into);
  readExecutorMetrics(optionalRecord(event, 'Task Executor Metrics'), into.executorMetrics);
  readTaskMetrics(optionalRecord(event, 'Task Metrics'), into);
  readAccumulables(recordsField(info, 'Accumulables'), into, wantsAccumulables);
}

/** Whether an accumulator is the program's own: neither Spark's internal ones nor SQL metrics. */
export function isUserAccumulable(accumulable: JsonRecord): boolean {
  return !booleanField(accumulable, 'Internal') && field(accumulable, 'Metadata') !== 'sql';
}

function readStage(event: JsonRecord, into: TaskRecord): void {
  into.stageId = intField(event, 'Stage ID');
  into.attemptId = optionalInt(event, 'Stage Attempt ID') ?? 0;
}

function readTaskInfo(info: JsonRecord, into: TaskRecord): void {
  into.taskId = Number(longField(info, 'Task ID'));
  into.index = intField(info, 'Index');
  into.attempt = optionalInt(info, 'Attempt') ?? 1;
  into.partitionId = optionalInt(info, 'Partition ID') ?? -1;
  into.launchTime = timeField(info, 'Launch Time');
  into.executorId = textField(info, 'Executor ID');
  into.host = textField(info, 'Host');
  into.locality = textField(info, 'Locality');
  into.speculative = booleanField(info, 'Speculative');
  into.gettingResultTime = timeField(info, 'Getting Result Time');
  into.finishTime = timeField(info, 'Finish Time');
  into.failed = booleanField(info, 'Failed');
  into.killed = booleanField(info, 'Killed');
}

function readTaskMetrics(record: JsonRecord | undefined, into: TaskRecord): void {
  into.metrics.fill(0);
  if (record === undefined) return;

  readLongs(record, TOP_LEVEL, into);
  readLongs(optionalRecord(record, 'Input Metrics'), INPUT, into);
  readLongs(optionalRecord(record, 'Output Metrics'), OUTPUT, into);
  const read = optionalRecord(record, 'Shuffle Read Metrics');
  readLongs(read, SHUFFLE_READ, into);
  // Spark writes these as "Push Based Shuffle" and reads them under another name, so its server shows zeros: so do we.
  if (read !== undefined) readLongs(optionalRecord(read, 'Shuffle Push Read Metrics'), SHUFFLE_PUSH, into);
  readLongs(optionalRecord(record, 'Shuffle Write Metrics'), SHUFFLE_WRITE, into);
}

function readLongs(record: JsonRecord | undefined, fields: readonly MetricField[], into: TaskRecord): void {
  if (record === undefined) return;
  for (const [key, slot] of fields) {
    const value = optionalLong(record, key) ?? 0;
    into.metrics[slot] = Number(value);
    if (typeof value === 'bigint') into.wideMetrics = [...into.wideMetrics, [slot, value]];
  }
}

function readAccumulables(accumulables: readonly JsonRecord[], into: TaskRecord, wantsUser: boolean): void {
  for (const accumulable of accumulables) {
    const id = longField(accumulable, 'ID');
    const update = field(accumulable, 'Update');
    if (typeof update === 'string' && /^-?\d+$/.test(update)) into.addUpdate(Number(id), Number(update));
  }
  if (wantsUser) into.userAccumulables = accumulables.filter((one) => isRecord(one) && isUserAccumulable(one));
}
