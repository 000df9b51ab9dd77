import { smallestSize } from '../../simulation/savings.ts';
import { driverGaps } from '../computed/driver-gaps.ts';
import { overlapOf } from '../computed/intervals.ts';
import type { StageDetail } from '../../documents/run-detail.ts';
import { defineHeuristic, NotMeasurableHere, severityOf } from '../heuristic.ts';
import { DYNAMIC } from '../computed/allocation.ts';

/**
 * Finds executors that were paid for while jobs ran and had nothing to do.
 *
 * Time in which the driver worked alone is not counted here (see `driver-bound`). What could be given back is found by
 * replaying the run with fewer executors: as many as keep its time within 5 %.
 */
export const idleExecutors = defineHeuristic({
  id: 'idle-executors',
  title: 'Executors have work while jobs run',
  failureTitle: 'Executors had no work: fewer would take as long',
  inputs: ['run', 'properties', 'executors', 'jobs', 'stages', 'model'],
  alsoUses: ['memory'],
  thresholds: {
    spareCoreShare: { low: 0.2, moderate: 0.4, severe: 0.6, critical: 0.85, unit: 'ratio' },
    leastIdleShare: { value: 0.4, unit: 'ratio' },
  },
  evaluate({ run, properties, executors, jobs, stages, model, memory = [] }, { spareCoreShare, leastIdleShare }) {
    const workers = executors.filter(({ id, cores }) => id !== 'driver' && cores > 0);
    const neverUsed = model.executors.filter(({ used, cores }) => !used && cores > 0).length;
    const had = model.executorCount + neverUsed;
    if (run.isLocal || run.isStreaming || had < 2) return [];
    const { active } = driverGaps(jobs, run);
    const allocatedMs = workers.reduce(
      (sum, { cores, added, removed }) =>
        sum + cores * overlapOf({ from: added, to: removed ?? run.durationMs }, active),
      0,
    );
    const busyMs =
      slotTimeOf(stages) ?? memory.reduce((sum, { id, busyMs: busy }) => sum + (id === 'driver' ? 0 : busy), 0);
    if (busyMs === 0) throw new NotMeasurableHere('how long its tasks held their slots is not stored');
    const idleShare = allocatedMs === 0 ? 0 : Math.max(0, 1 - (busyMs * model.taskCpus) / allocatedMs);
    if (idleShare < leastIdleShare.value) return [];

    const enough = smallestSize(model, properties);
    const spareShare = 1 - enough.executors / had;
    const severity = severityOf(spareShare, spareCoreShare);
    const aliveCoreMs = workers.reduce(
      (sum, { cores, added, removed }) => sum + cores * Math.max(0, (removed ?? run.durationMs) - added),
      0,
    );
    const isDynamic = properties[DYNAMIC] === 'true';
    return [
      {
        severity,
        subject: 'run',
        facts: {
          executors: had,
          enoughExecutors: enough.executors,
          coresPerExecutor: model.coresPerExecutor,
          idleShareWhileJobsRan: idleShare,
          neverUsedExecutors: neverUsed,
        },
        gain: { kind: 'cores', coreMs: { low: spareShare * aliveCoreMs * 0.9, high: spareShare * aliveCoreMs } },
        fix: isDynamic
          ? {
              text: `Bound dynamic allocation: ${count(enough.executors, 'executor')} would keep the run within 5 % of its time.`,
              set: { 'spark.dynamicAllocation.maxExecutors': String(enough.executors) },
            }
          : fewerExecutors(properties['spark.master'] ?? '', enough.executors, model.coresPerExecutor),
      },
    ];
  },
});

/** A standalone master ignores spark.executor.instances: there the cores are bounded. */
function fewerExecutors(master: string, executors: number, cores: number) {
  const isStandalone = /^(spark:|local-cluster)/.test(master);
  return {
    text: `${count(executors, 'executor')} with ${count(cores, 'core')} each would keep the run within 5 % of its time; or cut the work into more tasks, so that all have some.`,
    set: isStandalone
      ? { 'spark.cores.max': String(executors * cores) }
      : { 'spark.executor.instances': String(executors) },
  };
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

/** Where all tasks are listed, or at least their quantiles were measured; sums of stages leave out what a slot waits for. */
function slotTimeOf(stages: readonly StageDetail[]): number | undefined {
  if (!stages.some(({ tasks }) => tasks !== undefined)) return undefined;
  return stages.reduce((sum, { tasks, quantiles, succeededTasks }) => {
    const listed = tasks?.duration.reduce((total, duration) => total + Math.max(0, duration), 0);
    return sum + (listed ?? (quantiles?.duration[3] ?? 0) * succeededTasks);
  }, 0);
}
