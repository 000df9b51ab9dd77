import type { RunModel, StageNode } from './run-model.ts';
import { mean, median, sum } from './statistics.ts';

/** A run as it is replayed for savings: at its own size, with some of its troubles taken away. */
export interface Scenario {
  readonly model: RunModel;
  /** Executors arrive late and their first tasks are slow, as measured. */
  readonly coldStart: boolean;
  /** Share of the driver's gap before a job that stays, by job id; 1 where nothing is said. */
  readonly driverGaps: ReadonlyMap<number, number>;
}

/** Takes one trouble away. */
export interface Remedy {
  /** Of the finding it belongs to. */
  readonly id: string;
  /** `tasks` changes task times, `cut` the number of tasks, `run` what is around them; they are applied in this order. */
  readonly phase: 'tasks' | 'cut' | 'run';
  /** `upper` where only the most that could be saved is known: the saving's range then starts at 0, or at `applyCertain`. */
  readonly certainty: 'measured' | 'upper';
  readonly apply: (scenario: Scenario) => Scenario;
  /** Of an `upper` remedy, the part that is measured: the saving's range starts at what this saves. */
  readonly applyCertain?: ((scenario: Scenario) => Scenario) | undefined;
}

type StageFilter = (stage: StageNode) => boolean;

/** From so many times the median on, a task of a skewed stage counts as skewed. */
const SKEWED = 2;

/**
 * Where a task is longer than the slots' even share of the stage, all tasks above twice the median are split into parts
 * as long as their siblings; the work stays.
 *
 * Splitting only what is above the even share, and only down to it, leaves long pieces that the end of the stage waits
 * for: against a real rerun with the skew removed it said too little (docs/simulation.md).
 *
 * @param where - `everywhere` splits in stages whose long task fits the even share too: launched late, it still holds
 *   the stage's end
 */
export function withoutSkew(
  id: string,
  ofStage: StageFilter,
  where: 'above-even-share' | 'everywhere' = 'above-even-share',
): Remedy {
  return cutting(id, ofStage, ({ runTimes, cold }, model) => {
    const even = sum(runTimes) / Math.max(1, Math.min(runTimes.length, model.slots));
    const typical = median([...runTimes]) ?? 0;
    const limit = where === 'everywhere' || runTimes.some((time) => time > even) ? SKEWED * typical : Infinity;
    const sibling = mean([...runTimes].filter((time) => time <= limit));
    const times: number[] = [];
    const colds: number[] = [];
    for (const [i, time] of runTimes.entries()) {
      // Not finer than a tenth of the even share: beyond that nothing is won, and overheads are paid.
      const parts = time > limit ? Math.ceil(time / Math.max(sibling, even / 10, 1)) : 1;
      for (let part = 0; part < parts; part++) {
        times.push(time / parts);
        colds.push(part === 0 ? (cold[i] ?? 0) : 0);
      }
    }
    return { times, cold: colds };
  });
}

/**
 * Neighbouring tasks are taken together until each lasts at least so long, so that fewer overheads are paid; never so
 * many that slots would stay empty.
 */
export function withoutTinyTasks(id: string, ofStage: StageFilter, leastMs = 100): Remedy {
  return cutting(id, ofStage, (stage, model) => {
    const enough = Math.min(leastMs, sum(stage.runTimes) / model.slots);
    const times: number[] = [];
    const cold: number[] = [];
    for (const [i, time] of stage.runTimes.entries()) {
      const last = times.length - 1;
      if (last >= 0 && (times[last] ?? 0) < enough) times[last] = (times[last] ?? 0) + time;
      else {
        times.push(time);
        cold.push(stage.cold[i] ?? 0);
      }
    }
    return { times, cold };
  });
}

/** Garbage collection is taken off each task. */
export function withoutGarbageCollection(id: string, ofStage: StageFilter): Remedy {
  return timing(id, ofStage, 'measured', (stage) =>
    stage.runTimes.map((time, i) => time - (stage.measured.gcTimes[i] ?? 0)),
  );
}

/**
 * Tasks that spilled run no slower, byte for byte, than the stage's tasks that did not.
 *
 * The most that could be saved: the rest of the difference may have another cause. Where every task spilled there is
 * nothing to compare with, and nothing is saved.
 */
