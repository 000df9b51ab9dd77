import type { ExecutionData } from '../../../spark/rest.ts';
import type { RestDialect } from '../executor-metrics.ts';
import type { JobInfo } from '../jobs.ts';
import type { JsonRecord } from '../json-fields.ts';
import {
  listField,
  longField,
  optionalRecord,
  optionalText,
  recordField,
  refuse,
  textMap,
  timeField,
} from '../json-fields.ts';
import { Retention } from '../retention.ts';
import { RowArchive } from '../row-archive.ts';
import { scalaOf } from '../scala-order.ts';
import type { StageInfo } from '../stage-info.ts';
import { TextPool } from '../text-pool.ts';
import type { TaskRecord } from '../task-record.ts';
import type { PlanOutcome } from './execution.ts';
import { SqlExecution } from './execution.ts';
import type { PlanInfo, PlanMetric } from './plan.ts';
import { readPlan, readPlanMetrics } from './plan.ts';
import { SqlStageMetrics } from './stage-metrics.ts';

/** `spark.sql.ui.retainedExecutions` */
const RETAINED_EXECUTIONS = 1000;

/**
 * The SQL executions of an application, as Spark's own SQL listener keeps them while it replays a log.
 *
 * @see Spark, `sql/core/src/main/scala/org/apache/spark/sql/execution/ui/SQLAppStatusListener.scala`
 */
export class SqlExecutions {
  readonly #dialect: RestDialect;
  readonly #texts = new TextPool();
  readonly #intern = (text: string): string => this.#texts.intern(text);
  readonly #retention = new Retention(RETAINED_EXECUTIONS, 1);
  readonly #archive = new RowArchive();
  readonly #all = new Map<number, SqlExecution>();
  readonly #live = new Map<number, SqlExecution>();
  readonly #stageMetrics = new Map<number, SqlStageMetrics>();

  constructor(dialect: RestDialect) {
    this.#dialect = dialect;
  }

  executionStart(event: JsonRecord): void {
    const id = executionId(event);
    const plan = this.#readPlan(event);
    const start = {
      description: optionalText(event, 'description') ?? '',
      submissionTime: timeField(event, 'time'),
      modifiedConfigs: textMap(optionalRecord(event, 'modifiedConfigs')),
    };
    const execution = this.#getOrAdd(id);
    execution.start = start;
    execution.setPlan(plan, optionalText(event, 'physicalPlanDescription') ?? '');
    this.#update(execution);
  }

  adaptiveUpdate(event: JsonRecord): void {
    const id = executionId(event);
    const plan = this.#readPlan(event);
    this.#getOrAdd(id).setPlan(plan, optionalText(event, 'physicalPlanDescription') ?? '');
  }

