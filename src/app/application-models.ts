import { fitModel, type ModelDocument } from '../regression/run-time-model.ts';
import type { LawPrior } from '../regression/scaling-law.ts';
import { taughtBy } from '../regression/transfer.ts';
import { countSettings, type HistoryModel, type Target } from '../setter/history-model.ts';
import type { HistoryRun } from '../setter/history-run.ts';
import { learnApplication, readApplication, readProfiles, type ApplicationHistory } from '../setter/kept-models.ts';
import { similarModels } from '../setter/similar-models.ts';
import { executorGrid } from '../setter/step.ts';
import type { Store } from '../store/store.ts';
import { findRun, RunNotFoundError } from './find-run.ts';
import { simulateRun } from './simulate-run.ts';

/** With so many different settings an application teaches more than others, or a simulation, could about it. */
const SETTINGS_TO_STAND_ALONE = 20;
/** With fewer there is no model to have a prior. */
const SETTINGS_FOR_A_MODEL = 3;
const SIMULATED_REACH = 4;

/**
 * Fits and keeps everything of one application.
 *
 * @param signal - between two fits its reason is thrown, and nothing is kept
 * @returns its history and its models; `undefined` when none of its stored runs teaches anything
 */
export async function learnAndKeep(
  store: Store,
  tag: string,
  now: Date,
  signal?: AbortSignal,
): Promise<{ readonly history: ApplicationHistory; readonly models: ReadonlyMap<Target, HistoryModel> } | undefined> {
  const history = await readApplication(store, { tag, isWaitedFor: false });
  if (history.runs.length === 0) return undefined;
  const prior = await priorFor(store, history);
  return { history, models: await learnApplication(store, history, { now, prior, signal }) };
}

/** What similar applications, and a replay of the newest run, teach about an application of few runs. */
export async function priorFor(
  store: Store,
  { tag, runs }: Pick<ApplicationHistory, 'tag' | 'runs'>,
  { withSimulation = true }: { readonly withSimulation?: boolean } = {},
): Promise<LawPrior | undefined> {
  const settings = countSettings(runs);
  const [newest] = runs;
  if (newest === undefined || settings < SETTINGS_FOR_A_MODEL || settings >= SETTINGS_TO_STAND_ALONE) return undefined;
  const simulated = withSimulation ? await simulatedModel(store, newest) : undefined;
  const further = simulated === undefined ? [] : [taughtBy(simulated) ?? []].flat();
  return similarModels(await readProfiles(store), tag, runs, further)?.prior;
}

/** The replay of a run on other numbers of executors, as if those had been runs. */
async function simulatedModel(store: Store, run: HistoryRun): Promise<ModelDocument | undefined> {
  const most = run.configuration.executors * SIMULATED_REACH;
  try {
    const key = await findRun(store, run.run, run.cluster);
    if ((await store.readDetail(key)) === undefined) return undefined;
    const executors = executorGrid(1, most, [run.configuration.executors]);
    const { points, refusal } = await simulateRun(store, key, { executors, set: {} });
    if (refusal !== undefined || points.length < 3) return undefined;
    return fitModel(
      points.map((point) => ({ features: { executors: point.executors }, target: point.durationMs })),
      { features: ['executors'] },
    ).document;
  } catch (error) {
    if (error instanceof RunNotFoundError) return undefined;
    throw error;
  }
}

/** The tags of stored runs, newest first, each once. */
export async function tagsOf(store: Store, cluster: string | undefined, limit?: number): Promise<readonly string[]> {
  const tags = new Set<string>();
  for await (const aggregate of store.findAggregates({ cluster }, { limit })) tags.add(aggregate.app_specific_data.tag);
  return [...tags];
}
