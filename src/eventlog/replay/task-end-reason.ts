import type { JsonRecord } from './json-fields.ts';
import {
  booleanField,
  field,
  listField,
  optionalInt,
  optionalLong,
  optionalRecord,
  optionalText,
  isRecord,
} from './json-fields.ts';

/** How a task attempt ended, in Spark's words. */
export type TaskEndReason =
  | 'Success'
  | 'Resubmitted'
  | 'FetchFailed'
  | 'ExceptionFailure'
  | 'TaskResultLost'
  | 'TaskKilled'
  | 'TaskCommitDenied'
  | 'ExecutorLostFailure'
  | 'UnknownReason';

const REASONS: ReadonlySet<string> = new Set<TaskEndReason>([
  'Success',
  'Resubmitted',
  'FetchFailed',
  'ExceptionFailure',
  'TaskResultLost',
  'TaskKilled',
  'TaskCommitDenied',
  'ExecutorLostFailure',
  'UnknownReason',
]);

export function isReason(name: string): name is TaskEndReason {
  return REASONS.has(name);
}

/**
 * Why a task was killed, as the server counts it; `undefined` for every other end.
 *
 * A task whose commit was denied counts as killed too.
 */
export function killReason(reason: TaskEndReason, fields: JsonRecord): string | undefined {
  if (reason === 'TaskKilled') return optionalText(fields, 'Kill Reason') ?? 'unknown reason';
  return reason === 'TaskCommitDenied' ? commitDenied(fields) : undefined;
}

/**
 * The text the server shows for a task that did not succeed.
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/TaskEndReason.scala`, `toErrorString`
 */
export function errorMessage(reason: TaskEndReason, fields: JsonRecord): string | undefined {
  switch (reason) {
    case 'Success':
      return undefined;
    case 'Resubmitted':
      return 'Resubmitted (resubmitted due to lost executor)';
    case 'FetchFailed':
      return fetchFailed(fields);
    case 'ExceptionFailure':
      return optionalText(fields, 'Full Stack Trace') ?? exceptionBeforeFullTraces(fields);
    case 'TaskResultLost':
      return 'TaskResultLost (result lost from block manager)';
    case 'TaskKilled':
    case 'TaskCommitDenied':
      return killReason(reason, fields);
    case 'ExecutorLostFailure':
      return executorLost(fields);
    case 'UnknownReason':
      return 'UnknownReason';
  }
}

function commitDenied(fields: JsonRecord): string {
  const id = (key: string): number => optionalInt(fields, key) ?? -1;
  return (
    `TaskCommitDenied (Driver denied task commit) for job: ${id('Job ID')}, ` +
    `partition: ${id('Partition ID')}, attemptNumber: ${id('Attempt Number')}`
  );
}

function fetchFailed(fields: JsonRecord): string {
  const address = optionalRecord(fields, 'Block Manager Address');
  const part = (key: string): string => (address === undefined ? '' : (optionalText(address, key) ?? ''));
  const shown =
    address === undefined ? 'null' : `BlockManagerId(${part('Executor ID')}, ${part('Host')}, ${part('Port')}, None)`;
  const id = (key: string): string => String(optionalLong(fields, key) ?? 'Unknown');
  const message = optionalText(fields, 'Message') ?? 'Unknown reason';
  return (
    `FetchFailed(${shown}, shuffleId=${id('Shuffle ID')}, mapIndex=${id('Map Index')}, ` +
    `mapId=${id('Map ID')}, reduceId=${id('Reduce ID')}, message=\n${message}\n)`
  );
}

function executorLost(fields: JsonRecord): string {
  const causedByApp = field(fields, 'Exit Caused By App') === undefined || booleanField(fields, 'Exit Caused By App');
  const cause = causedByApp ? 'caused by one of the running tasks' : 'unrelated to the running tasks';
  const lossReason = optionalText(fields, 'Loss Reason');
  const id = optionalText(fields, 'Executor ID') ?? 'Unknown';
  return `ExecutorLostFailure (executor ${id} exited ${cause})${lossReason === undefined ? '' : ` Reason: ${lossReason}`}`;
}

/** Before Spark 1.2 only the frames of the exception itself were written. */
function exceptionBeforeFullTraces(fields: JsonRecord): string {
  const frames = listField(fields, 'Stack Trace')
    .filter(isRecord)
    .map((frame) => {
      const part = (key: string): string => optionalText(frame, key) ?? '';
      return `        ${part('Declaring Class')}.${part('Method Name')}(${part('File Name')}:${part('Line Number')})`;
    });
  return `${optionalText(fields, 'Class Name') ?? ''}: ${optionalText(fields, 'Description') ?? ''}\n${frames.join('\n')}`;
}