  adaptiveMetrics(event: JsonRecord): void {
    const metrics: readonly PlanMetric[] = readPlanMetrics(event, 'sqlPlanMetrics', this.#intern);
    this.#getOrAdd(executionId(event)).register(metrics);
  }

  driverUpdates(event: JsonRecord): void {
    const execution = this.#live.get(executionId(event));
    for (const update of listField(event, 'accumUpdates')) {
      const [id, value] = Array.isArray(update) ? (update as readonly unknown[]) : [];
      if (id === undefined || value === undefined) refuse('"accumUpdates" holds no pairs');
      execution?.driverUpdates.push([Number(id), Number(value)]);
    }
  }

  executionEnd(event: JsonRecord): void {
    const time = timeField(event, 'time');
    const errorMessage = optionalText(event, 'errorMessage');
    const execution = this.#live.get(executionId(event));
    if (execution === undefined) return;
    execution.completionTime = time;
    execution.errorMessage = errorMessage;
    execution.settle(this.#metricsOf(execution));
    this.#forgetStages(execution);
    execution.endEvents++;
    this.#update(execution);
  }

  jobStart(job: JobInfo, executionIdText: string | undefined): void {
    if (executionIdText === undefined || !/^\d+$/.test(executionIdText)) return;
    const execution = this.#revive(Number(executionIdText));
    if (execution.metricTypes.size > 0) {
      // Since 4.0 metrics that a plan registers later are followed too.
      const types = this.#dialect === '3.5' ? new Map(execution.metricTypes) : execution.metricTypes;
      for (const { stageId, numTasks } of job.stageInfos) {
        this.#stageMetrics.set(stageId, new SqlStageMetrics(stageId, 0, numTasks, types));
      }
    }
    execution.jobs.set(job.jobId, 'RUNNING');
    for (const stageId of job.stageIds) execution.stages.add(stageId);
    this.#update(execution);
  }

  jobEnd(jobId: number, succeeded: boolean): void {
    for (const execution of this.#live.values()) {
      if (!execution.jobs.has(jobId)) continue;
      execution.jobs.set(jobId, succeeded ? 'SUCCEEDED' : 'FAILED');
      execution.endEvents++;
      this.#update(execution);
    }
  }

  /** A new attempt of a stage starts its metrics anew. */
  stageSubmitted({ stageId, attemptId }: StageInfo): void {
    const metrics = this.#stageMetrics.get(stageId);
    if (metrics === undefined || metrics.attemptId === attemptId) return;
    this.#stageMetrics.set(stageId, new SqlStageMetrics(stageId, attemptId, metrics.numTasks, metrics.metricTypes));
  }

  /** Whether accumulator updates of this stage attempt are wanted. */
  follows(stageId: number, attemptId: number): boolean {
    return this.#stageMetrics.get(stageId)?.attemptId === attemptId;
  }

  taskEnd(task: TaskRecord): void {
    const metrics = this.#stageMetrics.get(task.stageId);
    if (metrics?.attemptId === task.attemptId) metrics.taskEnd(task);
  }

  /** All executions, by id. */
  all(): readonly SqlExecution[] {
    return [...this.#all.values()].sort((a, b) => a.id - b.id);
  }

  /** What came of an execution, or has come of it so far. */
  outcomeOf(execution: SqlExecution): PlanOutcome {
    return execution.outcome(this.#metricsOf(execution));
  }

  /** One after another, because plans are large. @param now - what the duration of a running execution counts up to */
  *rows(now: number): Generator<ExecutionData> {
    for (const execution of this.all()) {
      const row = execution.toRest(this.outcomeOf(execution), now);
      if (row !== undefined) yield row;
    }
  }

  #readPlan(event: JsonRecord): PlanInfo {
    return readPlan(recordField(event, 'sparkPlanInfo'), this.#intern);
  }

  #metricsOf(execution: SqlExecution): SqlStageMetrics[] {
    return execution.stagesInOrder().flatMap((stageId) => this.#stageMetrics.get(stageId) ?? []);
  }

  #getOrAdd(id: number): SqlExecution {
    let execution = this.#live.get(id);
    if (execution === undefined) {
      execution = this.#all.get(id) ?? new SqlExecution(id, scalaOf(this.#dialect), this.#archive);
      this.#all.set(id, execution);
      this.#live.set(id, execution);
    }
    return execution;
  }

  /** An execution that is over may start another job: it is then open until that ends. */
  #revive(id: number): SqlExecution {
    const isOver = !this.#live.has(id) && this.#all.has(id);
    const execution = this.#getOrAdd(id);
    if (isOver) execution.endEvents = execution.jobs.size + 1;
    return execution;
  }

  #update(execution: SqlExecution): void {
    if (!execution.isOver) return;
    this.#forgetStages(execution);
    this.#live.delete(execution.id);
    this.#retention.write(execution.id, execution.completionTime);
    for (const id of this.#retention.forget()) {
      this.#all.get(id)?.forget();
      this.#all.delete(id);
    }
  }

  /** Drops the values of all stages that no other open execution has. */
  #forgetStages(over: SqlExecution): void {
    const wanted = new Set<number>();
    for (const other of this.#live.values()) if (other !== over) for (const id of other.stages) wanted.add(id);
    for (const stageId of this.#stageMetrics.keys()) if (!wanted.has(stageId)) this.#stageMetrics.delete(stageId);
  }
}

function executionId(event: JsonRecord): number {
  const id = longField(event, 'executionId');
  return typeof id === 'number' ? id : refuse('"executionId" is beyond 2^53');
}
