import { asWallClock } from '../computed/off-cpu.ts';
import { stagesSubject } from '../computed/stage-text.ts';
import { shorterTasks } from '../computed/shorter-tasks.ts';
import { defineHeuristic, severityOf } from '../heuristic.ts';
import type { StageDetail } from '../../documents/run-detail.ts';

/** Finds stages whose tasks wait for shuffle blocks: the network, or the disks they come from, hold them. */
export const shuffleHeavy = defineHeuristic({
  id: 'shuffle-heavy',
  title: 'Tasks hardly wait for shuffle blocks',
  failureTitle: 'Tasks wait for shuffle blocks',
  inputs: ['run', 'stages', 'properties'],
  thresholds: {
    fetchWaitShare: { low: 0.2, moderate: 0.3, severe: 0.5, critical: 0.7, unit: 'ratio of run time' },
    leastBytes: { value: 50 * 1024 ** 2, unit: 'bytes' },
  },
  evaluate({ run, stages, properties }, { fetchWaitShare, leastBytes }) {
    const waitOf = ({ sums }: StageDetail): number => sums['shuffleFetchWaitTime'] ?? 0;
    const bytesOf = ({ sums }: StageDetail): number =>
      sums['shuffleReadBytes'] ?? (sums['shuffleRemoteBytesRead'] ?? 0) + (sums['shuffleLocalBytesRead'] ?? 0);
    const found = stages
      .filter(
        (stage) =>
          bytesOf(stage) >= leastBytes.value &&
          waitOf(stage) / Math.max(1, stage.sums['executorRunTime'] ?? 0) >= fetchWaitShare.low,
      )
      .sort((a, b) => waitOf(b) - waitOf(a));
    const [worst] = found;
    if (worst === undefined) return [];
    const codec = properties['spark.io.compression.codec'] ?? 'lz4';
    const share = waitOf(worst) / Math.max(1, worst.sums['executorRunTime'] ?? 0);
    return [
      {
        severity: severityOf(share, fetchWaitShare),
        subject: stagesSubject(found),
        facts: {
          stages: found.map(({ stageId }) => stageId),
          fetchWaitShare: share,
          fetchWaitMs: found.reduce((sum, stage) => sum + waitOf(stage), 0),
          shuffleBytes: found.reduce((sum, stage) => sum + bytesOf(stage), 0),
          codec,
        },
        gain: {
          kind: 'time',
          claimMs: {
            low: 0,
            high: found.reduce((sum, stage) => sum + asWallClock(waitOf(stage), stage, run.slots), 0),
          },
          remedy: (id) =>
            shorterTasks(
              id,
              new Map(
                found.map((stage) => [stage.stageId, waitOf(stage) / Math.max(1, stage.sums['executorRunTime'] ?? 0)]),
              ),
            ),
        },
        fix: {
          text: 'Move less: filter, project and aggregate before the shuffle, broadcast small sides. If executors were lost, cure that first. Denser compression trades processor time for bytes.',
          ...(codec === 'lz4' ? { set: { 'spark.io.compression.codec': 'zstd' } } : {}),
        },
      },
    ];
  },
});
