import type { ExecutorLife } from '../../documents/run-detail.ts';
import type { ListedStage, RunSpan } from '../inputs.ts';

/**
 * Whether each task of a stage is among the first on its slot: the JVM is young, code is compiled, classes are loaded.
 *
 * Such a task may run ten times longer than its siblings and be no straggler: the first `cores` tasks of an executor
 * over the whole run, and the first one on each slot in a stage that runs another kind of code for the first time, also
 * on executors that got no task of it before its first wave had ended.
 */
export function coldTasks(
  stages: readonly ListedStage[],
  run: RunSpan,
  executors: readonly ExecutorLife[] = [],
): ReadonlyMap<ListedStage, readonly boolean[]> {
  const result = new Map<ListedStage, readonly boolean[]>();
  for (const stage of stages) {
    const { launch, duration } = stage.tasks;
    const order = [...launch.keys()].sort((a, b) => (launch[a] ?? 0) - (launch[b] ?? 0));
    // A task of the first wave starts before any of the stage has ended.
    const firstEnd = launch.reduce((time, at, i) => Math.min(time, at + Math.max(0, duration[i] ?? 0)), Infinity);
    const firstWave = new Set(order.slice(0, run.slots).filter((i) => (launch[i] ?? 0) <= firstEnd));
    const seen = new Map<number, number>();
    for (const i of order) {
      const on = stage.tasks.executor[i] ?? -1;
      const before = seen.get(on) ?? 0;
      seen.set(on, before + 1);
      if (before < (executors[on]?.cores ?? 0)) firstWave.add(i);
    }
    result.set(
      stage,
      launch.map((_, i) => firstWave.has(i)),
    );
  }
  return result;
}

/** By stage, the tasks among the first of their executor over the whole run, one for each of its cores. */
export function youngTasks(
  stages: readonly ListedStage[],
  executors: readonly ExecutorLife[],
): ReadonlyMap<ListedStage, ReadonlySet<number>> {
  const all = stages.flatMap((stage) =>
    stage.tasks.launch.map((launch, i) => ({ stage, i, launch, executor: stage.tasks.executor[i] ?? -1 })),
  );
  const young = new Map<ListedStage, Set<number>>(stages.map((stage) => [stage, new Set()]));
  const seen = new Map<number, number>();
  for (const { stage, i, executor } of all.sort((a, b) => a.launch - b.launch)) {
    const before = seen.get(executor) ?? 0;
    if (before >= (executors[executor]?.cores ?? 0)) continue;
    seen.set(executor, before + 1);
    young.get(stage)?.add(i);
  }
  return young;
}
