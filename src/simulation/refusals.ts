import type { RunDetail } from '../documents/run-detail.ts';
import { REFUSED_SELF_CHECK_ERROR } from './prediction-range.ts';

/** Why a run gets no number at all. */
export interface Refusal {
  readonly code:
    'NO_SUCCESSFUL_JOB' | 'LOST_EVENTS' | 'MISSING_TASKS' | 'NO_EXECUTORS' | 'SELF_CHECK_FAILED' | 'CANNOT_FINISH';
  readonly facts: Readonly<Record<string, number | string>>;
}

const MOST_LOST_SHARE = 0.02;

/** What makes a run unfit to be replayed; `undefined` for a fit one. */
export function refusalOf(detail: RunDetail): Refusal | undefined {
  if (!detail.jobs.some(({ succeeded }) => succeeded))
    return { code: 'NO_SUCCESSFUL_JOB', facts: { jobs: detail.jobs.length } };
  if (detail.executors.length === 0) return { code: 'NO_EXECUTORS', facts: {} };

  // A failed stage leaves a few tasks whose end nobody told; more than that, and the log is not whole.
  const launchedTasks = detail.stages.reduce((total, stage) => total + stage.launchedTasks, 0);
  const { lostTaskEnds } = detail.quality;
  if (lostTaskEnds > MOST_LOST_SHARE * launchedTasks)
    return { code: 'LOST_EVENTS', facts: { lostTaskEnds, launchedTasks } };

  for (const stages of Map.groupBy(detail.stages, ({ stageId }) => stageId).values()) {
    const first = stages[0];
    const completed = stages.find((stage) => stage.completed !== undefined && stage.failureReason === undefined);
    if (first === undefined || completed === undefined) continue;
    const succeeded = stages.reduce((total, stage) => total + (stage.quantiles?.count ?? stage.succeededTasks), 0);
    if (succeeded < completed.numTasks) {
      return {
        code: 'MISSING_TASKS',
        facts: { stageId: first.stageId, numTasks: completed.numTasks, succeededTasks: succeeded },
      };
    }
  }
  return undefined;
}

export function selfCheckRefusal(errorRatio: number): Refusal | undefined {
  if (Math.abs(errorRatio) <= REFUSED_SELF_CHECK_ERROR) return undefined;
  return { code: 'SELF_CHECK_FAILED', facts: { errorRatio } };
}
