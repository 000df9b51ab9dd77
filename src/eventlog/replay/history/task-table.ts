import { Column } from '../column.ts';
import type { AccumulatorUpdate } from '../stage-info.ts';
import { readAccumulator } from '../stage-info.ts';
import { TASK_METRICS } from '../task-metrics.ts';
import type { WideMetric } from '../task-metrics.ts';
import type { TaskRecord } from '../task-record.ts';
import type { PackedColumn } from './packed-column.ts';
import { packColumn, valueAt } from './packed-column.ts';

/** Spark's words for what became of a task attempt. */
export type TaskState = 'RUNNING' | 'GET RESULT' | 'FAILED' | 'KILLED' | 'SUCCESS';

/**
 * Every task attempt of a stage attempt, one column for each value, in the order in which they started.
 *
 * Plain data, so that it can go to another thread. An absent column is zero in all rows; times are milliseconds.
 */
export interface TaskTable {
  readonly rows: number;
  /** What the times of launch count from, since 1970. */
  readonly origin: number;
  readonly taskId: PackedColumn;
  readonly index: PackedColumn;
  readonly attempt: PackedColumn;
  readonly partitionId: PackedColumn;
  readonly launch: PackedColumn;
  /** Since 1970; 0 where the result came with the end. */
  readonly resultFetchStart: PackedColumn;
  /** Of a task without end it counts up to the last change of the log. */
  readonly duration: PackedColumn;
  readonly speculative: PackedColumn;
  /** 1 once the task has ended. */
  readonly hasMetrics: PackedColumn;
  /** Places in {@link texts}. */
  readonly executor: PackedColumn;
  readonly host: PackedColumn;
  readonly locality: PackedColumn;
  readonly state: PackedColumn;
  /** A place in {@link texts}, where the empty text stands for no error. */
  readonly error: PackedColumn;
  /** One column for each of {@link TASK_METRICS}, as the event has it. */
  readonly metrics: readonly PackedColumn[];
  readonly texts: readonly string[];
  /** Row → accumulators of the program. */
  readonly accumulators: ReadonlyMap<number, readonly AccumulatorUpdate[]>;
  /** Row → metrics beyond 2^53, which their columns hold rounded. */
  readonly wide: ReadonlyMap<number, readonly WideMetric[]>;
}

export function textAt(table: TaskTable, column: PackedColumn, row: number): string {
  return table.texts[valueAt(column, row)] ?? '';
}

export function stateAt(table: TaskTable, row: number): TaskState {
  return textAt(table, table.state, row) as TaskState;
}

const INFO = [
  'taskId',
  'index',
  'attempt',
  'partitionId',
  'launch',
  'resultFetchStart',
  'duration',
  'speculative',
  'hasMetrics',
  'executor',
  'host',
  'locality',
  'state',
  'error',
] as const;

/** Fills a {@link TaskTable}. */
export class TaskTableBuilder {
  readonly #columns = Object.fromEntries(INFO.map((name) => [name, new Column()])) as Record<
    (typeof INFO)[number],
    Column
  >;
  readonly #metrics = TASK_METRICS.map(() => new Column());
  readonly #places = new Map<string, number>([['', 0]]);
  readonly #accumulators = new Map<number, readonly AccumulatorUpdate[]>();
  readonly #wide = new Map<number, readonly WideMetric[]>();
  /** Rows of tasks that run. */
  readonly #open = new Set<number>();
  #rows = 0;
  #origin = 0;

  get rows(): number {
    return this.#rows;
  }

  /** @returns the row of the task */
  start(task: TaskRecord): number {
    const row = this.#rows++;
    if (row === 0) this.#origin = task.launchTime;
    this.#describe(row, task);
    this.#open.add(row);
    return row;
  }

  end(row: number, task: TaskRecord): void {
    this.#describe(row, task);
    this.#columns.hasMetrics.set(row, 1);
    this.#columns.error.set(row, this.#place(task.errorMessage ?? ''));
    for (let metric = 0; metric < TASK_METRICS.length; metric++) {
      this.#metrics[metric]?.set(row, task.metrics[metric] ?? 0);
    }
    if (task.wideMetrics.length > 0) this.#wide.set(row, task.wideMetrics);
    if (task.userAccumulables.length > 0) this.#accumulators.set(row, task.userAccumulables.map(readAccumulator));
    if (task.finishTime !== 0) this.#open.delete(row);
  }

  /** @param now - what the duration of a task without end counts up to, in milliseconds since 1970 */
  build(now: number): TaskTable {
    const { launch, duration } = this.#columns;
    for (const row of this.#open) duration.set(row, now - launch.get(row) - this.#origin);
    const columns = Object.fromEntries(INFO.map((name) => [name, packColumn(this.#columns[name])])) as Record<
      (typeof INFO)[number],
      PackedColumn
    >;
    return {
      rows: this.#rows,
      origin: this.#origin,
      ...columns,
      metrics: this.#metrics.map(packColumn),
      texts: [...this.#places.keys()],
      accumulators: new Map(this.#accumulators),
      wide: new Map(this.#wide),
    };
  }

  #describe(row: number, task: TaskRecord): void {
    const columns = this.#columns;
    columns.taskId.set(row, task.taskId);
    columns.index.set(row, task.index);
    columns.attempt.set(row, task.attempt);
    columns.partitionId.set(row, task.partitionId);
    columns.launch.set(row, task.launchTime - this.#origin);
    columns.resultFetchStart.set(row, task.gettingResultTime);
    columns.duration.set(row, task.duration);
    columns.speculative.set(row, task.speculative ? 1 : 0);
    columns.executor.set(row, this.#place(task.executorId));
    columns.host.set(row, this.#place(task.host));
    columns.locality.set(row, this.#place(task.locality));
    columns.state.set(row, this.#place(stateOf(task)));
  }

  #place(text: string): number {
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.#places.size;
      this.#places.set(text, place);
    }
    return place;
  }
}

/** @see Spark, `core/src/main/scala/org/apache/spark/scheduler/TaskInfo.scala`, `status` */
function stateOf(task: TaskRecord): TaskState {
  if (task.finishTime === 0) return task.gettingResultTime === 0 ? 'RUNNING' : 'GET RESULT';
  if (task.failed) return 'FAILED';
  return task.killed ? 'KILLED' : 'SUCCESS';
}
