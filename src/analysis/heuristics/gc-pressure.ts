import { withoutGarbageCollection } from '../../simulation/remedies.ts';
import { shorterTasks } from '../computed/shorter-tasks.ts';
import { stagesSubject } from '../computed/stage-text.ts';
import { defineHeuristic, NotMeasurableHere, severityOf } from '../heuristic.ts';

/**
 * Finds stages whose tasks spent much of their time waiting for the garbage collector.
 *
 * Only stages with some seconds of run time count: the collections of a starting JVM are none of the program's.
 */
export const gcPressure = defineHeuristic({
  id: 'gc-pressure',
  title: 'Garbage collection takes little of the tasks’ time',
  failureTitle: 'Tasks wait for garbage collection',
  inputs: ['run', 'stages'],
  alsoUses: ['tasks'],
  thresholds: {
    // Dr. Elephant's 8 % low is what starting JVMs show; Databricks and SparkForensics begin at 10 %.
    gcShare: { low: 0.1, moderate: 0.15, severe: 0.2, critical: 0.3, unit: 'ratio' },
    leastRunTimeMs: { value: 10_000, unit: 'ms' },
  },
  evaluate({ run, stages, tasks }, { gcShare, leastRunTimeMs }) {
    if (run.isLocal)
      throw new NotMeasurableHere(
        'in local mode driver and tasks share one JVM, so its collections are not the tasks’ own',
      );
    const shareOf = ({ sums }: (typeof stages)[number]): number =>
      (sums['jvmGcTime'] ?? 0) / Math.max(1, sums['executorRunTime'] ?? 0);
    const found = stages
      .filter((stage) => shareOf(stage) >= gcShare.low)
      .sort((a, b) => (b.sums['jvmGcTime'] ?? 0) - (a.sums['jvmGcTime'] ?? 0));
    const runTimeMs = found.reduce((sum, { sums }) => sum + (sums['executorRunTime'] ?? 0), 0);
    const gcMs = found.reduce((sum, { sums }) => sum + (sums['jvmGcTime'] ?? 0), 0);
    if (runTimeMs < leastRunTimeMs.value) return [];
    const ids = new Set(found.map(({ stageId }) => stageId));
    return [
      {
        severity: severityOf(gcMs / runTimeMs, gcShare),
        subject: stagesSubject(found),
        facts: { stages: [...ids], gcShareOfRunTime: gcMs / runTimeMs, gcMs, runTimeMs },
        gain: {
          kind: 'time',
          claimMs: { low: 0, high: gcMs / run.slots },
          remedy: (id) =>
            tasks === undefined
              ? shorterTasks(id, new Map(found.map((stage) => [stage.stageId, shareOf(stage)])))
              : withoutGarbageCollection(id, ({ stageId }) => ids.has(stageId)),
        },
        fix: {
          text: 'Let a task hold less or give it more: more partitions first, then fewer cores per executor, then more spark.executor.memory. Cached objects: store them serialised (MEMORY_AND_DISK_SER) or not at all.',
        },
      },
    ];
  },
});
