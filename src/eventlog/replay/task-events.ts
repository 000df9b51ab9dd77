import type { AppState } from './app-state.ts';
import type { RunDetailBuilder } from './detail/run-detail-builder.ts';
import type { TaskTables } from './history/task-tables.ts';
import type { JsonRecord } from './json-fields.ts';
import { LineScanner } from './scan/line-scanner.ts';
import { Literal } from './scan/literal.ts';
import { TaskEventScanner } from './scan/task-event-scanner.ts';
import { stageKey } from './stage-info.ts';
import type { SqlExecutions } from './sql/executions.ts';
import { readTaskEnd, readTaskStart, TaskRecord } from './task-record.ts';

const TASK_START = Literal.of('{"Event":"SparkListenerTaskStart",');
const TASK_END = Literal.of('{"Event":"SparkListenerTaskEnd",');

/** Takes the events that make up nearly all of a log, and hands each to everyone who counts tasks. */
export class TaskEvents {
  readonly #state: AppState;
  readonly #sql: SqlExecutions;
  readonly #detail: RunDetailBuilder;
  readonly #tables: TaskTables | undefined;
  readonly #task = new TaskRecord();
  readonly #line = new LineScanner();
  readonly #scanner: TaskEventScanner;

  /** @param tables - keeps every task attempt, where that is wanted */
  constructor(state: AppState, sql: SqlExecutions, detail: RunDetailBuilder, tables?: TaskTables) {
    this.#state = state;
    this.#sql = sql;
    this.#detail = detail;
    this.#tables = tables;
    this.#scanner = new TaskEventScanner(this.#task, {
      wantsUpdates: (stageId, attemptId) => sql.follows(stageId, attemptId),
      wantsUserAccumulables: tables !== undefined,
    });
  }

  /** @returns whether the line was a task event in Spark's own form; else it has to be parsed */
  scan(bytes: Buffer, start: number, end: number): boolean {
    const line = this.#line;
    line.open(bytes, start, end);
    if (line.take(TASK_START)) {
      if (!this.#scanner.taskStart(line)) return false;
      this.#started();
      return true;
    }
    if (!line.take(TASK_END) || !this.#scanner.taskEnd(line)) return false;
    this.#ended();
    return true;
  }

  start(event: JsonRecord): void {
    readTaskStart(event, this.#task);
    this.#started();
  }

  end(event: JsonRecord): void {
    readTaskEnd(event, this.#task, this.#tables !== undefined);
    this.#ended();
  }

  #started(): void {
    const key = stageKey(this.#task.stageId, this.#task.attemptId);
    this.#detail.taskStarted(this.#task, key);
    this.#tables?.start(this.#task, key);
    this.#state.taskStart(this.#task, key);
  }

  #ended(): void {
    const key = stageKey(this.#task.stageId, this.#task.attemptId);
    const wasStarted = this.#detail.taskEnded(this.#task, key);
    this.#tables?.end(this.#task);
    this.#sql.taskEnd(this.#task);
    this.#state.taskEnd(this.#task, key, wasStarted);
  }
}
