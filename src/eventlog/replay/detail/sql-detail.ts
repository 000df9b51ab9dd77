import type { SqlDetail } from '../../../documents/run-detail.ts';
import type { PlanOutcome, SqlExecution } from '../sql/execution.ts';

const MAX_PLAN_DESCRIPTION = 32 * 1024;
/** What the plans of one run may hold together; those of the first executions are kept. */
const MAX_NODES_OF_RUN = 50_000;

/** The executions of a run, by id, with the plans as they were in the end. Those without a start are left out. */
export function sqlDetails(executions: readonly (readonly [SqlExecution, PlanOutcome])[], origin: number): SqlDetail[] {
  let nodesLeft = MAX_NODES_OF_RUN;
  return executions.flatMap(([execution, { tree, treeSize }]) => {
    const { start, completionTime, errorMessage, planDescription } = execution;
    if (start === undefined) return [];
    const fits = tree !== undefined && treeSize <= nodesLeft;
    if (fits) nodesLeft -= treeSize;
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
