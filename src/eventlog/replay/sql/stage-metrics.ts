import { Column } from '../column.ts';
import { IndexSet } from '../index-set.ts';
import type { TaskRecord } from '../task-record.ts';
import { needsLargest } from './metric-text.ts';
import type { LargestTask, MetricValues } from './metric-values.ts';

/** No stage of Spark has that many tasks, and no event may make us reserve room for them. */
const MAX_TASKS = 1 << 22;

interface StageMetric {
  /** By task index. */
  readonly values: Column;
  readonly needsLargest: boolean;
  largest: LargestTask | undefined;
}

/**
 * What the tasks of one stage attempt reported for the metrics of its SQL execution.
 *
 * A later attempt of a task replaces what an earlier one reported, until one succeeds.
 */
export class SqlStageMetrics {
  readonly stageId: number;
  readonly attemptId: number;
  readonly numTasks: number;
  readonly metricTypes: ReadonlyMap<number, string>;
  readonly #metrics = new Map<number, StageMetric>();
  readonly #completed = new IndexSet();

  // Tasks of a stage report the same accumulators in the same order: what stood at a place the last time is a good guess.
  readonly #guessedIds: number[] = [];
  readonly #guessed: (StageMetric | undefined)[] = [];
  #guessedOf = 0;

  constructor(stageId: number, attemptId: number, numTasks: number, metricTypes: ReadonlyMap<number, string>) {
    this.stageId = stageId;
    this.attemptId = attemptId;
    this.numTasks = numTasks;
    this.metricTypes = metricTypes;
  }

  taskEnd(task: TaskRecord): void {
    const { index } = task;
    if (this.#completed.has(index)) return;
    if (this.#guessedOf !== this.metricTypes.size) {
      // Adaptive execution registers metrics while a stage runs.
      this.#guessedOf = this.metricTypes.size;
      this.#guessedIds.length = 0;
    }
    if (index >= 0 && index < Math.min(this.numTasks, MAX_TASKS)) {
      for (let place = 0; place < task.updates; place++) this.#update(task, place);
    }
    if (task.successful) this.#completed.add(index);
  }

  /** Adds what was reported to the values of each metric. */
  collect(valuesOf: (accumulatorId: number) => MetricValues | undefined): void {
    for (const [id, { values, largest }] of this.#metrics) {
      const target = valuesOf(id);
      if (target === undefined) continue;
      target.addStage(values, this.numTasks);
      if (largest !== undefined && (target.largest === undefined || largest.value > target.largest.value)) {
        target.largest = largest;
      }
    }
  }

  #update(task: TaskRecord, place: number): void {
    const id = task.updateIds[place] ?? -1;
    let metric = this.#guessed[place];
    if (this.#guessedIds[place] !== id) {
      metric = this.#metricOf(id);
      this.#guessedIds[place] = id;
      this.#guessed[place] = metric;
    }
    if (metric === undefined) return;

    const value = task.updateValues[place] ?? 0;
    metric.values.set(task.index, value);
    if (metric.needsLargest && (metric.largest === undefined || value > metric.largest.value)) {
      const { stageId, attemptId } = this;
      metric.largest = { value, stageId, attemptId, taskId: task.taskId };
    }
  }

  #metricOf(id: number): StageMetric | undefined {
    const type = this.metricTypes.get(id);
    if (type === undefined) return undefined;
    let metric = this.#metrics.get(id);
    if (metric === undefined) {
      metric = { values: new Column(), needsLargest: needsLargest(type), largest: undefined };
      this.#metrics.set(id, metric);
    }
    return metric;
  }
}
