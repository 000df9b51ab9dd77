import type { StageDetail } from '../../documents/run-detail.ts';
import { withoutFailedTasks } from '../../simulation/remedies.ts';
import { firstLine, fixOfFailure, worstGroup } from '../computed/failure-text.ts';
import { defineHeuristic, severityOf } from '../heuristic.ts';

/** Finds task attempts that failed, by cause, and what their repetition cost. */
export const failedTasks = defineHeuristic({
  id: 'failed-tasks',
  title: 'Few task attempts failed',
  failureTitle: 'Task attempts failed and were repeated',
  inputs: ['run', 'stages', 'properties'],
  alsoUses: ['failures'],
  thresholds: {
    // Dr. Elephant's, branch tuning_20190221.
    failedShare: { low: 0.05, moderate: 0.1, severe: 0.15, critical: 0.2, unit: 'ratio' },
  },
  evaluate({ run, stages, properties, failures }, { failedShare }) {
    // A stage that failed for good repeated nothing, and one that is computed again is a lost executor's doing.
    const failed = stages.filter(({ failedTasks: count, failureReason }) => count > 0 && failureReason === undefined);
    const count = failed.reduce((sum, stage) => sum + stage.failedTasks, 0);
    // The share is of the stages where it happened: one bad stage must not hide behind many good ones.
    const ended = failed.reduce((sum, stage) => sum + stage.failedTasks + stage.succeededTasks, 0);
    if (count === 0) return [];
    const ids = new Set(failed.map(({ stageId }) => stageId));
    const ofThese = (failures ?? []).filter(({ stageIds }) => stageIds.some((id) => ids.has(id)));
    const group = worstGroup(ofThese);
    const memory = ofThese.find(({ kind }) => kind === 'oom' || kind === 'container-killed');
    // Without the failures themselves, as long as the other attempts of their stages.
    const lostMs =
      failures === undefined
        ? failed.reduce((sum, stage) => sum + stage.failedTasks * meanRunTime(stage), 0)
        : ofThese.reduce((sum, { kind, lostMs: lost }) => sum + (kind === 'killed' ? 0 : lost), 0);
    return [
      {
        severity: severityOf(count / ended, failedShare),
        subject: failed.length === 1 ? `stage ${failed[0]?.stageId ?? 0}` : `${failed.length} stages`,
        facts: {
          failedAttempts: count,
          endedAttempts: ended,
          failedShare: count / ended,
          stages: [...ids],
          lostMs,
          outOfMemoryAttempts: memory?.count ?? 0,
          ...(group === undefined
            ? {}
            : { errorKind: group.kind, errorClass: group.className, example: firstLine(group.example) }),
        },
        gain: {
          kind: 'time',
          claimMs: { low: 0, high: lostMs / run.slots },
          remedy:
            failures === undefined ? undefined : (id) => withoutFailedTasks(id, ({ stageId }) => ids.has(stageId)),
        },
        fix: fixOfFailure((memory ?? group)?.kind, properties),
      },
    ];
  },
});

function meanRunTime({ sums, succeededTasks, failedTasks: failures }: StageDetail): number {
  return (sums['executorRunTime'] ?? 0) / Math.max(1, succeededTasks + failures);
}
