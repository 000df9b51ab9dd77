import { DYNAMIC } from '../computed/allocation.ts';
import { isShell } from '../computed/shell.ts';
import { defineHeuristic, estimated, NO_GAIN, severityOf, type Observation } from '../heuristic.ts';

/**
 * Finds a first stage that waited for the first executor to come, and an application that came to its first stage late.
 *
 * The wait is counted from the stage's submission, not from the application's start: before that there was nothing to run.
 * What comes before is told apart, and never more than low: to start takes its time, and a short run is no better for it.
 */
export const coldStart = defineHeuristic({
  id: 'cold-start',
  title: 'Executors were there when the first stage needed them',
  failureTitle: 'The first stage started late, or waited for executors',
  inputs: ['run', 'stages', 'executors', 'properties'],
  thresholds: {
    waitMs: { low: 5000, moderate: 15_000, severe: 30_000, critical: 120_000, unit: 'ms' },
    startUpMs: { value: 30_000, unit: 'ms' },
    startUpShare: { value: 0.3, unit: 'ratio' },
  },
  evaluate({ run, stages, executors, properties }, { waitMs, startUpMs, startUpShare }) {
    const workers = executors.filter(({ id }) => id !== 'driver');
    const submitted = Math.min(...stages.map((stage) => stage.submitted ?? Infinity));
    const added = Math.min(...workers.map((executor) => executor.added));
    if (run.isLocal || !Number.isFinite(submitted) || !Number.isFinite(added)) return [];
    const wait = added - submitted;
    const isDynamic = properties[DYNAMIC] === 'true';
    const found: Observation[] = [
      {
        severity: severityOf(wait, waitMs),
        subject: 'run',
        facts: { waitMs: wait, firstStageMs: submitted, firstExecutorMs: added, dynamicAllocation: isDynamic },
        gain: estimated(wait, wait),
        fix: isDynamic
          ? {
              text: 'Ask for the first executors at the start instead of when tasks queue. Where the queue had no room, nothing but room helps.',
              set: { 'spark.dynamicAllocation.initialExecutors': '2', 'spark.dynamicAllocation.minExecutors': '1' },
            }
          : {
              text: 'The cluster took this long to give the first executor: a full queue, machines being started, or a large image. Keep a warm pool, or run several steps in one application.',
            },
      },
    ];
    if (!isShell(properties) && submitted >= Math.max(startUpMs.value, startUpShare.value * run.durationMs)) {
      found.push({
        severity: 'low',
        subject: 'start-up',
        facts: {
          firstStageMs: submitted,
          firstExecutorMs: added,
          startUpShare: submitted / Math.max(1, run.durationMs),
        },
        // How much of it could go is not known.
        gain: NO_GAIN,
        fix: {
          text: 'Before the first stage the driver resolves packages, ships jars, lists input and runs the program’s own preparation: keep jars where the nodes are (spark.yarn.archive, the image), and run several steps in one application.',
        },
      });
    }
    return found;
  },
});
