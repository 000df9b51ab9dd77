import type { SqlNode } from '../../../documents/run-detail.ts';
import type { ExecutionData } from '../../../spark/rest.ts';
import { formatRestTime } from '../../../spark/rest-time.ts';
import type { ArchivedRow, RowArchive } from '../row-archive.ts';
import type { ScalaVersion } from '../scala-order.ts';
import { immutableSetOrder } from '../scala-order.ts';
import type { MetricResults } from './metric-results.ts';
import { aggregateMetrics } from './metric-results.ts';
import type { PlanInfo, PlanMetric } from './plan.ts';
import { countNodes, planTree } from './plan-tree.ts';
import type { PlanGraphEdge } from './plan-graph.ts';
import { planGraph } from './plan-graph.ts';
import type { SqlStageMetrics } from './stage-metrics.ts';

export type SqlJobStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED';

/** What SQLExecutionStart says. */
export interface ExecutionStart {
  readonly description: string;
  readonly submissionTime: number;
  readonly modifiedConfigs: Readonly<Record<string, string>>;
}

/** A plan with what its metrics came to: as the server draws it, and as a tree. */
export interface PlanOutcome {
  readonly planDescription: string;
  readonly nodes: readonly RestNode[];
  readonly edges: readonly PlanGraphEdge[];
  /** Absent for a plan beyond all bounds. */
  readonly tree?: SqlNode | undefined;
}

interface RestNode {
  readonly nodeId: number;
  readonly nodeName: string;
  readonly wholeStageCodegenId?: number;
  readonly metrics: readonly { readonly name: string; readonly value: string }[];
}

/** A SQL execution: its plan as last told, its jobs and stages, and in the end its metrics. */
export class SqlExecution {
  readonly id: number;
  start: ExecutionStart | undefined;
  completionTime: number | undefined;
  /** Empty text: succeeded. `undefined` before Spark 3.4. */
  errorMessage: string | undefined;
  readonly jobs = new Map<number, SqlJobStatus>();
  readonly stages = new Set<number>();
  /** Accumulator → metric type, for all metrics its plans ever registered; empty once settled. */
  readonly metricTypes = new Map<number, string>();
  readonly driverUpdates: (readonly [accumulatorId: number, value: number])[] = [];
  /** Jobs that ended, plus one for the end of the execution itself: they may come in either order. */
  endEvents = 0;

  readonly #scala: ScalaVersion;
  readonly #archive: RowArchive;
  #planDescription = '';
  #plan: PlanInfo | undefined;
  /** Of a {@link PlanOutcome}. */
  #outcome: ArchivedRow | undefined;
  #treeSize = 0;

  /** @param archive - where its outcome waits for the end of the replay */
  constructor(id: number, scala: ScalaVersion, archive: RowArchive) {
    this.id = id;
    this.#scala = scala;
    this.#archive = archive;
  }

  register(metrics: readonly PlanMetric[]): void {
    if (this.isSettled) return;
    for (const metric of metrics) this.metricTypes.set(metric.accumulatorId, metric.metricType);
  }

  setPlan(plan: PlanInfo, description: string): void {
    if (this.isSettled) return;
    this.#plan = plan;
    this.#planDescription = description;
    this.#treeSize = countNodes(plan);
    this.#registerAll(plan);
  }

  /** Nodes of the plan as it was told last. */
  get treeSize(): number {
    return this.#treeSize;
  }

  /** Whether the execution has ended: its plan and its metrics are then final, and only its jobs may change. */
  get isSettled(): boolean {
    return this.#outcome !== undefined;
  }

  get isOver(): boolean {
    return this.endEvents >= this.jobs.size + 1;
  }

  /** In the order in which the server goes through them: of equal maxima it shows the first. */
  stagesInOrder(): readonly number[] {
    return immutableSetOrder([...this.stages], this.#scala);
  }

  /** Fixes the outcome, and forgets what it is made of. */
  settle(stageMetrics: readonly SqlStageMetrics[]): void {
    if (this.#outcome === undefined) this.#outcome = this.#archive.add(this.outcome(stageMetrics));
    this.#plan = undefined;
    this.#planDescription = '';
    this.metricTypes.clear();
    this.driverUpdates.length = 0;
  }

  /** Nobody will ask for the execution any more. */
  forget(): void {
    if (this.#outcome !== undefined) this.#archive.drop(this.#outcome);
  }

  /** @param stageMetrics - of its stages, in {@link stagesInOrder} */
  outcome(stageMetrics: readonly SqlStageMetrics[]): PlanOutcome {
    // What was put there.
    if (this.#outcome !== undefined) return this.#archive.get(this.#outcome) as PlanOutcome;
    const planDescription = this.#planDescription;
    if (this.#plan === undefined) return { planDescription, nodes: [], edges: [] };
    const results = aggregateMetrics(this.metricTypes, stageMetrics, this.driverUpdates);
    const graph = planGraph(this.#plan, this.#scala === '2.12');
    const nodes = graph.nodes.map(({ id, name, wholeStageCodegenId, metrics }) => ({
      nodeId: id,
      nodeName: name,
      ...(wholeStageCodegenId === undefined ? {} : { wholeStageCodegenId }),
      metrics: metrics.flatMap((metric) => shown(metric, results)),
    }));
    return { planDescription, nodes, edges: graph.edges, tree: planTree(this.#plan, results, this.#treeSize) };
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
  toRest({ planDescription, nodes, edges }: PlanOutcome, now: number): ExecutionData | undefined {
    if (this.start === undefined) return undefined;
    return {
      id: this.id,
      status: this.status,
      description: this.start.description,
      planDescription,
      submissionTime: formatRestTime(this.start.submissionTime),
      duration: (this.completionTime ?? now) - this.start.submissionTime,
      runningJobIds: this.#jobIds('RUNNING'),
      successJobIds: this.#jobIds('SUCCEEDED'),
      failedJobIds: this.#jobIds('FAILED'),
      nodes,
      edges,
    };
  }

  #registerAll(plan: PlanInfo): void {
    this.register(plan.metrics);
    for (const child of plan.children) this.#registerAll(child);
  }

  #jobIds(status: SqlJobStatus): readonly number[] {
    return immutableSetOrder([...this.jobs.keys()], this.#scala).filter((id) => this.jobs.get(id) === status);
  }
}

function shown(metric: PlanMetric, results: MetricResults): { readonly name: string; readonly value: string }[] {
  const text = results.get(metric.accumulatorId)?.text;
  return text === undefined ? [] : [{ name: metric.name, value: text.replace(/^\n/, '') }];
}
