import type { ExecutionData } from '../../../spark/rest.ts';
import { formatRestTime } from '../../../spark/rest-time.ts';
import type { ScalaVersion } from '../scala-order.ts';
import { immutableSetOrder } from '../scala-order.ts';
import { metricNumber, metricText } from './metric-text.ts';
import { MetricValues } from './metric-values.ts';
import type { PlanInfo, PlanMetric } from './plan.ts';
import { planGraph } from './plan-graph.ts';
import type { SqlStageMetrics } from './stage-metrics.ts';

export type SqlJobStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED';

/** A metric's final value: as the server shows it, and as a number. */
export interface MetricResult {
  readonly text: string;
  readonly value: number;
}

export type MetricResults = ReadonlyMap<number, MetricResult>;

/** What SQLExecutionStart says. */
export interface ExecutionStart {
  readonly description: string;
  readonly submissionTime: number;
  readonly modifiedConfigs: Readonly<Record<string, string>>;
}

/** A SQL execution: its plan as last told, its jobs and stages, and in the end its metrics. */
export class SqlExecution {
  readonly id: number;
  start: ExecutionStart | undefined;
  plan: PlanInfo | undefined;
  planDescription = '';
  completionTime: number | undefined;
  /** Empty text: succeeded. `undefined` before Spark 3.4. */
  errorMessage: string | undefined;
  readonly jobs = new Map<number, SqlJobStatus>();
  readonly stages = new Set<number>();
  /** Accumulator → metric type, for all metrics its plans ever registered. */
  readonly metricTypes = new Map<number, string>();
  readonly driverUpdates: (readonly [accumulatorId: number, value: number])[] = [];
  /** Set once, when the execution ends: what comes later does not change it. */
  results: MetricResults | undefined;
  /** Jobs that ended, plus one for the end of the execution itself: they may come in either order. */
  endEvents = 0;

  readonly #scala: ScalaVersion;

  constructor(id: number, scala: ScalaVersion) {
    this.id = id;
    this.#scala = scala;
  }

  register(metrics: readonly PlanMetric[]): void {
    for (const metric of metrics) this.metricTypes.set(metric.accumulatorId, metric.metricType);
  }

  setPlan(plan: PlanInfo, description: string): void {
    this.plan = plan;
    this.planDescription = description;
    this.#registerAll(plan);
  }

  #registerAll(plan: PlanInfo): void {
    this.register(plan.metrics);
    for (const child of plan.children) this.#registerAll(child);
  }

  get isOver(): boolean {
    return this.endEvents >= this.jobs.size + 1;
  }

  /** In the order in which the server goes through them: of equal maxima it shows the first. */
  stagesInOrder(): readonly number[] {
    return immutableSetOrder([...this.stages], this.#scala);
  }

  /** @param stageMetrics - of its stages, in {@link stagesInOrder} */
  aggregate(stageMetrics: readonly SqlStageMetrics[]): MetricResults {
    if (this.results !== undefined) return this.results;
    const valuesById = new Map<number, MetricValues>();
    const valuesOf = (id: number): MetricValues | undefined => {
      if (!this.metricTypes.has(id)) return undefined;
      let values = valuesById.get(id);
      if (values === undefined) {
        values = new MetricValues();
        valuesById.set(id, values);
      }
      return values;
    };
    for (const stage of stageMetrics) stage.collect(valuesOf);
    for (const [id, value] of this.driverUpdates) {
      const values = valuesOf(id);
      // What the driver has more than any task is shown as the driver's.
      if (values?.largest !== undefined && value > values.largest.value) values.largest = undefined;
      values?.addDriver(value);
    }
    const results = new Map<number, MetricResult>();
    for (const [id, values] of valuesById) {
      const type = this.metricTypes.get(id) ?? '';
      const text = metricText(type, values);
      if (text !== undefined) results.set(id, { text, value: metricNumber(type, values) });
    }
    return results;
  }

  get status(): 'COMPLETED' | 'FAILED' | 'RUNNING' {
    if (this.errorMessage !== undefined) return this.errorMessage === '' ? 'COMPLETED' : 'FAILED';
    if (this.completionTime === undefined) return 'RUNNING';
    return [...this.jobs.values()].includes('FAILED') ? 'FAILED' : 'COMPLETED';
  }

  /**
   * As `/sql?details=true&planDescription=true` lists it.
   *
   * @param now - what a running execution's duration counts up to
   * @returns `undefined` where the log does not tell its start, as after compaction: there is no plan to draw
   */
  toRest(results: MetricResults, now: number): ExecutionData | undefined {
    if (this.start === undefined || this.plan === undefined) return undefined;
    const graph = planGraph(this.plan);
    return {
      id: this.id,
      status: this.status,
      description: this.start.description,
      planDescription: this.planDescription,
      submissionTime: formatRestTime(this.start.submissionTime),
      duration: (this.completionTime ?? now) - this.start.submissionTime,
      runningJobIds: this.#jobIds('RUNNING'),
      successJobIds: this.#jobIds('SUCCEEDED'),
      failedJobIds: this.#jobIds('FAILED'),
      nodes: graph.nodes.map(({ id, name, wholeStageCodegenId, metrics }) => ({
        nodeId: id,
        nodeName: name,
        ...(wholeStageCodegenId === undefined ? {} : { wholeStageCodegenId }),
        metrics: metrics.flatMap((metric) => {
          const text = results.get(metric.accumulatorId)?.text;
          return text === undefined ? [] : [{ name: metric.name.trim(), value: text.replace(/^\n/, '') }];
        }),
      })),
      edges: graph.edges,
    };
  }

  #jobIds(status: SqlJobStatus): readonly number[] {
    return immutableSetOrder([...this.jobs.keys()], this.#scala).filter((id) => this.jobs.get(id) === status);
  }
}
