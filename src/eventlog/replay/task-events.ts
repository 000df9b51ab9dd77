import type { AppState } from './app-state.ts';
import type { RunDetailBuilder } from './detail/run-detail-builder.ts';
import type { TaskTables } from './history/task-tables.ts';
import type { JsonRecord } from './json-fields.ts';
import type { TaskScannerOptions } from './scan/task-event-scanner.ts';
import { TaskEventScanner } from './scan/task-event-scanner.ts';
import { stageKey } from './stage-info.ts';
import type { SqlExecutions } from './sql/executions.ts';
import type { TaskRecord } from './task-record.ts';
import { readTaskEnd, readTaskStart } from './task-record.ts';

/** One for all replays of a thread: a line is read in one go, and what was learned of its form serves the next log too. */
const SCANNER = new TaskEventScanner();

/** Takes the events that make up nearly all of a log, and hands each to everyone who counts tasks. */
export class TaskEvents {
  readonly #state: AppState;
  readonly #sql: SqlExecutions;
  readonly #detail: RunDetailBuilder;
  readonly #tables: TaskTables | undefined;
  readonly #options: TaskScannerOptions;

  /** @param tables - keeps every task attempt, where that is wanted */
  constructor(state: AppState, sql: SqlExecutions, detail: RunDetailBuilder, tables?: TaskTables) {
    this.#state = state;
    this.#sql = sql;
    this.#detail = detail;
    this.#tables = tables;
    this.#options = {
      wantsUpdates: (stageId, attemptId) => sql.follows(stageId, attemptId),
      wantsUserAccumulables: tables !== undefined,
    };
  }

  /** @returns whether the line was a task event in Spark's own form; else it has to be parsed */
  scan(bytes: Buffer, start: number, end: number): boolean {
    const event = SCANNER.scan(bytes, start, end, this.#options);
    if (event === undefined) return false;
    if (event === 'start') this.#started(SCANNER.record);
    else this.#ended(SCANNER.record);
    return true;
  }

  start(event: JsonRecord): void {
    readTaskStart(event, SCANNER.record);
    this.#started(SCANNER.record);
  }

  end(event: JsonRecord): void {
    readTaskEnd(event, SCANNER.record, this.#tables !== undefined);
    this.#ended(SCANNER.record);
  }

  #started(task: TaskRecord): void {
    const key = stageKey(task.stageId, task.attemptId);
    this.#detail.taskStarted(task, key);
    this.#tables?.start(task, key);
    this.#state.taskStart(task, key);
  }

  #ended(task: TaskRecord): void {
    const key = stageKey(task.stageId, task.attemptId);
    const wasStarted = this.#detail.taskEnded(task, key);
    this.#tables?.end(task);
    this.#sql.taskEnd(task);
    this.#state.taskEnd(task, key, wasStarted);
  }
}
