import { TASK_FAILED, TASK_SUCCEEDED, type StageDetail, type TaskColumns } from '../documents/run-detail.ts';
import { tasksFromQuantiles } from './tasks-from-quantiles.ts';

/** The tasks of one stage as they are to be replayed, over all its attempts, in launch order. */
export interface StageTasks {
  readonly runTimes: Float64Array;
  readonly overheads: Float64Array;
  readonly cpuTimes: Float64Array;
  readonly launches: Float64Array;
  readonly ends: Float64Array;
  /** Index of the executor, -1 where it is not known (task rebuilt from quantiles). */
  readonly executors: Int32Array;
  readonly failed: Uint8Array;
  /** Of the run time: time in garbage collection. */
  readonly gcTimes: Float64Array;
  readonly spilledBytes: Float64Array;
  /** Input and shuffle bytes read. */
  readonly readBytes: Float64Array;
  readonly fromQuantiles: boolean;
}

interface Attempt {
  readonly tasks: TaskColumns;
  readonly at: number;
}

/**
 * Collects the tasks of a stage to be replayed.
 *
 * Each partition is taken once: its last success over all attempts of the stage. Failed task attempts of a kept
 * stage attempt cost slot time once more, before their retry. Killed copies are dropped: where the winner was the
 * speculative copy, the work is what passed from the first copy's launch to the winner's end.
 *
 * @param attempts - all attempts of one stage id, oldest first
 * @param retries - `clean` plays what had to succeed once; `as-it-was` plays every attempt of the stage as work
 */
export function stageTasks(attempts: readonly StageDetail[], retries: 'clean' | 'as-it-was'): StageTasks {
  const listed = attempts.flatMap(({ tasks }) => (tasks === undefined ? [] : [tasks]));
  const unlisted = attempts.filter(({ tasks, quantiles }) => tasks === undefined && quantiles !== undefined);
  if (unlisted.length > 0) return rebuilt(unlisted);

  const [only] = listed;
  if (listed.length === 1 && only !== undefined && isPlain(only)) return columnsInOrder(only);
  const kept: Attempt[] = [];
  for (const [order, tasks] of listed.entries()) {
    for (const at of tasks.index.keys()) if (isKept(listed, order, at, retries)) kept.push({ tasks, at });
  }
  if (retries === 'clean') keepLastSuccess(kept);
  kept.sort(
    (a, b) =>
      column(a, 'index') - column(b, 'index') ||
      column(a, 'attempt') - column(b, 'attempt') ||
      column(a, 'launch') - column(b, 'launch'),
  );
  return columnsOf(kept);
}

/** Every partition ran once, without copies: nearly all stages, and then no object per task is needed. */
function isPlain({ index, status, speculative, executorRunTime }: TaskColumns): boolean {
  for (let i = 0; i < index.length; i++) {
    if (status[i] !== TASK_SUCCEEDED || speculative[i] !== 0 || executorRunTime[i] === 0) return false;
  }
  return new Set(index).size === index.length;
}

function columnsInOrder(columns: TaskColumns): StageTasks {
  const { index } = columns;
  const tasks = empty(index.length, false);
  const order = Int32Array.from(index.keys());
  if (index.some((value, i) => i > 0 && value < (index[i - 1] ?? 0)))
    order.sort((a, b) => (index[a] ?? 0) - (index[b] ?? 0));
  for (let i = 0; i < order.length; i++) {
    const at = order[i] ?? 0;
    const duration = Math.max(0, columns.duration[at] ?? 0);
    const runTime = Math.min(columns.executorRunTime[at] ?? 0, duration);
    const launch = columns.launch[at] ?? 0;
    tasks.runTimes[i] = runTime;
    tasks.overheads[i] = duration - runTime;
    tasks.cpuTimes[i] = columns.executorCpuTimeMs[at] ?? 0;
    tasks.launches[i] = launch;
    tasks.ends[i] = launch + duration;
    tasks.executors[i] = columns.executor[at] ?? -1;
    tasks.gcTimes[i] = Math.min(columns.jvmGcTime[at] ?? 0, runTime);
    tasks.spilledBytes[i] = columns.memoryBytesSpilled[at] ?? 0;
    tasks.readBytes[i] = (columns.inputBytes[at] ?? 0) + (columns.shuffleReadBytes[at] ?? 0);
  }
  return tasks;
}

