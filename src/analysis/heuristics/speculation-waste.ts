import { TASK_KILLED } from '../../documents/run-detail.ts';
import { defineHeuristic, severityOf } from '../heuristic.ts';

/** Finds speculative execution that mostly ran work twice: copies, or originals, that were killed when the other won. */
export const speculationWaste = defineHeuristic({
  id: 'speculation-waste',
  title: 'Speculative copies are worth their time',
  failureTitle: 'Speculative execution ran much work twice',
  inputs: ['tasks', 'properties'],
  thresholds: {
    wastedShare: { low: 0.05, moderate: 0.1, severe: 0.2, critical: 0.4, unit: 'ratio' },
    leastAttempts: { value: 5, unit: 'task attempts' },
    leastWastedMs: { value: 10_000, unit: 'ms' },
  },
  evaluate({ tasks: stages, properties }, { wastedShare, leastAttempts, leastWastedMs }) {
    let [attempts, wastedMs, busyMs, copies, won] = [0, 0, 0, 0, 0];
    for (const { tasks, speculativeTasks } of stages) {
      for (const [i, duration] of tasks.duration.entries())
        busyMs += Math.max(0, duration) * (tasks.index[i] === undefined ? 0 : 1);
      if (speculativeTasks === 0) continue;
      const copied = new Set(tasks.index.filter((_, i) => tasks.speculative[i] === 1));
      for (const [i, index] of tasks.index.entries()) {
        if (!copied.has(index)) continue;
        copies += tasks.speculative[i] ?? 0;
        if (tasks.status[i] !== TASK_KILLED) continue;
        attempts += 1;
        wastedMs += Math.max(0, tasks.duration[i] ?? 0);
        if (tasks.speculative[i] === 0) won += 1;
      }
    }
    if (attempts < leastAttempts.value || wastedMs < leastWastedMs.value) return [];
    return [
      {
        severity: severityOf(wastedMs / Math.max(1, busyMs), wastedShare),
        subject: 'run',
        facts: {
          killedAttempts: attempts,
          copies,
          copiesThatWon: won,
          wastedMs,
          wastedShare: wastedMs / Math.max(1, busyMs),
        },
        gain: { kind: 'cores', coreMs: { low: wastedMs / 2, high: wastedMs } },
        fix: {
          text: `Copy later and less: the tasks that were copied were not slow enough (multiplier now ${properties['spark.speculation.multiplier'] ?? 'the default'}).`,
          set: { 'spark.speculation.multiplier': '3', 'spark.speculation.quantile': '0.9' },
        },
      },
    ];
  },
});
