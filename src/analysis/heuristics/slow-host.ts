import { TASK_SUCCEEDED } from '../../documents/run-detail.ts';
import { withoutSlowHost } from '../../simulation/remedies.ts';
import { median } from '../../simulation/statistics.ts';
import { coldTasks, youngTasks } from '../computed/cold-tasks.ts';
import { defineHeuristic, severityOf } from '../heuristic.ts';
import type { ListedStage } from '../inputs.ts';

interface Pace {
  tasks: number;
  runTimeMs: number;
  expectedMs: number;
}

/**
 * Finds an executor, or all executors of a host, on which the same stages' tasks run slower than elsewhere.
 *
 * Each task is compared with the median of its own stage, so that a host that got the long stages is not called slow;
 * the first task of a stage on each slot with the other first ones, for all of them are longer; and, where tasks read
 * data, byte for byte. The first tasks of an executor, when its JVM is young, are left out.
 */
export const slowHost = defineHeuristic({
  id: 'slow-host',
  title: 'All hosts run tasks at the same pace',
  failureTitle: 'A host runs its tasks slower than the others',
  inputs: ['run', 'tasks', 'executors'],
  thresholds: {
    // Dr. Elephant's steps of an executor's imbalance begin at 1.33 and 1.78; noise of a busy host reaches the first.
    slowness: { low: 1.78, moderate: 2.2, severe: 3.16, critical: 10, unit: 'ratio' },
    leastTasks: { value: 15, unit: 'tasks' },
    leastLostMs: { value: 1000, unit: 'ms' },
  },
  evaluate({ run, tasks: stages, executors }, { slowness, leastTasks, leastLostMs }) {
    const paces = new Map<number, Pace>();
    const cold = coldTasks(stages, run, executors);
    const young = youngTasks(stages, executors);
    for (const stage of stages) {
      const isFirst = cold.get(stage) ?? [];
      const grown = grownTasks(stage, young.get(stage) ?? new Set());
      addPaces(
        paces,
        stage,
        grown.filter((i) => isFirst[i] === true),
      );
      addPaces(
        paces,
        stage,
        grown.filter((i) => isFirst[i] !== true),
      );
    }
    const ratios = new Map(
      [...paces].map(([executor, { runTimeMs, expectedMs }]) => [executor, runTimeMs / expectedMs]),
    );
    const typical = median([...ratios.values()]) ?? 1;
    const slow = [...paces].filter(([executor, { tasks, runTimeMs, expectedMs }]) => {
      const ratio = (ratios.get(executor) ?? 1) / typical;
      return (
        tasks >= leastTasks.value &&
        runTimeMs - expectedMs >= leastLostMs.value &&
        severityOf(ratio, slowness) !== 'none'
      );
    });
    if (ratios.size < 3 || slow.length === 0 || slow.length > ratios.size / 2) return [];
    const slownessOf = (executor: number): number =>
      slow.some(([index]) => index === executor) ? (ratios.get(executor) ?? 1) / typical : 1;
    const [worst] = slow.toSorted(([a], [b]) => slownessOf(b) - slownessOf(a));
    const life = executors[worst?.[0] ?? -1];
    return [
      {
        severity: severityOf(slownessOf(worst?.[0] ?? -1), slowness),
        subject: `executor ${life?.id ?? '?'}`,
        facts: {
          host: life?.host ?? '?',
          slownessRatio: slownessOf(worst?.[0] ?? -1),
          tasks: worst?.[1].tasks ?? 0,
          slowExecutors: slow.map(([index]) => executors[index]?.id ?? '?'),
          lostMs: slow.reduce((sum, [, { runTimeMs, expectedMs }]) => sum + runTimeMs - expectedMs, 0),
        },
        gain: {
          kind: 'time',
          claimMs: {
            low: 0,
            high: slow.reduce((sum, [, { runTimeMs, expectedMs }]) => sum + runTimeMs - expectedMs, 0) / run.slots,
          },
          remedy: (id) => withoutSlowHost(id, slownessOf),
        },
        fix: {
          text: 'Look at the host (disk, neighbours, throttling) and take it out. Where the output is safe to write twice, speculation starts copies of its slow tasks elsewhere.',
          set: { 'spark.speculation': 'true' },
        },
      },
    ];
  },
});

/** Successful tasks of a stage on executors that had run some before. */
function grownTasks({ tasks: { status } }: ListedStage, young: ReadonlySet<number>): number[] {
  return [...status.keys()].filter((i) => status[i] === TASK_SUCCEEDED && !young.has(i));
}

/** Fewer tasks than this have no pace to compare with. */
const LEAST_PEERS = 4;

/** Adds to each executor what its tasks took, and what they would have taken at the pace of all these. */
function addPaces(paces: Map<number, Pace>, { tasks }: ListedStage, peers: readonly number[]): void {
  const { executor, executorRunTime, inputBytes, shuffleReadBytes } = tasks;
  const bytesOf = (i: number): number => (inputBytes[i] ?? 0) + (shuffleReadBytes[i] ?? 0);
  const typical = median(peers.map((i) => executorRunTime[i] ?? 0)) ?? 0;
  const typicalBytes = median(peers.map(bytesOf)) ?? 0;
  if (peers.length < LEAST_PEERS || typical === 0) return;
  for (const i of peers) {
    const pace = paces.get(executor[i] ?? -1) ?? { tasks: 0, runTimeMs: 0, expectedMs: 0 };
    pace.tasks += 1;
    pace.runTimeMs += executorRunTime[i] ?? 0;
    pace.expectedMs += typical * Math.max(1, typicalBytes === 0 ? 1 : bytesOf(i) / typicalBytes);
    paces.set(executor[i] ?? -1, pace);
  }
}
