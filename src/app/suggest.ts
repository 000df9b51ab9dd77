import { SuggestionError } from '../setter/fragments/emittable.ts';
import type { Prices } from '../setter/config.ts';
import { historyRunOf, type HistoryRun } from '../setter/history-run.ts';
import { modelOf, readProfiles, type ApplicationHistory } from '../setter/kept-models.ts';
import { withLeanMemory } from '../setter/lean-memory.ts';
import type { Question } from '../setter/question.ts';
import { executorGrid, type Step } from '../setter/step.ts';
import { hasEnoughSettings, modelStep } from '../setter/steps/model-step.ts';
import { carriedOverStep } from '../setter/steps/carried-over-step.ts';
import { rulesStep } from '../setter/steps/rules-step.ts';
import { similarStep } from '../setter/steps/similar-step.ts';
import { simulationStep } from '../setter/steps/simulation-step.ts';
import { similarModels } from '../setter/similar-models.ts';
import { suggestionOf, type Suggestion } from '../setter/suggestion.ts';
import type { RunFilter, Store } from '../store/store.ts';
import { priorFor } from './application-models.ts';
import { findRun, RunNotFoundError } from './find-run.ts';
import { findApplication, requireApplication } from './run-history.ts';
import { simulateRun } from './simulate-run.ts';

export interface SuggestOptions {
  /** The application, by tag or by name; or a run of it. */
  readonly filter: RunFilter;
  readonly like?: string | undefined;
  /** A word that the tag or name of similar applications has to hold. */
  readonly jobType?: string | undefined;
  /** As the newest run when absent. */
  readonly inputBytes?: number | undefined;
  readonly question: Omit<Question, 'inputBytes'>;
  readonly prices: Prices;
  /** Of how many new runs a stored model need not know; 1: of none. */
  readonly minNewRuns?: number;
}

/** How far beyond its own size a run is replayed. */
const SIMULATION_REACH = 4;
/** Where no profiles are kept, the newest so many runs stand for the other applications. */
const MOST_OTHER_RUNS = 200;

/**
 * What to set for the next run: by the model of the application, by similar applications, by a replay of one of its runs,
 * by rules from size alone; the first of these that has enough to go by.
 *
 * @throws SuggestionError `SUGGESTION_NO_SIZE` when neither an application nor a size is given, `SUGGESTION_NO_HISTORY`
 */
export async function suggest(store: Store, options: SuggestOptions): Promise<Suggestion> {
  const history = await ownHistory(store, options);
  const own = history?.runs ?? [];
  const inputBytes = options.inputBytes ?? own[0]?.inputBytes;
  if (inputBytes === undefined)
    throw new SuggestionError(
      'SUGGESTION_NO_SIZE',
      'Neither an application nor an input size is given: add --tag, --app, --like or --input-size',
    );
  const question: Question = { ...options.question, inputBytes };
  const step =
    (await modelled(store, history, options, question)) ??
    (await similar(store, own, options, question)) ??
    (await simulated(store, own, options.like, question)) ??
    rulesStep(question);
  return suggestionOf(withLeanMemory(step, own, question), question, options.prices, history?.validity);
}

async function ownHistory(
  store: Store,
  { filter, like, inputBytes }: SuggestOptions,
): Promise<ApplicationHistory | undefined> {
  if (like !== undefined) {
    const aggregate = await store.readAggregate(await findRun(store, like, filter.cluster));
    return requireApplication(store, { tag: aggregate?.app_specific_data.tag, cluster: aggregate?.spot.cluster });
  }
  if (filter.tag === undefined && filter.app === undefined) return undefined;
  // A new application is no error when its size is told: there are rules for it.
  return inputBytes === undefined ? requireApplication(store, filter) : findApplication(store, filter);
}

async function modelled(
  store: Store,
  history: ApplicationHistory | undefined,
  { minNewRuns = 1 }: SuggestOptions,
  question: Question,
): Promise<Step | undefined> {
  if (history === undefined || !hasEnoughSettings(history.runs)) return undefined;
  // While a person waits, similar applications are asked, and no simulation is made.
  const prior = () => priorFor(store, history, { withSimulation: false });
  const model = await modelOf(store, history, { minNewRuns, prior });
  return model && modelStep(history.runs, question, model);
}

async function simulated(
  store: Store,
  own: readonly HistoryRun[],
  like: string | undefined,
  question: Question,
): Promise<Step | undefined> {
  const run = own.find((each) => each.run === like) ?? own[0];
  if (run === undefined) return undefined;
  const key = await findRun(store, run.run, run.cluster);
  const most = Math.min(run.configuration.executors * SIMULATION_REACH, question.limits.maxExecutors);
  const executors = executorGrid(1, most, [run.configuration.executors]);
  try {
    const simulation = await simulateRun(store, key, { executors, set: {} });
    return simulationStep(run, (await store.readDetail(key)) ?? { stages: [] }, simulation, question);
  } catch (error) {
    // Neither tasks nor stages are stored: the next step has to do.
    if (error instanceof RunNotFoundError) return undefined;
    throw error;
  }
}

/** By what similar applications teach about the few runs there are, else by what they took themselves. */
async function similar(
  store: Store,
  own: readonly HistoryRun[],
  { filter, jobType }: SuggestOptions,
  question: Question,
): Promise<Step | undefined> {
  const names = new Set([filter.tag, ...own.map(({ application }) => application)]);
  const wanted = jobType?.toLowerCase();
  const isAsked = ({ application, name, cluster }: HistoryRun): boolean =>
    !names.has(application) &&
    (filter.cluster === undefined || cluster === filter.cluster) &&
    (wanted === undefined || `${application} ${name}`.toLowerCase().includes(wanted));
  const profiles = (await readProfiles(store)).filter(({ runs }) => runs.some(isAsked));
  const [first] = own;
  const carried =
    first === undefined ? undefined : carriedOverStep(own, similarModels(profiles, first.application, own), question);
  if (carried !== undefined) return carried;
  const runs =
    profiles.length > 0 ? profiles.flatMap((profile) => profile.runs) : await newestRuns(store, filter.cluster);
  return similarStep(own, runs.filter(isAsked), question);
}

async function newestRuns(store: Store, cluster: string | undefined): Promise<readonly HistoryRun[]> {
  const runs: HistoryRun[] = [];
  for await (const aggregate of store.findAggregates({ cluster }, { limit: MOST_OTHER_RUNS }))
    runs.push(...[historyRunOf(aggregate) ?? []].flat());
  return runs;
}
