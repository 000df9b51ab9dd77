import type { PlanInfo, PlanMetric } from './plan.ts';

export interface PlanGraphNode {
  readonly id: number;
  readonly name: string;
  readonly metrics: readonly PlanMetric[];
  /** Number of the code-generation stage the node is compiled into. */
  readonly wholeStageCodegenId: number | undefined;
}

/** From a child to its parent. */
export interface PlanGraphEdge {
  readonly fromId: number;
  readonly toId: number;
}

export interface PlanGraph {
  /** Highest id first, as the server lists them. */
  readonly nodes: readonly PlanGraphNode[];
  readonly edges: readonly PlanGraphEdge[];
}

const CODEGEN = 'WholeStageCodegen';

/**
 * The graph that the server draws from a plan: adapters left out, exchanges that are used again drawn once.
 *
 * @param drawsResultStage - as servers before 4.0 do, which do not know this adapter of 4.0's logs
 * @see Spark, `sql/core/src/main/scala/org/apache/spark/sql/execution/ui/SparkPlanGraph.scala`
 */
export function planGraph(plan: PlanInfo, drawsResultStage = false): PlanGraph {
  const builder = new GraphBuilder(drawsResultStage);
  builder.add(plan, undefined, undefined);
  return { nodes: builder.nodes.sort((a, b) => b.id - a.id), edges: builder.edges };
}

/** Nodes compiled together. `id` is absent where the name tells no number. */
interface Cluster {
  readonly codegenId: number | undefined;
}

class GraphBuilder {
  readonly nodes: PlanGraphNode[] = [];
  readonly edges: PlanGraphEdge[] = [];
  readonly #exchanges: (readonly [plan: PlanInfo, nodeId: number])[] = [];
  readonly #drawsResultStage: boolean;
  #nextId = 0;

  constructor(drawsResultStage: boolean) {
    this.#drawsResultStage = drawsResultStage;
  }

  add(plan: PlanInfo, parentId: number | undefined, cluster: Cluster | undefined): void {
    const [child] = plan.children;
    if (plan.nodeName.startsWith(CODEGEN)) {
      const inner = { codegenId: codegenId(plan.nodeName) };
      this.#node(plan, undefined);
      if (child !== undefined) this.add(child, parentId, inner);
      return;
    }
    switch (plan.nodeName) {
      case 'InputAdapter':
      case 'TableCacheQueryStage':
        if (child !== undefined) this.add(child, parentId, undefined);
        return;
      case 'ResultQueryStage':
        if (this.#drawsResultStage) break;
        if (child !== undefined) this.add(child, parentId, undefined);
        return;
      case 'BroadcastQueryStage':
      case 'ShuffleQueryStage':
        if (child !== undefined && !this.#reuse(child, parentId)) this.add(child, parentId, undefined);
        return;
      case 'ReusedSubquery':
        if (child !== undefined) this.add(child, parentId, cluster);
        return;
      case 'ReusedExchange':
        if (child !== undefined && this.#reuse(child, parentId)) return;
        break;
      case 'Subquery':
        if (this.#reuse(plan, parentId)) return;
        this.#ordinary(plan, parentId, undefined);
        return;
    }
    this.#ordinary(plan, parentId, cluster);
  }

  #ordinary(plan: PlanInfo, parentId: number | undefined, cluster: Cluster | undefined): void {
    const id = this.#node(plan, cluster);
    if (plan.nodeName.includes('Exchange') || plan.nodeName === 'Subquery') this.#exchanges.push([plan, id]);
    if (parentId !== undefined) this.edges.push({ fromId: id, toId: parentId });
    for (const child of plan.children) this.add(child, id, cluster);
  }

  #node(plan: PlanInfo, cluster: Cluster | undefined): number {
    const id = this.#nextId++;
    const { nodeName: name, metrics } = plan;
    this.nodes.push({ id, name: name.trim(), metrics, wholeStageCodegenId: cluster?.codegenId });
    return id;
  }

  /** Points to an exchange or subquery that has been drawn before. */
  #reuse(plan: PlanInfo, parentId: number | undefined): boolean {
    const known = this.#exchanges.findLast(([drawn]) => isSamePlan(drawn, plan));
    if (known === undefined) return false;
    if (parentId !== undefined) this.edges.push({ fromId: known[1], toId: parentId });
    return true;
  }
}

/** Equal for Spark: names, descriptions and children; metrics do not count. */
function isSamePlan(a: PlanInfo, b: PlanInfo): boolean {
  return (
    a === b ||
    (a.simpleString === b.simpleString &&
      a.nodeName === b.nodeName &&
      a.children.length === b.children.length &&
      a.children.every((child, i) => isSamePlan(child, b.children[i] ?? child)))
  );
}

/** `WholeStageCodegen (3)` → 3 */
function codegenId(name: string): number | undefined {
  const digits = /^WholeStageCodegen \((\d+)\)$/.exec(name.trim())?.[1];
  return digits === undefined ? undefined : Number(digits);
}
