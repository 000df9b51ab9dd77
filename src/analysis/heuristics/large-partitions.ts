import { sizingOf } from '../computed/stage-sizing.ts';
import { stagesSubject } from '../computed/stage-text.ts';
import { defineHeuristic, NO_GAIN, NotMeasurableHere, severityOf } from '../heuristic.ts';
import type { MeasuredStage } from '../inputs.ts';
import { milder } from '../severity.ts';

/**
 * Finds stages whose typical task reads so much that it is one step from spilling or running out of memory.
 *
 * That alone costs nothing yet: above low it speaks only where such a stage spilled.
 */
export const largePartitions = defineHeuristic({
  id: 'large-partitions',
  title: 'No task reads more than it can hold',
  failureTitle: 'Tasks read very large partitions',
  inputs: ['run', 'properties', 'spread'],
  alsoUses: ['tasks', 'sql', 'jobs'],
  thresholds: {
    // 128 MiB is what Spark's own defaults aim at; from 5 GiB on SparkForensics and DataFlint call it critical.
    medianBytes: {
      low: 1024 ** 3,
      moderate: 2 * 1024 ** 3,
      severe: 5 * 1024 ** 3,
      critical: 20 * 1024 ** 3,
      unit: 'bytes',
    },
  },
  evaluate({ run, properties, spread, tasks, sql, jobs }, { medianBytes }) {
    if (tasks === undefined)
      throw new NotMeasurableHere('what each task reads is told by the event log only (spot collect)');
    const bytesOf = ({ quantiles }: MeasuredStage): number => quantiles.inputBytes[3] + quantiles.shuffleReadBytes[3];
    const found = spread
      .filter((stage) => severityOf(bytesOf(stage), medianBytes) !== 'none')
      .sort((a, b) => bytesOf(b) - bytesOf(a));
    const [worst] = found;
    if (worst === undefined) return [];
    const spilled = found.reduce((sum, { sums }) => sum + (sums['memoryBytesSpilled'] ?? 0), 0);
    const severity = severityOf(bytesOf(worst), medianBytes);
    return [
      {
        severity: spilled > 0 ? milder(severity, 'severe') : milder(severity, 'low'),
        subject: stagesSubject(found),
        facts: {
          stages: [...new Set(found.map(({ stageId }) => stageId))],
          medianTaskBytes: bytesOf(worst),
          tasks: worst.numTasks,
          memoryBytesSpilled: spilled,
          sizedBy: sizingOf(worst, { run, properties, sql, jobs }),
        },
        gain: NO_GAIN,
        fix: {
          text: 'Aim at 128 MB a task: more shuffle partitions, smaller spark.sql.files.maxPartitionBytes, or a larger number where the code says one.',
        },
      },
    ];
  },
});
