import type { RunDetail } from '../documents/run-detail.ts';
import { allocationPolicy } from './allocation-policy.ts';
import { prepareRun } from './prepare.ts';
import type { RunModel, StageNode } from './run-model.ts';
import { NO_EFFECTS, SHARED_HOST_EFFECTS, type SizeEffects, type Slots } from './size-effects.ts';
import { mean } from './statistics.ts';

/** A run of the store, of whatever application, that the effects of size are learnt from. */
export interface StoredRun {
  /** The same for runs of the same application. */
  readonly application: string;
  readonly detail: RunDetail;
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

/** What the store knows about other sizes, apart for executors that share a host and those that do not. */
export interface Knowledge {
  readonly sharedHost: SizeEffects;
  readonly separateHosts: SizeEffects;
  /** Applications seen at two sizes or more, of each kind: what the effects rest on. */
  readonly applications: { readonly sharedHost: number; readonly separateHosts: number };
}

/** Without a store. */
export const BUILT_IN_KNOWLEDGE: Knowledge = {
  sharedHost: SHARED_HOST_EFFECTS,
  separateHosts: NO_EFFECTS,
  applications: { sharedHost: 0, separateHosts: 0 },
};

/** The built-in effects weigh as much as a run or two one unit of √slots away from the others of its application. */
const PRIOR_WEIGHT = 2;

interface Observed {
  readonly application: string;
  readonly model: RunModel;
  readonly slots: Slots;
  readonly stages: ReadonlyMap<string, StageNode>;
}

/**
 * Learns from stored runs how start-up and task costs change with size: for each application seen at several sizes the
 * slope within it, all pooled, drawn towards the built-in effects while the store is small.
 *
 * @param prior - what to draw towards; `null` for nothing (then a single application decides)
 */
export function learnFromStore(runs: readonly StoredRun[], prior: Knowledge | null = BUILT_IN_KNOWLEDGE): Knowledge {
  const observed = runs.map(({ application, detail, properties = {} }): Observed => {
    const model = prepareRun(detail, { properties });
    return { application, model, slots: slotsOfSource(model, properties), stages: stagesByPlace(model) };
  });
  const shared = observed.filter(({ model }) => model.sharesHost);
  const separate = observed.filter(({ model }) => !model.sharesHost);
  return {
    sharedHost: learnSizeEffects(shared, prior?.sharedHost),
    separateHosts: learnSizeEffects(separate, prior?.separateHosts),
    applications: { sharedHost: severalSizes(shared), separateHosts: severalSizes(separate) },
  };
}

/** The slots the source started with and the most it had; with dynamic allocation they differ. */
export function slotsOfSource(model: RunModel, properties: Readonly<Record<string, string>>): Slots {
  return slotsOfSize(model, model.executorCount, model.coresPerExecutor, properties);
}

export function slotsOfSize(
  model: RunModel,
  executors: number,
  coresPerExecutor: number,
  properties: Readonly<Record<string, string>>,
): Slots {
  const perExecutor = Math.max(1, Math.floor(coresPerExecutor / model.taskCpus));
  const initial = allocationPolicy(properties, executors)?.initialExecutors ?? executors;
  return { initial: Math.max(1, initial) * perExecutor, most: executors * perExecutor };
}

function learnSizeEffects(runs: readonly Observed[], prior: SizeEffects | undefined): SizeEffects {
  const initial = ({ slots }: Observed): number => Math.sqrt(slots.initial);
  const most = ({ slots }: Observed): number => Math.sqrt(slots.most);
  return {
    firstJobMs: slope(runs, initial, ({ model }) => model.firstJobMs, prior?.firstJobMs),
    coldTaskMs: slope(
      runs,
      initial,
      ({ model }) => model.costs.coldOverheadMs + model.costs.coldRunTimeMs,
      prior?.coldTaskMs,
    ),
    warmOverheadMs: slope(runs, most, ({ model }) => model.costs.warmOverheadMs, prior?.warmOverheadMs),
    firstWaveOverheadMs: slope(runs, most, ({ model }) => model.costs.firstWaveOverheadMs, prior?.firstWaveOverheadMs),
    contentionMs: contention(runs, prior?.contentionMs),
  };
}

/** Least squares of y on x within each application: levels differ between applications, the slope is shared. */
function slope(
  runs: readonly Observed[],
  x: (run: Observed) => number,
  y: (run: Observed) => number,
  prior: number | undefined,
): number {
  let xy = PRIOR_WEIGHT * (prior ?? 0);
  let xx = prior === undefined ? 0 : PRIOR_WEIGHT;
  for (const own of byApplication(runs).values()) {
    const meanX = mean(own.map(x));
    const meanY = mean(own.map(y));
    for (const run of own) {
      xy += (x(run) - meanX) * (y(run) - meanY);
      xx += (x(run) - meanX) ** 2;
    }
  }
  return xx === 0 ? 0 : xy / xx;
}

/** How much longer the same warm tasks run on more slots: over pairs of runs of an application, through the origin. */
function contention(runs: readonly Observed[], prior: number | undefined): number {
  // A pair counts like the two runs around their mean, so that the prior weighs as in {@link slope}.
  let xy = PRIOR_WEIGHT * (prior ?? 0);
  let xx = prior === undefined ? 0 : PRIOR_WEIGHT;
  for (const own of byApplication(runs).values()) {
    for (const small of own) {
      for (const large of own) {
        const step = Math.sqrt(large.slots.most) - Math.sqrt(small.slots.most);
        const longer = step > 0 ? longerBy(small, large) : undefined;
        if (longer === undefined) continue;
        xy += (step * longer) / own.length;
        xx += step ** 2 / own.length;
      }
    }
  }
  return xx === 0 ? 0 : xy / xx;
}

/** Mean over the stages that two runs share of how much longer tasks that are warm in both ran in the second. */
function longerBy(small: Observed, large: Observed): number | undefined {
  const differences: number[] = [];
  for (const [place, stage] of small.stages) {
    const other = large.stages.get(place);
    if (other?.runTimes.length !== stage.runTimes.length) continue;
    let total = 0;
    let tasks = 0;
    for (const [i, runTime] of stage.runTimes.entries()) {
      if (stage.cold[i] === 1 || other.cold[i] === 1) continue;
      total += (other.runTimes[i] ?? runTime) - runTime;
      tasks += 1;
    }
    if (tasks > 0) differences.push(total / tasks);
  }
  return differences.length === 0 ? undefined : mean(differences);
}

/** Ids of sibling stages differ from run to run: a stage is the k-th of its job with this name and number of tasks. */
function stagesByPlace(model: RunModel): Map<string, StageNode> {
  const places = new Map<string, StageNode>();
  const seen = new Map<string, number>();
  for (const stage of model.stages) {
    const kind = `${stage.job}|${stage.runTimes.length}|${stage.name}`;
    const nth = seen.get(kind) ?? 0;
    seen.set(kind, nth + 1);
    places.set(`${kind}|${nth}`, stage);
  }
  return places;
}

function byApplication(runs: readonly Observed[]): Map<string, Observed[]> {
  return Map.groupBy(runs, ({ application }) => application);
}

function severalSizes(runs: readonly Observed[]): number {
  return [...byApplication(runs).values()].filter((own) => new Set(own.map(({ slots }) => slots.most)).size > 1).length;
}
