import type { SqlNode } from '../../../documents/run-detail.ts';
import type { MetricResults } from './metric-results.ts';
import type { PlanInfo } from './plan.ts';

/** Larger plans are left out: a document of this size helps nobody. */
const MAX_NODES = 2000;
const MAX_DESCRIPTION = 1000;

/** The plan with its metrics as numbers. @returns no tree for a plan of more than 2,000 nodes */
export function planTree(plan: PlanInfo, results: MetricResults, size = countNodes(plan)): SqlNode | undefined {
  return size > MAX_NODES ? undefined : toNode(plan, results);
}

export function countNodes(plan: PlanInfo): number {
  return plan.children.reduce((sum, child) => sum + countNodes(child), 1);
}

function toNode(plan: PlanInfo, results: MetricResults): SqlNode {
  return {
    name: plan.nodeName.trim(),
    description: plan.simpleString.slice(0, MAX_DESCRIPTION),
    metrics: Object.fromEntries(
      plan.metrics.flatMap(({ name, accumulatorId }) => {
        const result = results.get(accumulatorId);
        return result === undefined ? [] : [[name, result.value]];
      }),
    ),
    children: plan.children.map((child) => toNode(child, results)),
  };
}
