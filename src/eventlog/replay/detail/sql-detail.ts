import type { SqlDetail } from '../../../documents/run-detail.ts';
import type { SqlExecution } from '../sql/execution.ts';
import type { SqlExecutions } from '../sql/executions.ts';

const MAX_PLAN_DESCRIPTION = 32 * 1024;
/** What the plans of one run may hold together; those of the longest executions are kept. */
const MAX_NODES_OF_RUN = 50_000;

/** The executions of a run, by id, with the plans as they were in the end. Those without a start are left out. */
export function* sqlDetails(sql: SqlExecutions, origin: number): Generator<SqlDetail> {
  const executions = sql.all();
  const kept = withPlan(executions);
  for (const execution of executions) {
    const { start, completionTime, errorMessage } = execution;
    if (start === undefined) continue;
    const { tree: plan, planDescription = '' } = kept.has(execution.id) ? sql.outcomeOf(execution) : {};
    yield {
      id: execution.id,
      description: start.description,
      submitted: start.submissionTime - origin,
      ...(completionTime === undefined ? {} : { ended: completionTime - origin }),
      failed: execution.status === 'FAILED',
      ...(errorMessage === undefined || errorMessage === '' ? {} : { errorMessage }),
      jobIds: [...execution.jobs.keys()],
      stageIds: [...execution.stages],
      ...(plan === undefined ? {} : { plan }),
      ...(plan !== undefined && planDescription.length <= MAX_PLAN_DESCRIPTION ? { planDescription } : {}),
      modifiedConfigs: start.modifiedConfigs,
    };
  }
}

/** The ids of the executions whose plans fit, the longest first; one without an end counts as the longest. */
function withPlan(executions: readonly SqlExecution[]): ReadonlySet<number> {
  const duration = ({ start, completionTime }: SqlExecution): number =>
    (completionTime ?? Infinity) - (start?.submissionTime ?? 0);
  const kept = new Set<number>();
  let nodesLeft = MAX_NODES_OF_RUN;
  for (const { id, treeSize } of executions.toSorted((a, b) => longest(duration(a), duration(b)))) {
    if (treeSize > nodesLeft) continue;
    nodesLeft -= treeSize;
    kept.add(id);
  }
  return kept;
}

function longest(a: number, b: number): number {
  return a === b ? 0 : b - a;
}
