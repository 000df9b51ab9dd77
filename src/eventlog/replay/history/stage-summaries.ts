import type { Long } from '../../../spark/rest.ts';
import type { RestDialect } from '../executor-metrics.ts';
import { PeakMetrics } from '../executor-metrics.ts';
import * as metric from '../task-metrics.ts';
import { TaskMetricSums } from '../task-metrics.ts';
import type { TaskRecord } from '../task-record.ts';

/** What one executor did for a stage attempt, as `StageData.executorSummary` has it. */
export interface ExecutorStageSummary {
  readonly taskTime: number;
  readonly failedTasks: number;
  readonly succeededTasks: number;
  readonly killedTasks: number;
  readonly inputBytes: Long;
  readonly inputRecords: Long;
  readonly outputBytes: Long;
  readonly outputRecords: Long;
  readonly shuffleRead: Long;
  readonly shuffleReadRecords: Long;
  readonly shuffleWrite: Long;
  readonly shuffleWriteRecords: Long;
  readonly memoryBytesSpilled: Long;
  readonly diskBytesSpilled: Long;
  readonly isBlacklistedForStage: boolean;
  readonly peakMemoryMetrics?: Readonly<Record<string, number>>;
  readonly isExcludedForStage: boolean;
}

export interface SpeculationStageSummary {
  readonly numTasks: number;
  readonly numActiveTasks: number;
  readonly numCompletedTasks: number;
  readonly numFailedTasks: number;
  readonly numKilledTasks: number;
}

type Outcome = 'succeeded' | 'failed' | 'killed';

/**
 * Counts of a stage attempt by executor, and of its speculative tasks, while the stage is open.
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/status/AppStatusListener.scala`, `onTaskEnd`
 */
export class StageSummaries {
  readonly #executors = new Map<string, ExecutorTotals>();
  #speculation: SpeculationTotals | undefined;

  startTask(task: TaskRecord): void {
    if (!task.speculative) return;
    this.#speculation ??= new SpeculationTotals();
    this.#speculation.start();
  }

  /** @param wasStarted - the metrics of a task whose start is not in the log do not count */
  endTask(task: TaskRecord, wasStarted: boolean, isKilled: boolean): void {
    const outcome = task.reason === 'Success' ? 'succeeded' : isKilled ? 'killed' : 'failed';
    this.#of(task.executorId).add(task, wasStarted, outcome);
    if (!task.speculative) return;
    this.#speculation ??= new SpeculationTotals();
    this.#speculation.end(outcome);
  }

  /** Peaks that an executor reported for the stage. */
  raise(executorId: string, metrics: Float64Array): void {
    this.#of(executorId).peaks.raise(metrics);
  }

  exclude(executorId: string): void {
    this.#of(executorId).isExcluded = true;
  }

  executors(dialect: RestDialect): Readonly<Record<string, ExecutorStageSummary>> {
    return Object.fromEntries([...this.#executors].map(([id, totals]) => [id, totals.toRest(dialect)]));
  }

  /** `undefined` for a stage without a speculative task. */
  speculation(): SpeculationStageSummary | undefined {
    return this.#speculation?.toRest();
  }

  #of(executorId: string): ExecutorTotals {
    let totals = this.#executors.get(executorId);
    if (totals === undefined) {
      totals = new ExecutorTotals();
      this.#executors.set(executorId, totals);
    }
    return totals;
  }
}

class ExecutorTotals {
  readonly peaks = new PeakMetrics();
  isExcluded = false;
  #taskTime = 0;
  readonly #tasks = { succeeded: 0, failed: 0, killed: 0 };
  readonly #sums = new TaskMetricSums();

  add(task: TaskRecord, wasStarted: boolean, outcome: Outcome): void {
    this.peaks.raise(task.executorMetrics);
    this.#taskTime += task.duration;
    this.#tasks[outcome]++;
    if (wasStarted) this.#sums.add(task.metrics, task.wideMetrics);
  }

  toRest(dialect: RestDialect): ExecutorStageSummary {
    const sums = this.#sums;
    const peakMemoryMetrics = this.peaks.toRest(dialect);
    return {
      taskTime: this.#taskTime,
      failedTasks: this.#tasks.failed,
      succeededTasks: this.#tasks.succeeded,
      killedTasks: this.#tasks.killed,
      inputBytes: sums.get(metric.INPUT_BYTES),
      inputRecords: sums.get(metric.INPUT_RECORDS),
      outputBytes: sums.get(metric.OUTPUT_BYTES),
      outputRecords: sums.get(metric.OUTPUT_RECORDS),
      shuffleRead: sums.shuffleReadBytes(),
      shuffleReadRecords: sums.get(metric.READ_RECORDS),
      shuffleWrite: sums.get(metric.WRITE_BYTES),
      shuffleWriteRecords: sums.get(metric.WRITE_RECORDS),
      memoryBytesSpilled: sums.get(metric.MEMORY_SPILLED),
      diskBytesSpilled: sums.get(metric.DISK_SPILLED),
      isBlacklistedForStage: this.isExcluded,
      ...(peakMemoryMetrics === undefined ? {} : { peakMemoryMetrics }),
      isExcludedForStage: this.isExcluded,
    };
  }
}

class SpeculationTotals {
  #launched = 0;
  #active = 0;
  readonly #ended = { succeeded: 0, failed: 0, killed: 0 };

  start(): void {
    this.#launched++;
    this.#active++;
  }

  end(outcome: Outcome): void {
    this.#active--;
    this.#ended[outcome]++;
  }

  toRest(): SpeculationStageSummary {
    return {
      numTasks: this.#launched,
      numActiveTasks: this.#active,
      numCompletedTasks: this.#ended.succeeded,
      numFailedTasks: this.#ended.failed,
      numKilledTasks: this.#ended.killed,
    };
  }
}
