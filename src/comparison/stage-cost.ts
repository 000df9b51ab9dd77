import { TASK_SUCCEEDED, type StageDetail } from '../documents/run-detail.ts';

/**
 * What a stage's tasks spent their time on, in milliseconds; the parts add up to the whole.
 *
 * `lost` is the time of attempts that failed or were killed, `rest` whatever neither computed, collected garbage nor
 * waited for a shuffle: disks, locks, other programs, starting the task.
 */
export interface TaskTime {
  readonly cpu: number;
  readonly gc: number;
  readonly shuffleWait: number;
  readonly rest: number;
  readonly lost: number;
}

export const SPENT_ON = ['cpu', 'gc', 'shuffleWait', 'rest'] as const;

const NS_PER_MS = 1e6;

/** The parts of a stage's task time. @param withSlotTime - by its tasks, which know what failed and what starting cost; else by its sums */
export function taskTimeOf(stage: StageDetail, withSlotTime: boolean): TaskTime {
  const { sums, tasks } = stage;
  if (!withSlotTime || tasks === undefined) return splitTime(sums, sums['executorRunTime'] ?? 0, 0);
  let [slotMs, lost, cpu, gc] = [0, 0, 0, 0];
  for (const [i, duration] of tasks.duration.entries()) {
    if (duration < 0) continue;
    slotMs += duration;
    if (tasks.status[i] !== TASK_SUCCEEDED) lost += duration;
    else {
      cpu += tasks.executorCpuTimeMs[i] ?? 0;
      gc += tasks.jvmGcTime[i] ?? 0;
    }
  }
  return splitTime({ ...sums, executorCpuTime: cpu * NS_PER_MS, jvmGcTime: gc }, slotMs - lost, lost);
}

/**
 * Cuts task time by what Spark measured inside it. A CPU clock and a wall clock disagree by little: what does not fit into the
 * time is left out, so that the parts stay parts.
 *
 * @param sums - under the names of Spark's `StageData`
 */
export function splitTime(sums: Readonly<Record<string, number>>, usefulMs: number, lost: number): TaskTime {
  let left = usefulMs;
  const take = (ms: number): number => {
    const taken = Math.min(Math.max(ms, 0), left);
    left -= taken;
    return taken;
  };
  const cpu = take((sums['executorCpuTime'] ?? 0) / NS_PER_MS);
  const gc = take(sums['jvmGcTime'] ?? 0);
  const shuffleWait = take(sums['shuffleFetchWaitTime'] ?? 0);
  return { cpu, gc, shuffleWait, rest: left, lost };
}

export function totalTime({ cpu, gc, shuffleWait, rest, lost }: TaskTime): number {
  return cpu + gc + shuffleWait + rest + lost;
}

/** How much there was to do, in the first measure that is known of both: bytes read, records read. */
export function workOf(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): readonly [number, number] | undefined {
  for (const [input, shuffle] of [
    ['inputBytes', 'shuffleReadBytes'],
    ['inputRecords', 'shuffleReadRecords'],
  ] as const) {
    const read = (sums: Readonly<Record<string, number>>): number => (sums[input] ?? 0) + (sums[shuffle] ?? 0);
    if (read(before) > 0 && read(after) > 0) return [read(before), read(after)];
  }
  return undefined;
}
