import type { StageDetail } from '../../documents/run-detail.ts';
import { stageSpanMs } from './stage-text.ts';

/** Time of a stage's tasks that the JVM neither computed, nor collected garbage, nor waited for shuffle blocks: disk, network, Python, a slow host. */
export function offCpuMs({ sums }: StageDetail): number {
  const cpuMs = (sums['executorCpuTime'] ?? 0) / 1e6;
  const known = cpuMs + (sums['jvmGcTime'] ?? 0) + (sums['shuffleFetchWaitTime'] ?? 0);
  return Math.max(0, (sums['executorRunTime'] ?? 0) - known);
}

/** Task time as wall-clock of its stage: spread over the slots that it could use, and never more than it lasted. */
export function asWallClock(taskMs: number, stage: StageDetail, slots: number): number {
  return Math.min(taskMs / Math.max(1, Math.min(slots, stage.numTasks)), stageSpanMs(stage));
}
