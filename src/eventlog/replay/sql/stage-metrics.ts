import { Column } from '../column.ts';
import { IndexSet } from '../index-set.ts';
import type { TaskRecord } from '../task-record.ts';
import { needsLargest } from './metric-text.ts';
import type { MetricValues } from './metric-values.ts';

/** No stage of Spark has that many tasks, and no event may make us reserve room for them. */
const MAX_TASKS = 1 << 22;

/** The values of a metric by task index. */
class StageMetric extends Column {
  readonly needsLargest: boolean;
  largest = -Infinity;
  largestTask = -1;

  constructor(metricType: string) {
    super();
    this.needsLargest = needsLargest(metricType);
  }
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
    const { stageId, attemptId } = this;
    for (const [id, metric] of this.#metrics) {
      const target = valuesOf(id);
      if (target === undefined) continue;
      target.addStage(metric, this.numTasks);
      const { largest: value, largestTask: taskId } = metric;
      if (taskId >= 0 && value > (target.largest?.value ?? -Infinity)) {
        target.largest = { value, stageId, attemptId, taskId };
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
    metric.set(task.index, value);
    if (metric.needsLargest && value > metric.largest) {
      metric.largest = value;
      metric.largestTask = task.taskId;
    }
  }

  #metricOf(id: number): StageMetric | undefined {
    const type = this.metricTypes.get(id);
    if (type === undefined) return undefined;
    let metric = this.#metrics.get(id);
    if (metric === undefined) {
      metric = new StageMetric(type);
      this.#metrics.set(id, metric);
    }
    return metric;
  }
}
