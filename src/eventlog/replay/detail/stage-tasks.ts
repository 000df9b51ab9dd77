import type { Quantiles, TaskColumns, TaskQuantiles } from '../../../documents/run-detail.ts';
import {
  MAX_LISTED_TASKS,
  QUANTILES,
  TASK_FAILED,
  TASK_KILLED,
  TASK_OPEN,
  TASK_SUCCEEDED,
} from '../../../documents/run-detail.ts';
import { Column } from '../column.ts';
import type { ArchivedRow, RowArchive } from '../row-archive.ts';
import { schedulerDelay } from '../scheduler-delay.ts';
import { type NonZeroColumns, withoutZeros, withZeros } from './non-zero-columns.ts';
import * as metric from '../task-metrics.ts';
import { TaskMetricSums } from '../task-metrics.ts';
import type { TaskRecord } from '../task-record.ts';

const NS_PER_MS = 1e6;
/** CPU time is listed to a tenth of a millisecond; quantiles and sums have all digits. */
const CPU_DIGITS = 10;

/**
 * The task attempts of one stage attempt: counts, sums, and columns in launch order until the stage is closed.
 *
 * A closed stage keeps its quantiles and, up to {@link MAX_LISTED_TASKS}, its list, both as they are to be told.
 */
export class StageTasks {
  readonly stageId: number;
  readonly attemptId: number;
  readonly sums = new TaskMetricSums();
  readonly locality = new Map<string, number>();
  launched = 0;
  succeeded = 0;
  failed = 0;
  killed = 0;
  speculative = 0;
  negativeTimes = 0;

  /** Row by task id, of the tasks that run; -1 for one that started when the stage was closed. */
  #running: Map<number, number> | undefined;
  #columns: Columns | undefined = new Columns();
  #rows = 0;
  readonly #archive: RowArchive;
  #quantiles: ArchivedRow | undefined;
  #listed: ArchivedRow | undefined;

  /** @param archive - where what is to be told of a closed stage waits */
  constructor(stageId: number, attemptId: number, archive: RowArchive) {
    this.stageId = stageId;
    this.attemptId = attemptId;
    this.#archive = archive;
  }

  /** Tasks whose end the log has not told. */
  get open(): number {
    return this.#running?.size ?? 0;
  }

  start(task: TaskRecord, executor: number): void {
    this.launched++;
    if (task.speculative) this.speculative++;
    this.locality.set(task.locality, (this.locality.get(task.locality) ?? 0) + 1);
    this.#running ??= new Map();
    this.#running.set(task.taskId, this.#addRow(task, executor));
  }

  /** @returns whether the log told the start of the task */
  end(task: TaskRecord, executor: number): boolean {
    // The task had succeeded, and was counted then; its output is lost.
    if (task.reason === 'Resubmitted') return this.#running?.delete(task.taskId) ?? false;

    const wasStarted = this.#running?.has(task.taskId) ?? false;
    if (!wasStarted) this.start(task, executor);
    const row = this.#running?.get(task.taskId);
    this.#running?.delete(task.taskId);
    const status = this.#count(task);
    this.sums.add(task.metrics, task.wideMetrics);
    if (task.duration < 0) this.negativeTimes++;
    if (row !== undefined && row >= 0) this.#columns?.end(row, task, status);
    return wasStarted;
  }

