import type { Remedy } from '../../simulation/remedies.ts';

/**
 * Stages with fewer tasks than slots are cut so that each slot has one, the work stays: the most that more partitions
 * could save, for not everything can be cut.
 */
export function cutForAllSlots(id: string, stageIds: ReadonlySet<number>, slots: number): Remedy {
  return {
    id,
    phase: 'cut',
    certainty: 'upper',
    apply: (scenario) => ({
      ...scenario,
      model: {
        ...scenario.model,
        // Executors that never got a task would get one now.
        executors: scenario.model.executors.map((executor) => ({ ...executor, used: executor.cores > 0 })),
        stages: scenario.model.stages.map((stage) => {
          const parts = Math.floor(slots / Math.max(1, stage.runTimes.length));
          if (!stageIds.has(stage.stageId) || parts < 2) return stage;
          const cut = [...stage.runTimes.keys()].flatMap((task) => new Array<number>(parts).fill(task));
          return {
            ...stage,
            runTimes: Float64Array.from(cut, (task) => (stage.runTimes[task] ?? 0) / parts),
            cold: Uint8Array.from(cut, (task) => stage.cold[task] ?? 0),
          };
        }),
      },
    }),
  };
}
