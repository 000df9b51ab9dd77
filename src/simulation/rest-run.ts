import type { RunDetail, StageDetail } from '../documents/run-detail.ts';

/**
 * Guesses the parents of stages, which REST does not tell: every stage of the job that had completed when this one was
 * submitted. Exact for chains, too strict for diamonds at larger sizes.
 */
export function inferParents(detail: RunDetail): RunDetail {
  const jobOf = (stage: StageDetail): RunDetail['jobs'][number] | undefined =>
    detail.jobs.findLast(
      ({ stageIds, submitted }) => stageIds.includes(stage.stageId) && submitted <= (stage.submitted ?? Infinity),
    );
  const byJob = Map.groupBy(detail.stages, jobOf);
  const stages = detail.stages.map((stage) => {
    const siblings = byJob.get(jobOf(stage)) ?? [];
    const before = siblings.filter(
      (other) => other.completed !== undefined && other.completed <= (stage.submitted ?? -Infinity),
    );
    return { ...stage, parentIds: before.map(({ stageId }) => stageId).filter((id) => id !== stage.stageId) };
  });
  return { ...detail, stages };
}
