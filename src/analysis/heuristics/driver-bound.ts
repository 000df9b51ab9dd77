import { withoutDriverGaps, type Remedy } from '../../simulation/remedies.ts';
import { driverGaps } from '../computed/driver-gaps.ts';
import { lengthOf } from '../computed/intervals.ts';
import { isShell } from '../computed/shell.ts';
import { defineHeuristic, NotMeasurableHere, severityOf } from '../heuristic.ts';

/**
 * Finds time between jobs, and after the last one, in which only the driver worked and the executors waited.
 *
 * The first second of a gap is planning and scheduling and is left out. So is what comes before the first job: starting
 * the context is not the program's doing, and no property shortens it.
 */
export const driverBound = defineHeuristic({
  id: 'driver-bound',
  title: 'Executors do not wait for the driver',
  failureTitle: 'The driver works alone while executors wait',
  inputs: ['run', 'jobs', 'properties'],
  thresholds: {
    gapShare: { low: 0.05, moderate: 0.1, severe: 0.25, critical: 0.5, unit: 'ratio' },
    leastGapMs: { value: 1000, unit: 'ms' },
  },
  evaluate({ run, jobs, properties }, { gapShare, leastGapMs }) {
    if (run.isStreaming || jobs.length === 0) return [];
    if (isShell(properties))
      throw new NotMeasurableHere('it was an interactive shell, whose driver waits for a person');
    const { gaps, startUpMs } = driverGaps(jobs, run);
    const long = gaps.filter(({ from, to }) => to - from >= leastGapMs.value);
    const beyond = long.map(({ from, to, beforeJob }) => ({ from: from + leastGapMs.value, to, beforeJob }));
    const [total, tail] = [lengthOf(beyond), lengthOf(beyond.filter(({ beforeJob }) => beforeJob === undefined))];
    const longest = long.reduce((a, b) => (b.to - b.from > a.to - a.from ? b : a), {
      from: 0,
      to: 0,
      beforeJob: undefined,
    });
    const before = longest.beforeJob === undefined ? 'after the last job' : `before job ${longest.beforeJob}`;
    const left = new Map(
      long.flatMap(({ from, to, beforeJob }) =>
        beforeJob === undefined ? [] : [[beforeJob, leastGapMs.value / (to - from)] as const],
      ),
    );
    return [
      {
        severity: severityOf(total / Math.max(1, run.durationMs), gapShare),
        subject: 'driver',
        facts: {
          aloneMs: total,
          gaps: long.length,
          longestGapMs: longest.to - longest.from,
          longestGap: before,
          afterLastJobMs: tail,
          beforeFirstJobMs: startUpMs,
        },
        gain: {
          kind: 'time',
          claimMs: { low: 0, high: total },
          remedy: (id) => withoutWaits(id, left, tail),
        },
        fix: {
          text: `Look at what the program does ${before}: collect() and work on the driver, listing or renaming files, calls to other systems. Do it on the executors, or start independent jobs from threads meanwhile.`,
        },
      },
    ];
  },
});

/** Neither the gaps before these jobs, but for the share that stays, nor what comes after the last one. */
function withoutWaits(id: string, left: ReadonlyMap<number, number>, tailMs: number): Remedy {
  const gaps = withoutDriverGaps(id, [...left.keys()], left);
  return {
    ...gaps,
    apply: (scenario) => {
      const { model, ...rest } = gaps.apply(scenario);
      return { ...rest, model: { ...model, tailMs: Math.max(0, model.tailMs - tailMs) } };
    },
  };
}