export function withoutSpill(id: string, ofStage: StageFilter): Remedy {
  return timing(id, ofStage, 'upper', ({ runTimes, measured: { spilledBytes, readBytes } }) => {
    const rates: number[] = [];
    for (const [i, time] of runTimes.entries()) {
      const bytes = readBytes[i] ?? 0;
      if (spilledBytes[i] === 0 && bytes > 0) rates.push(time / bytes);
    }
    const rate = median(rates);
    return runTimes.map((time, i) =>
      (spilledBytes[i] ?? 0) > 0 && rate !== undefined ? Math.min(time, rate * (readBytes[i] ?? 0)) : time,
    );
  });
}

/** Tasks on slow executors run as fast as elsewhere. */
export function withoutSlowHost(id: string, slowness: (executor: number) => number): Remedy {
  return timing(
    id,
    () => true,
    'measured',
    (stage) => stage.runTimes.map((time, i) => time / Math.max(1, slowness(stage.measured.executors[i] ?? -1))),
  );
}

/** Failed task attempts take no time. */
export function withoutFailedTasks(id: string, ofStage: StageFilter = () => true): Remedy {
  return {
    id,
    phase: 'tasks',
    certainty: 'measured',
    apply: changeStages(ofStage, (stage) => {
      const kept = [...stage.runTimes.keys()].filter((i) => stage.measured.failed[i] !== 1);
      const pick = <T extends Float64Array | Int32Array | Uint8Array>(column: T): T =>
        column.filter((_, i) => stage.measured.failed[i] !== 1) as T;
      if (kept.length === stage.runTimes.length) return stage;
      const { measured } = stage;
      return {
        ...stage,
        runTimes: pick(stage.runTimes),
        cold: pick(stage.cold),
        measured: {
          fromQuantiles: measured.fromQuantiles,
          runTimes: pick(measured.runTimes),
          overheads: pick(measured.overheads),
          cpuTimes: pick(measured.cpuTimes),
          launches: pick(measured.launches),
          ends: pick(measured.ends),
          executors: pick(measured.executors),
          gcTimes: pick(measured.gcTimes),
          spilledBytes: pick(measured.spilledBytes),
          readBytes: pick(measured.readBytes),
          failed: pick(measured.failed),
        },
      };
    }),
  };
}

/** Executors are there from the start, and warm. */
export function withoutColdStart(id: string): Remedy {
  return { id, phase: 'run', certainty: 'measured', apply: (scenario) => ({ ...scenario, coldStart: false }) };
}

/**
 * The driver takes no time before these jobs: the most that could be saved.
 *
 * @param shareLeft - of each gap that stays all the same, by job id; none where nothing is said
 */
export function withoutDriverGaps(
  id: string,
  jobIds: readonly number[],
  shareLeft: ReadonlyMap<number, number> = new Map(),
): Remedy {
  return {
    id,
    phase: 'run',
    certainty: 'upper',
    apply: (scenario) => ({
      ...scenario,
      driverGaps: new Map([
        ...scenario.driverGaps,
        ...jobIds.map((jobId) => [jobId, shareLeft.get(jobId) ?? 0] as const),
      ]),
    }),
  };
}

/** Any other change of task times: the function gives the new run times of a stage. */
export function timing(
  id: string,
  ofStage: StageFilter,
  certainty: Remedy['certainty'],
  change: (stage: StageNode) => Float64Array,
): Remedy {
  return {
    id,
    phase: 'tasks',
    certainty,
    apply: changeStages(ofStage, (stage) => ({ ...stage, runTimes: change(stage) })),
  };
}

function cutting(
  id: string,
  ofStage: StageFilter,
  cut: (stage: StageNode, model: RunModel) => { readonly times: readonly number[]; readonly cold: readonly number[] },
): Remedy {
  return {
    id,
    phase: 'cut',
    certainty: 'measured',
    apply: changeStages(ofStage, (stage, model) => {
      const { times, cold } = cut(stage, model);
      return { ...stage, runTimes: Float64Array.from(times), cold: Uint8Array.from(cold) };
    }),
  };
}

function changeStages(ofStage: StageFilter, change: (stage: StageNode, model: RunModel) => StageNode): Remedy['apply'] {
  return (scenario) => {
    const { model } = scenario;
    return {
      ...scenario,
      model: { ...model, stages: model.stages.map((stage) => (ofStage(stage) ? change(stage, model) : stage)) },
    };
  };
}
