import { firstLine, fixOfFailure, worstGroup } from '../computed/failure-text.ts';
import { defineHeuristic, NO_GAIN, severityOf } from '../heuristic.ts';

/**
 * Finds jobs that failed, and which stage and error failed them.
 *
 * A job cancelled by the program or a person is counted apart and is no failure.
 */
export const failedJobs = defineHeuristic({
  id: 'failed-jobs',
  title: 'All jobs succeeded',
  failureTitle: 'Jobs failed',
  inputs: ['run', 'jobs', 'stages', 'properties'],
  alsoUses: ['failures'],
  thresholds: { failedShare: { low: 0.01, moderate: 0.05, severe: 0.1, critical: 0.5, unit: 'ratio' } },
  evaluate({ run, jobs, stages, properties, failures = [] }, { failedShare }) {
    if (run.isStreaming) return [];
    const failureOf = (stageIds: readonly number[]): string | undefined =>
      stages.findLast(({ stageId, failureReason }) => stageIds.includes(stageId) && failureReason !== undefined)
        ?.failureReason;
    const failed = jobs.filter(({ ended, succeeded }) => ended !== undefined && !succeeded);
    const cancelled = failed.filter(({ stageIds }) => /cancelled/i.test(firstLine(failureOf(stageIds) ?? '')));
    const broken = failed.filter((job) => !cancelled.includes(job));
    if (broken.length === 0) return [];
    const last = broken.at(-1);
    const wasLast = jobs.every(({ jobId }) => jobId <= (last?.jobId ?? -1));
    const stage = stages.findLast(
      ({ stageId, failureReason }) => last?.stageIds.includes(stageId) === true && failureReason !== undefined,
    );
    const group = worstGroup(
      failures.filter(({ stageIds }) => stage === undefined || stageIds.includes(stage.stageId)),
    );
    return [
      {
        // The last job of a run failing means that the run did not do what it was started for.
        severity: wasLast ? 'critical' : severityOf(broken.length / jobs.length, failedShare),
        subject: last === undefined ? 'run' : `job ${last.jobId}`,
        facts: {
          failedJobs: broken.length,
          jobs: jobs.length,
          cancelledJobs: cancelled.length,
          ...(stage === undefined ? {} : { failedStage: stage.stageId, reason: firstLine(stage.failureReason ?? '') }),
          ...(group === undefined ? {} : { errorKind: group.kind, errorClass: group.className }),
        },
        gain: NO_GAIN,
        isOutcome: wasLast,
        fix: fixOfFailure(group?.kind, properties),
      },
    ];
  },
});
