import type { AppState } from './app-state.ts';
import type { RunDetailBuilder } from './detail/run-detail-builder.ts';
import type { JsonRecord } from './json-fields.ts';
import { stageKey } from './stage-info.ts';
import type { SqlExecutions } from './sql/executions.ts';
import { readTaskEnd, readTaskStart, TaskRecord } from './task-record.ts';

/** Takes the events that make up nearly all of a log, and hands each to everyone who counts tasks. */
export class TaskEvents {
  readonly #state: AppState;
  readonly #sql: SqlExecutions;
  readonly #detail: RunDetailBuilder;
  readonly #task = new TaskRecord();

  constructor(state: AppState, sql: SqlExecutions, detail: RunDetailBuilder) {
    this.#state = state;
    this.#sql = sql;
    this.#detail = detail;
  }

  start(event: JsonRecord): void {
    readTaskStart(event, this.#task);
    this.#started();
  }

  end(event: JsonRecord): void {
    readTaskEnd(event, this.#task, false);
    this.#ended();
  }

  #started(): void {
    const key = stageKey(this.#task.stageId, this.#task.attemptId);
    this.#detail.taskStarted(this.#task, key);
    this.#state.taskStart(this.#task, key);
  }

  #ended(): void {
    const key = stageKey(this.#task.stageId, this.#task.attemptId);
    const wasStarted = this.#detail.taskEnded(this.#task, key);
    this.#sql.taskEnd(this.#task);
    this.#state.taskEnd(this.#task, key, wasStarted);
  }
}