  /** The stage is closed: only what is to be told of its tasks is kept. @param origin - the application's start */
  close(origin: number): void {
    if (this.#columns === undefined) return;
    const quantiles = this.quantiles();
    const listed = this.tasks(origin);
    if (quantiles !== undefined) this.#quantiles = this.#archive.add(quantiles);
    if (listed !== undefined) this.#listed = this.#archive.add(withoutZeros(listed));
    this.#columns = undefined;
    if (this.open === 0) this.#running = undefined;
  }

  /** How many task attempts are listed: none before the stage is closed. */
  get listedRows(): number {
    return this.#listed === undefined ? 0 : this.#rows;
  }

  /** Gives up the list, for which there is no room among so many stages. */
  unlist(): void {
    if (this.#listed !== undefined) this.#archive.drop(this.#listed);
    this.#listed = undefined;
  }

  /** Absent when no task attempt succeeded. */
  quantiles(): TaskQuantiles | undefined {
    if (this.#columns !== undefined) return this.#columns.quantiles(this.#rows);
    // What was put there.
    return this.#quantiles === undefined ? undefined : (this.#archive.get(this.#quantiles) as TaskQuantiles);
  }

  /** Absent above {@link MAX_LISTED_TASKS}. @param origin - the application's start */
  tasks(origin: number): TaskColumns | undefined {
    if (this.#columns === undefined) {
      return this.#listed && withZeros(this.#archive.get(this.#listed) as NonZeroColumns, this.#rows);
    }
    return this.#rows === 0 || this.#rows > MAX_LISTED_TASKS ? undefined : this.#columns.list(this.#rows, origin);
  }

  #addRow(task: TaskRecord, executor: number): number {
    if (this.#columns === undefined) return -1;
    const row = this.#rows++;
    this.#columns.start(row, task, executor);
    return row;
  }

  #count(task: TaskRecord): number {
    if (task.reason === 'Success') {
      this.succeeded++;
      return TASK_SUCCEEDED;
    }
    if (task.reason === 'TaskKilled' || task.reason === 'TaskCommitDenied') {
      this.killed++;
      return TASK_KILLED;
    }
    this.failed++;
    return TASK_FAILED;
  }
}

/** The values of the tasks, row by row. */
class Columns {
  readonly #index = new Column();
  readonly #attempt = new Column();
  /** After the first launch of the stage, to fit 32 bits. */
  readonly #launch = new Column();
  #firstLaunch = 0;
  readonly #executor = new Column();
  readonly #speculative = new Column();
  readonly #status = new Column();
  readonly #duration = new Column();
  readonly #runTime = new Column();
  readonly #cpuTime = new Column();
  readonly #gcTime = new Column();
  readonly #deserializeTime = new Column();
  readonly #inputBytes = new Column();
  readonly #shuffleReadBytes = new Column();
  readonly #shuffleWriteBytes = new Column();
  readonly #memorySpilled = new Column();
  readonly #diskSpilled = new Column();
  readonly #peakMemory = new Column();
  // Not listed: only their quantiles are told.
  readonly #schedulerDelay = new Column();
  readonly #inputRecords = new Column();
  readonly #outputBytes = new Column();
  readonly #shuffleReadRecords = new Column();
  readonly #fetchWaitTime = new Column();
  #allSucceeded = true;

  start(row: number, task: TaskRecord, executor: number): void {
    this.#status.set(row, TASK_OPEN);
    this.#duration.set(row, -1);
    if (row >= MAX_LISTED_TASKS) return;
    if (row === 0) this.#firstLaunch = task.launchTime;
    this.#index.set(row, task.index);
    this.#attempt.set(row, task.attempt);
    this.#launch.set(row, task.launchTime - this.#firstLaunch);
    this.#executor.set(row, executor);
    this.#speculative.set(row, task.speculative ? 1 : 0);
  }

  end(row: number, task: TaskRecord, status: number): void {
    const { metrics } = task;
    if (status !== TASK_SUCCEEDED) this.#allSucceeded = false;
    this.#status.set(row, status);
    this.#duration.set(row, task.duration);
    this.#runTime.set(row, metrics[metric.RUN_TIME] ?? 0);
    this.#cpuTime.set(row, metrics[metric.CPU_TIME] ?? 0);
    this.#gcTime.set(row, metrics[metric.GC_TIME] ?? 0);
    this.#deserializeTime.set(row, metrics[metric.DESERIALIZE_TIME] ?? 0);
    this.#inputBytes.set(row, metrics[metric.INPUT_BYTES] ?? 0);
    this.#shuffleReadBytes.set(row, (metrics[metric.LOCAL_BYTES] ?? 0) + (metrics[metric.REMOTE_BYTES] ?? 0));
    this.#shuffleWriteBytes.set(row, metrics[metric.WRITE_BYTES] ?? 0);
    this.#memorySpilled.set(row, metrics[metric.MEMORY_SPILLED] ?? 0);
    this.#diskSpilled.set(row, metrics[metric.DISK_SPILLED] ?? 0);
    this.#peakMemory.set(row, metrics[metric.PEAK_MEMORY] ?? 0);
    this.#schedulerDelay.set(row, schedulerDelay(task));
    this.#inputRecords.set(row, metrics[metric.INPUT_RECORDS] ?? 0);
    this.#outputBytes.set(row, metrics[metric.OUTPUT_BYTES] ?? 0);
    this.#shuffleReadRecords.set(row, metrics[metric.READ_RECORDS] ?? 0);
    this.#fetchWaitTime.set(row, metrics[metric.FETCH_WAIT_TIME] ?? 0);
  }

  quantiles(rows: number): TaskQuantiles | undefined {
    const isOpen = this.#status.sorted(rows).at(-1) === TASK_OPEN;
    const keep = this.#allSucceeded && !isOpen ? undefined : (row: number) => this.#status.get(row) === TASK_SUCCEEDED;
    const count = keep === undefined ? rows : this.#status.sorted(rows, keep).length;
    if (count === 0) return undefined;
    const of = (column: Column): Quantiles => quantilesOf(column.sorted(rows, keep));
    const [min, p5, p25, p50, p75, p95, max] = of(this.#cpuTime);
    return {
      count,
      duration: of(this.#duration),
      executorRunTime: of(this.#runTime),
      executorCpuTimeMs: [
        min / NS_PER_MS,
        p5 / NS_PER_MS,
        p25 / NS_PER_MS,
        p50 / NS_PER_MS,
        p75 / NS_PER_MS,
        p95 / NS_PER_MS,
        max / NS_PER_MS,
      ],
      jvmGcTime: of(this.#gcTime),
      schedulerDelay: of(this.#schedulerDelay),
      executorDeserializeTime: of(this.#deserializeTime),
      inputBytes: of(this.#inputBytes),
      inputRecords: of(this.#inputRecords),
      outputBytes: of(this.#outputBytes),
      shuffleReadBytes: of(this.#shuffleReadBytes),
      shuffleReadRecords: of(this.#shuffleReadRecords),
      shuffleFetchWaitTime: of(this.#fetchWaitTime),
      shuffleWriteBytes: of(this.#shuffleWriteBytes),
      memoryBytesSpilled: of(this.#memorySpilled),
      diskBytesSpilled: of(this.#diskSpilled),
      peakExecutionMemory: of(this.#peakMemory),
    };
  }

  list(rows: number, origin: number): TaskColumns {
    const firstLaunch = this.#firstLaunch - origin;
    const zeros = new Array<number>(rows).fill(0);
    const listed = (column: Column): readonly number[] => (column.isZero ? zeros : column.toArray(rows));
    return {
      index: listed(this.#index),
      attempt: listed(this.#attempt),
      launch: this.#launch.toArray(rows, (launch) => launch + firstLaunch),
      duration: listed(this.#duration),
      executorRunTime: listed(this.#runTime),
      executorCpuTimeMs: this.#cpuTime.toArray(rows, (ns) => Math.round((ns * CPU_DIGITS) / NS_PER_MS) / CPU_DIGITS),
      jvmGcTime: listed(this.#gcTime),
      executorDeserializeTime: listed(this.#deserializeTime),
      executor: listed(this.#executor),
      status: listed(this.#status),
      speculative: listed(this.#speculative),
      inputBytes: listed(this.#inputBytes),
      shuffleReadBytes: listed(this.#shuffleReadBytes),
      shuffleWriteBytes: listed(this.#shuffleWriteBytes),
      memoryBytesSpilled: listed(this.#memorySpilled),
      diskBytesSpilled: listed(this.#diskSpilled),
      peakExecutionMemory: listed(this.#peakMemory),
    };
  }
}

/** Shared by all metrics of all stages that have nothing: those are most. */
const ALL_ZERO: Quantiles = [0, 0, 0, 0, 0, 0, 0];

/** The element at index `min(floor(q·n), n - 1)` of the sorted values, as Spark takes it. */
function quantilesOf(sorted: Float64Array): Quantiles {
  if (sorted[0] === 0 && sorted.at(-1) === 0) return ALL_ZERO;
  const at = (q: number): number => sorted[Math.min(Math.floor(q * sorted.length), sorted.length - 1)] ?? 0;
  const [min, p5, p25, p50, p75, p95, max] = QUANTILES;
  return [at(min), at(p5), at(p25), at(p50), at(p75), at(p95), at(max)];
}
