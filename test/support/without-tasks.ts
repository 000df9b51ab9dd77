import type { RunDetail } from '../../src/documents/run-detail.ts';
import { inferParents } from '../../src/simulation/rest-run.ts';

/** The same run as REST alone would tell it: quantiles and sums instead of tasks, no parents. */
export function withoutTasks(detail: RunDetail): RunDetail {
  return inferParents({
    ...detail,
    stages: detail.stages.map((stage) => ({ ...stage, tasks: undefined, parentIds: [] })),
  });
}
