import { defineHeuristic, NO_GAIN, type Observation } from '../heuristic.ts';
import type { Severity } from '../severity.ts';

/**
 * Tells what the run's own record cannot be trusted for: an end that is missing, events that were dropped, clocks that
 * disagree. All other findings are to be read with it.
 */
export const runQuality = defineHeuristic({
  id: 'run-quality',
  title: 'The record of the run is whole',
  failureTitle: 'The record of the run is not whole',
  inputs: ['run', 'flags'],
  alsoUses: ['quality', 'stages'],
  thresholds: { lostShare: { low: 0, moderate: 0.02, severe: 0.1, critical: 0.5, unit: 'ratio' } },
  evaluate({ run, flags, quality, stages = [] }, { lostShare }) {
    const found: Observation[] = [];
    const add = (severity: Severity, subject: string, facts: Observation['facts'], text: string): void => {
      found.push({ severity, subject, facts, gain: NO_GAIN, fix: { text } });
    };
    if (!run.hasEnd || flags.includes('incomplete')) {
      add(
        'severe',
        'application end',
        { lastEventMs: run.durationMs },
        'The record ends without an end of the application: the driver was killed or lost its log, or it still runs. Look into the driver’s own log for what came last; times here reach to the last event.',
      );
    }
    // A failed or cancelled stage leaves tasks without an end, and nothing was dropped.
    const whole = stages.filter(({ failureReason }) => failureReason === undefined);
    const tasks = whole.reduce((sum, { launchedTasks }) => sum + launchedTasks, 0);
    const ended = whole.reduce((sum, stage) => sum + stage.succeededTasks + stage.failedTasks + stage.killedTasks, 0);
    // A server tells no events, but a stage that is complete without all its tasks. Of a repeated one an attempt may be.
    const repeated = new Set(stages.filter(({ attemptId }) => attemptId > 0).map(({ stageId }) => stageId));
    const missing = whole
      .filter(({ stageId, completed }) => completed !== undefined && !repeated.has(stageId))
      .reduce((sum, { numTasks, succeededTasks }) => sum + Math.max(0, numTasks - succeededTasks), 0);
    const lost = quality === undefined ? missing : Math.min(quality.lostTaskEnds, Math.max(0, tasks - ended));
    if (lost > 0) {
      const share = lost / Math.max(1, quality === undefined ? tasks + lost : tasks);
      add(
        share >= lostShare.severe ? 'severe' : share >= lostShare.moderate ? 'moderate' : 'low',
        'events',
        { lostTaskEnds: lost, launchedTasks: quality === undefined ? tasks + lost : tasks },
        'Spark dropped events because a listener was too slow: sums and counts are too low. Raise the queue, and look for slow listeners.',
      );
      const last = found.at(-1);
      if (last !== undefined)
        found[found.length - 1] = {
          ...last,
          fix: { ...last.fix, set: { 'spark.scheduler.listenerbus.eventqueue.capacity': '30000' } },
        };
    }
    if (quality !== undefined && quality.skippedLines > 0) {
      add(
        'low',
        'event log',
        { skippedLines: quality.skippedLines, events: quality.events, examples: quality.skippedExamples },
        'Lines of the log were no events and were left out: it may have been cut or damaged on its way.',
      );
    }
    if (flags.includes('clock_skew') || (quality?.negativeTimes ?? 0) > 0) {
      add(
        'low',
        'clocks',
        { negativeTimes: quality?.negativeTimes ?? 0 },
        'Something ended before it began: the clocks of the cluster disagree. Let them be kept by NTP.',
      );
    }
    return found;
  },
});