function isKept(listed: readonly TaskColumns[], order: number, at: number, retries: 'clean' | 'as-it-was'): boolean {
  const status = listed[order]?.status[at];
  if (status === TASK_SUCCEEDED) return true;
  // Attempts that died with an earlier attempt of the stage belong to the failure, not to the clean run.
  return status === TASK_FAILED && (retries === 'as-it-was' || order === listed.length - 1);
}

/** A partition can succeed twice: in two attempts of the stage, or because the log tells an end twice. */
function keepLastSuccess(kept: Attempt[]): void {
  const last = new Map<number, Attempt>();
  for (const task of kept) if (column(task, 'status') === TASK_SUCCEEDED) last.set(column(task, 'index'), task);
  const filtered = kept.filter(
    (task) => column(task, 'status') !== TASK_SUCCEEDED || last.get(column(task, 'index')) === task,
  );
  kept.splice(0, kept.length, ...filtered);
}

function columnsOf(kept: readonly Attempt[]): StageTasks {
  const tasks = empty(kept.length, false);
  for (const [i, task] of kept.entries()) {
    const failed = column(task, 'status') === TASK_FAILED;
    const launch = column(task, 'speculative') === 1 ? firstLaunch(task) : column(task, 'launch');
    const duration = Math.max(0, column(task, 'launch') + column(task, 'duration') - launch);
    const runTime = column(task, 'executorRunTime');
    // A failed attempt often has no metrics; what it cost is the slot.
    const known = !failed && runTime > 0;
    tasks.runTimes[i] = known ? Math.min(runTime + (column(task, 'launch') - launch), duration) : duration;
    tasks.overheads[i] = duration - (tasks.runTimes[i] ?? 0);
    tasks.cpuTimes[i] = column(task, 'executorCpuTimeMs');
    tasks.launches[i] = column(task, 'launch');
    tasks.ends[i] = column(task, 'launch') + Math.max(0, column(task, 'duration'));
    tasks.executors[i] = column(task, 'executor');
    tasks.failed[i] = failed ? 1 : 0;
    tasks.gcTimes[i] = Math.min(column(task, 'jvmGcTime'), tasks.runTimes[i] ?? 0);
    tasks.spilledBytes[i] = column(task, 'memoryBytesSpilled');
    tasks.readBytes[i] = column(task, 'inputBytes') + column(task, 'shuffleReadBytes');
  }
  return tasks;
}

/** When the first copy of a speculated task was launched; it was killed, so it is looked up among all attempts. */
function firstLaunch({ tasks, at }: Attempt): number {
  const index = tasks.index[at];
  let first = tasks.launch[at] ?? 0;
  for (const [other, otherIndex] of tasks.index.entries()) {
    if (otherIndex === index && tasks.speculative[other] === 0) first = Math.min(first, tasks.launch[other] ?? first);
  }
  return first;
}

function rebuilt(attempts: readonly StageDetail[]): StageTasks {
  const parts = attempts.map((stage) => tasksFromQuantiles(stage));
  const length = parts.reduce((total, part) => total + part.runTimes.length, 0);
  const tasks = empty(length, true);
  let offset = 0;
  for (const part of parts) {
    tasks.runTimes.set(part.runTimes, offset);
    tasks.overheads.set(part.overheads, offset);
    tasks.gcTimes.set(
      part.runTimes.map((time) => time * part.gcShare),
      offset,
    );
    offset += part.runTimes.length;
  }
  const launch = Math.min(...attempts.map(({ submitted }) => submitted ?? 0));
  const end = Math.max(...attempts.map(({ completed }) => completed ?? launch));
  tasks.launches.fill(launch);
  tasks.ends.fill(end);
  tasks.executors.fill(-1);
  return tasks;
}

function empty(length: number, fromQuantiles: boolean): StageTasks {
  return {
    runTimes: new Float64Array(length),
    overheads: new Float64Array(length),
    cpuTimes: new Float64Array(length),
    launches: new Float64Array(length),
    ends: new Float64Array(length),
    executors: new Int32Array(length),
    failed: new Uint8Array(length),
    gcTimes: new Float64Array(length),
    spilledBytes: new Float64Array(length),
    readBytes: new Float64Array(length),
    fromQuantiles,
  };
}

function column({ tasks, at }: Attempt, name: keyof TaskColumns): number {
  return tasks[name][at] ?? 0;
}
