import type { JsonRecord } from './json-fields.ts';
import {
  asText,
  booleanField,
  field,
  intField,
  longField,
  optionalInt,
  optionalText,
  optionalTime,
  recordField,
  recordsField,
  listField,
  refuse,
  textField,
} from './json-fields.ts';
import type { StorageLevel } from './storage-level.ts';
import { isValidLevel, readStorageLevel } from './storage-level.ts';
import { isUserAccumulable } from './task-record.ts';

/** An RDD a stage computes, as far as it is persisted. */
export interface PersistedRdd {
  readonly id: number;
  readonly name: string;
  readonly partitions: number;
  readonly level: StorageLevel;
}

/** An accumulator as `StageData` and `TaskData` show it. */
export interface AccumulatorUpdate {
  readonly id: number | bigint;
  readonly name?: string;
  readonly update?: string;
  readonly value?: string;
}

export interface CachedBytes {
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly partitions: number;
  readonly ofPartitions: number;
}

/** What an event says about a stage attempt; the last event seen counts. */
export interface StageInfo {
  readonly stageId: number;
  readonly attemptId: number;
  readonly name: string;
  readonly details: string;
  readonly numTasks: number;
  readonly parentIds: readonly number[];
  readonly rddIds: readonly number[];
  readonly persisted: readonly PersistedRdd[];
  readonly cached: CachedBytes;
  readonly submissionTime: number | undefined;
  readonly completionTime: number | undefined;
  readonly failureReason: string | undefined;
  readonly accumulators: readonly AccumulatorUpdate[];
  readonly resourceProfileId: number;
  readonly isShufflePushEnabled: boolean;
  readonly shuffleMergersCount: number;
}

/** Attempts of a stage are numbered far below this: together with the stage id they make one exact number. */
const MAX_ATTEMPTS = 2 ** 20;

/** One number for a stage attempt, in the order of (stage, attempt). */
export function stageKey(stageId: number, attemptId: number): number {
  if (stageId < 0 || attemptId < 0 || attemptId >= MAX_ATTEMPTS) refuse('no such stage attempt can be');
  return stageId * MAX_ATTEMPTS + attemptId;
}

/** @param intern - gives equal texts as one, because stages of one call site repeat their stack trace */
export function readStageInfo(info: JsonRecord, intern: (text: string) => string): StageInfo {
  const rdds = recordsField(info, 'RDD Info');
  return {
    stageId: intField(info, 'Stage ID'),
    attemptId: optionalInt(info, 'Stage Attempt ID') ?? 0,
    name: intern(textField(info, 'Stage Name')),
    details: intern(optionalText(info, 'Details') ?? ''),
    numTasks: intField(info, 'Number of Tasks'),
    parentIds: readIds(info, 'Parent IDs'),
    rddIds: rdds.map((rdd) => intField(rdd, 'RDD ID')),
    persisted: rdds.flatMap(readPersisted),
    cached: cachedBytes(rdds),
    submissionTime: optionalTime(info, 'Submission Time'),
    completionTime: optionalTime(info, 'Completion Time'),
    failureReason: optionalText(info, 'Failure Reason'),
    accumulators: recordsField(info, 'Accumulables').filter(isUserAccumulable).map(readAccumulator),
    resourceProfileId: optionalInt(info, 'Resource Profile Id') ?? 0,
    isShufflePushEnabled: booleanField(info, 'Shuffle Push Enabled'),
    shuffleMergersCount: optionalInt(info, 'Shuffle Push Mergers Count') ?? 0,
  };
}

/** What Spark assumes of a stage in logs before 1.2, which list only ids. */
export function unknownStage(stageId: number): StageInfo {
  return {
    stageId,
    attemptId: 0,
    name: 'unknown',
    details: 'unknown',
    numTasks: 0,
    parentIds: [],
    rddIds: [],
    persisted: [],
    cached: { memoryBytes: 0, diskBytes: 0, partitions: 0, ofPartitions: 0 },
    submissionTime: undefined,
    completionTime: undefined,
    failureReason: undefined,
    accumulators: [],
    resourceProfileId: 0,
    isShufflePushEnabled: false,
    shuffleMergersCount: 0,
  };
}

export function readIds(record: JsonRecord, key: string): readonly number[] {
  return listField(record, key).map((id) =>
    typeof id === 'number' && (id | 0) === id ? id : refuse(`"${key}" holds no 32-bit numbers`),
  );
}

export function readAccumulator(accumulable: JsonRecord): AccumulatorUpdate {
  const name = optionalText(accumulable, 'Name');
  const update = field(accumulable, 'Update');
  const value = field(accumulable, 'Value');
  return {
    id: longField(accumulable, 'ID'),
    ...(name === undefined ? {} : { name }),
    ...(update === undefined ? {} : { update: asText(update) }),
    ...(value === undefined ? {} : { value: asText(value) }),
  };
}

function readPersisted(rdd: JsonRecord): PersistedRdd[] {
  const level = readStorageLevel(recordField(rdd, 'Storage Level'));
  if (!isValidLevel(level)) return [];
  const id = intField(rdd, 'RDD ID');
  return [{ id, name: textField(rdd, 'Name'), partitions: intField(rdd, 'Number of Partitions'), level }];
}

function cachedBytes(rdds: readonly JsonRecord[]): CachedBytes {
  const sum = { memoryBytes: 0, diskBytes: 0, partitions: 0, ofPartitions: 0 };
  for (const rdd of rdds) {
    const partitions = intField(rdd, 'Number of Cached Partitions');
    if (partitions === 0) continue;
    sum.memoryBytes += Number(longField(rdd, 'Memory Size'));
    sum.diskBytes += Number(longField(rdd, 'Disk Size'));
    sum.partitions += partitions;
    sum.ofPartitions += intField(rdd, 'Number of Partitions');
  }
  return sum;
}
