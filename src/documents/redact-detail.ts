import type { RunDetail, SqlNode } from './run-detail.ts';

/**
 * The detail document without secrets: names, reasons, descriptions, plans and properties are text of the run.
 *
 * The columns of tasks hold numbers only and are not walked through.
 *
 * @param deep - takes secrets out of any plain JSON and gives the same object back where there are none
 */
export function redactDetail(detail: RunDetail, deep: <T>(value: T) => T): RunDetail {
  return {
    ...detail,
    executors: deep(detail.executors),
    jobs: deep(detail.jobs),
    stages: detail.stages.map(({ tasks, quantiles, ...told }) => ({
      ...deep(told),
      ...(quantiles === undefined ? {} : { quantiles }),
      ...(tasks === undefined ? {} : { tasks }),
    })),
    sql: detail.sql.map(({ plan, ...told }) => ({
      ...deep(told),
      ...(plan === undefined ? {} : { plan: redactPlan(plan, deep) }),
    })),
    failures: deep(detail.failures),
    perExecutor: deep(detail.perExecutor),
    perHost: deep(detail.perHost),
    quality: deep(detail.quality),
  };
}

/** Node by node: a plan may be deeper than `deep` walks, and stays a plan. */
function redactPlan(plan: SqlNode, deep: <T>(value: T) => T): SqlNode {
  const [name, description, metrics] = [deep(plan.name), deep(plan.description), deep(plan.metrics)];
  return { name, description, metrics, children: plan.children.map((child) => redactPlan(child, deep)) };
}
