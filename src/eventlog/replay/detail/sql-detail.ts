import type { SqlDetail } from '../../../documents/run-detail.ts';
import type { PlanOutcome, SqlExecution } from '../sql/execution.ts';

const MAX_PLAN_DESCRIPTION = 32 * 1024;
/** What the plans of one run may hold together; those of the longest executions are kept. */
const MAX_NODES_OF_RUN = 50_000;

/** The executions of a run, by id, with the plans as they were in the end. Those without a start are left out. */
export function sqlDetails(executions: readonly (readonly [SqlExecution, PlanOutcome])[], origin: number): SqlDetail[] {
  const kept = withPlan(executions);
  return executions.flatMap(([execution, { tree }]) => {
    const { start, completionTime, errorMessage, planDescription } = execution;
    if (start === undefined) return [];
    const fits = tree !== undefined && kept.has(execution.id);
    const detail: SqlDetail = {
      id: execution.id,
      description: start.description,
      submitted: start.submissionTime - origin,
      ...(completionTime === undefined ? {} : { ended: completionTime - origin }),
      failed: execution.status === 'FAILED',
      ...(errorMessage === undefined || errorMessage === '' ? {} : { errorMessage }),
      jobIds: [...execution.jobs.keys()],
      stageIds: [...execution.stages],
      ...(fits ? { plan: tree } : {}),
      ...(fits && planDescription.length <= MAX_PLAN_DESCRIPTION ? { planDescription } : {}),
      modifiedConfigs: start.modifiedConfigs,
    };
    return [detail];
  });
}

/** The ids of the executions whose plans fit, the longest first; one without an end counts as the longest. */
function withPlan(executions: readonly (readonly [SqlExecution, PlanOutcome])[]): ReadonlySet<number> {
  const duration = ({ start, completionTime }: SqlExecution): number =>
    (completionTime ?? Infinity) - (start?.submissionTime ?? 0);
  const kept = new Set<number>();
  let nodesLeft = MAX_NODES_OF_RUN;
  for (const [execution, { treeSize }] of [...executions].sort(([a], [b]) => longest(duration(a), duration(b)))) {
    if (treeSize > nodesLeft) continue;
    nodesLeft -= treeSize;
    kept.add(execution.id);
  }
  return kept;
}

function longest(a: number, b: number): number {
  return a === b ? 0 : b - a;
}
