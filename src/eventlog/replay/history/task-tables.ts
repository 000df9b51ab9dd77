import type { TaskRecord } from '../task-record.ts';
import type { TaskTable } from './task-table.ts';
import { TaskTableBuilder } from './task-table.ts';

/**
 * Task attempts kept of one run. About 100 bytes each, so this is some 100 MB; Spark itself keeps 100,000 a stage.
 *
 * Stages that have more than what is left are not kept in part: quantiles over a part would be wrong.
 */
export const MAX_KEPT_TASKS = 1_000_000;

interface Place {
  readonly table: TaskTableBuilder;
  readonly row: number;
}

/** The task attempts of a run, a table for each stage attempt. */
export class TaskTables {
  readonly #maxTasks: number;
  readonly #tables = new Map<number, TaskTableBuilder>();
  readonly #tooLarge = new Set<number>();
  /** Tasks without an end, by id. */
  readonly #running = new Map<number, Place>();
  #kept = 0;

  constructor(maxTasks: number = MAX_KEPT_TASKS) {
    this.#maxTasks = maxTasks;
  }

  /** @param key - of the stage attempt */
  start(task: TaskRecord, key: number): void {
    if (this.#tooLarge.has(key)) return;
    if (this.#kept >= this.#maxTasks) {
      this.#drop(key);
      return;
    }
    let table = this.#tables.get(key);
    if (table === undefined) {
      table = new TaskTableBuilder();
      this.#tables.set(key, table);
    }
    this.#kept++;
    this.#running.set(task.taskId, { table, row: table.start(task) });
  }

  /** A task that had ended before, or whose start the log does not tell, changes nothing. */
  end(task: TaskRecord): void {
    const place = this.#running.get(task.taskId);
    if (place === undefined) return;
    this.#running.delete(task.taskId);
    place.table.end(place.row, task);
  }

  /**
   * @param now - what the duration of a task without end counts up to, in milliseconds since 1970
   * @returns `undefined` for a stage without tasks, `too-large` for one whose tasks were not kept
   */
  build(key: number, now: number): TaskTable | 'too-large' | undefined {
    return this.#tooLarge.has(key) ? 'too-large' : this.#tables.get(key)?.build(now);
  }

  #drop(key: number): void {
    this.#tooLarge.add(key);
    const table = this.#tables.get(key);
    if (table === undefined) return;
    this.#tables.delete(key);
    this.#kept -= table.rows;
    for (const [taskId, place] of this.#running) if (place.table === table) this.#running.delete(taskId);
  }
}
