import type { SqlDetail, SqlNode } from '../../../documents/run-detail.ts';
import type { MetricResults, SqlExecution } from '../sql/execution.ts';
import type { PlanInfo } from '../sql/plan.ts';

/** Larger plans are left out: a document of this size helps nobody. */
const MAX_PLAN_NODES = 2000;
const MAX_NODE_DESCRIPTION = 1000;
const MAX_PLAN_DESCRIPTION = 32 * 1024;
/** What the plans of one run may hold together; those of the first executions are kept. */
const MAX_NODES_OF_RUN = 50_000;

/** The executions of a run, by id, with the plans as they were in the end. Those without a start are left out. */
export function sqlDetails(
  executions: readonly (readonly [SqlExecution, MetricResults])[],
  origin: number,
): SqlDetail[] {
  let nodesLeft = MAX_NODES_OF_RUN;
  return executions.flatMap(([execution, results]) => {
    const { start, plan } = execution;
    if (start === undefined) return [];
    const nodes = plan === undefined ? 0 : countNodes(plan);
    const fits = nodes <= Math.min(MAX_PLAN_NODES, nodesLeft);
    if (fits) nodesLeft -= nodes;
    const detail: SqlDetail = {
      id: execution.id,
      description: start.description,
      submitted: start.submissionTime - origin,
      ...(execution.completionTime === undefined ? {} : { ended: execution.completionTime - origin }),
      failed: execution.status === 'FAILED',
      ...(execution.errorMessage === undefined || execution.errorMessage === ''
        ? {}
        : { errorMessage: execution.errorMessage }),
      jobIds: [...execution.jobs.keys()],
      stageIds: [...execution.stages],
      ...(plan !== undefined && fits ? { plan: sqlNode(plan, results) } : {}),
      ...(fits && execution.planDescription.length <= MAX_PLAN_DESCRIPTION
        ? { planDescription: execution.planDescription }
        : {}),
      modifiedConfigs: start.modifiedConfigs,
    };
    return [detail];
  });
}

function sqlNode(plan: PlanInfo, results: MetricResults): SqlNode {
  return {
    name: plan.nodeName.trim(),
    description: plan.simpleString.slice(0, MAX_NODE_DESCRIPTION),
    metrics: Object.fromEntries(
      plan.metrics.flatMap(({ name, accumulatorId }) => {
        const result = results.get(accumulatorId);
        return result === undefined ? [] : [[name.trim(), result.value]];
      }),
    ),
    children: plan.children.map((child) => sqlNode(child, results)),
  };
}

function countNodes(plan: PlanInfo): number {
  return plan.children.reduce((sum, child) => sum + countNodes(child), 1);
}
