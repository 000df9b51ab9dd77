import type { ExecutorLife, StageDetail } from '../../documents/run-detail.ts';
import { firstLine, fixOfFailure } from '../computed/failure-text.ts';
import { isLetGo } from '../computed/let-go.ts';
import { lengthOf, union } from '../computed/intervals.ts';
import { defineHeuristic, estimated, severityOf } from '../heuristic.ts';

/**
 * Finds executors that were lost while the run went on, and stages that were computed again because of it.
 *
 * With an executor its shuffle files go, so finished tasks of earlier stages are repeated too.
 */
export const lostExecutors = defineHeuristic({
  id: 'lost-executors',
  title: 'No executor was lost and no stage computed twice',
  failureTitle: 'Executors were lost, or stages computed again',
  inputs: ['run', 'executors', 'stages', 'properties'],
  alsoUses: ['failures'],
  thresholds: {
    lostShare: { low: 0.01, moderate: 0.05, severe: 0.2, critical: 0.5, unit: 'ratio of executors' },
    retriedStages: { low: 1, moderate: 2, severe: 4, critical: 10, unit: 'stage attempts' },
  },
  evaluate({ run, executors, stages, properties, failures = [] }, { lostShare, retriedStages }) {
    const workers = executors.filter(({ id }) => id !== 'driver');
    const lastWork = stages.reduce((time, { completed }) => Math.max(time, completed ?? 0), 0);
    const lost = workers.filter((executor) => isLost(executor, lastWork));
    const again = stages.filter(({ attemptId }) => attemptId > 0);
    if (lost.length === 0 && again.length === 0) return [];

    const shareSeverity = severityOf(lost.length / Math.max(1, workers.length), lostShare);
    const againSeverity = severityOf(again.length, retriedStages);
    const repeatedMs = lengthOf(union(again.map(spanOf(run.durationMs))));
    const lastRepeat = again.reduce((time, { completed }) => Math.max(time, completed ?? run.durationMs), 0);
    const firstLoss = Math.min(
      ...lost.map(({ removed }) => removed ?? Infinity),
      ...again.map(({ submitted }) => submitted ?? Infinity),
    );
    const longestLostMs = failures
      .filter(({ kind }) => kind === 'executor-lost' || kind === 'container-killed')
      .reduce((sum, { lostMs, count }) => Math.max(sum, lostMs / Math.max(1, count)), 0);
    const [worst] = lost;
    const reason = worst?.removeReason ?? failures.find(({ kind }) => kind === 'executor-lost')?.example ?? '';
    const isKilled = /137|143|memory|OOM|killed/i.test(reason);
    return [
      {
        severity:
          shareSeverity === 'none' || (again.length > 0 && againSeverity === 'critical')
            ? againSeverity
            : shareSeverity,
        subject: worst === undefined ? `stage ${again[0]?.stageId ?? 0}` : `executor ${worst.id}`,
        facts: {
          lostExecutors: lost.map(({ id }) => id),
          executors: workers.length,
          ...(reason === '' ? {} : { reason: firstLine(reason) }),
          repeatedStages: [...new Set(again.map(({ stageId }) => stageId))],
          repeatedMs,
          fetchFailures: failures.find(({ kind }) => kind === 'fetch-failure')?.count ?? 0,
        },
        gain: {
          // At least what was computed twice; at most all from the loss to the end of the last repetition. Where no
          // stage was, the attempts that went with the executor, as long as they lasted on average.
          ...estimated(repeatedMs, again.length === 0 ? longestLostMs : Math.max(repeatedMs, lastRepeat - firstLoss)),
          // An executor that dies may be the next run's end, whatever it cost in this one.
          isFailure: lost.length > 0,
        },
        fix: fixOfFailure(isKilled ? 'container-killed' : 'executor-lost', properties),
      },
    ];
  },
});

function isLost({ removed, removeReason }: ExecutorLife, lastWork: number): boolean {
  // What goes when all work is done is no loss.
  return removed !== undefined && removed < lastWork && removeReason !== undefined && !isLetGo(removeReason);
}

function spanOf(end: number): (stage: StageDetail) => { readonly from: number; readonly to: number } {
  return ({ submitted, completed }) => ({ from: submitted ?? 0, to: completed ?? end });
}
