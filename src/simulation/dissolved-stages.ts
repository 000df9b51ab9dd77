import type { Remedy, Scenario } from './remedies.ts';

/** What of stages goes when a shuffle between them does. */
export interface DissolvedStages {
  /** Ids of the stages that read it: at most all that their tasks did, and the stages themselves. */
  readonly readers: ReadonlySet<number>;
  /** By stage id, the share of its tasks' run time that the shuffle is measured to take at either end: it goes for certain. */
  readonly certainShare: ReadonlyMap<number, number>;
}

/**
 * Two stages become one: nothing is shuffled between them.
 *
 * For certain that saves what reading, sorting and writing the shuffle are measured to take. At most it saves the reading
 * stage as a whole: decoding rows, launching tasks and waiting for the last one are part of it and measured by nobody, but
 * so is what the stage did besides, which is then done by the stages before it.
 */
export function withoutShuffle(id: string, { readers, certainShare }: DissolvedStages): Remedy {
  const certain = (scenario: Scenario): Scenario =>
    changed(scenario, (stage) => {
      const share = Math.min(1, Math.max(0, certainShare.get(stage.stageId) ?? 0));
      return share === 0 ? stage : { ...stage, runTimes: stage.runTimes.map((time) => time * (1 - share)) };
    });
  const atMost = (scenario: Scenario): Scenario =>
    changed(certain(scenario), (stage) =>
      readers.has(stage.stageId)
        ? { ...stage, runTimes: new Float64Array(0), cold: new Uint8Array(0), delayMs: 0 }
        : stage,
    );
  return { id, phase: 'cut', certainty: 'upper', apply: atMost, applyCertain: certain };
}

function changed(
  scenario: Scenario,
  change: (stage: Scenario['model']['stages'][number]) => Scenario['model']['stages'][number],
): Scenario {
  return { ...scenario, model: { ...scenario.model, stages: scenario.model.stages.map(change) } };
}
