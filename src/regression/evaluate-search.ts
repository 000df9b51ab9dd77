import type { CsvRecord } from '../util/csv.ts';
import { ModelError } from '../util/errors.ts';
import { candidateSpace, type Candidate, type Objective, type Outcome, type PastWorkload } from './search/candidate.ts';
import { searchPrior, type SearchPrior } from './search/hypotheses.ts';
import { logRate, nextCandidate } from './search/next-candidate.ts';

export interface EvaluateSearchOptions {
  /** One row per workload and cluster: `workload`, `app`, `config_id`, `elapsed_s`, what the cluster is, `completed` = 0 where the run failed. */
  readonly rows: readonly CsvRecord[];
  /** Workloads with their seeds; each seed has an `order` of candidates. */
  readonly search: unknown;
  readonly objective: Objective;
  /** Rows of other workloads to learn from; those of the same `app` are left out. */
  readonly history?: readonly CsvRecord[];
  /** `random` runs the candidates in the order of the seed, for comparison. */
  readonly method?: 'model' | 'random';
  /**
   * Who chooses the first runs where there is no history: the order of the `seed`, as in the protocol of the public tables,
   * or the `model`, as it does for a workload of one's own. With history it is always the model.
   */
  readonly start?: 'seed' | 'model';
  readonly onProgress?: (done: number, total: number) => void;
}

/** Best value found / optimum, after so many runs. */
export type RegretByRuns = Readonly<Record<string, number>>;

export interface SearchEvaluation {
  /** Mean over workloads. */
  readonly overall: RegretByRuns;
  /** Mean over seeds. */
  readonly byWorkload: Readonly<Record<string, RegretByRuns>>;
}

const BUDGETS = [4, 6, 8, 10];
/** Without history the first runs are those of the seed, unless the model is to choose them by what it knows of all workloads. */
const RUNS_OF_SEED = 3;

/**
 * Searches the best cluster for each workload, one run at a time, and says how good the best found is.
 *
 * Every cluster of the workload's rows is a candidate, also those on which the run failed: trying one costs a run and finds nothing.
 *
 * @throws ModelError `EVALUATE_COLUMN` for a missing column, `EVALUATE_SEARCH` for a search file of another shape or a workload without rows
 */
export function evaluateSearch(options: EvaluateSearchOptions): SearchEvaluation {
  const { objective, method = 'model', start: chooser = 'seed', onProgress } = options;
  const workloads = readSearch(options.search);
  const rows = groupByWorkload(options.rows);
  const past = [...groupByWorkload(options.history ?? []).values()].map(({ application, outcomes }) => ({
    application,
    outcomes,
  }));
  const byWorkload = workloads.map(({ workload, orders }, at): [string, RegretByRuns] => {
    const mine = rows.get(workload);
    if (mine === undefined) throw new ModelError('EVALUATE_SEARCH', `The table has no rows of workload ${workload}`);
    const history = past.filter(({ application }) => application !== mine.application);
    const prior = searchPrior(candidateSpace(mine.candidates), history);
    const regrets = distinctStarts(orders, method, history.length > 0 || chooser === 'model').map(
      ({ start, times }) => ({
        regret: regretOf(mine, prior, start, objective),
        times,
      }),
    );
    const seeds = regrets.reduce((sum, { times }) => sum + times, 0);
    onProgress?.(at + 1, workloads.length);
    return [
      workload,
      Object.fromEntries(
        BUDGETS.map((runs) => [
          String(runs),
          regrets.reduce((sum, { regret, times }) => sum + (times * (regret[runs - 1] ?? NaN)) / seeds, 0),
        ]),
      ),
    ];
  });
  return {
    overall: Object.fromEntries(
      BUDGETS.map((runs) => [
        String(runs),
        byWorkload.reduce((sum, [, regret]) => sum + (regret[String(runs)] ?? NaN) / byWorkload.length, 0),
      ]),
    ),
    byWorkload: Object.fromEntries(byWorkload),
  };
}

interface WorkloadRows extends PastWorkload {
  readonly candidates: readonly Candidate[];
}

/** The candidates fixed beforehand, per different start, and how many seeds share it. */
function distinctStarts(
  orders: readonly (readonly string[])[],
  method: 'model' | 'random',
  choosesAlone: boolean,
): { start: readonly string[]; times: number }[] {
  if (method === 'random') return orders.map((order) => ({ start: order, times: 1 }));
  // Nothing depends on the seed then.
  if (choosesAlone) return [{ start: [], times: orders.length }];
  return orders.map((order) => ({ start: order.slice(0, RUNS_OF_SEED), times: 1 }));
}

/** Best found / optimum after 1, 2, … runs. */
function regretOf(
  workload: WorkloadRows,
  prior: SearchPrior,
  start: readonly string[],
  objective: Objective,
): number[] {
  const rate = new Map(workload.candidates.map((candidate) => [candidate.id, logRate(candidate, objective)]));
  const valueOf = ({ candidateId, seconds }: Outcome): number => Math.log(seconds) + (rate.get(candidateId) ?? NaN);
  const completed = workload.outcomes.filter((outcome) => outcome.completed).map(valueOf);
  const optimum = completed.reduce((a, b) => Math.min(a, b), Infinity);
  // Until something completes, the worst of what could have been found.
  let best = completed.reduce((a, b) => Math.max(a, b), -Infinity);

  const ran: Outcome[] = [];
  const regret: number[] = [];
  const runs = Math.max(...BUDGETS);
  while (regret.length < runs) {
    const id = start[ran.length] ?? nextCandidate(prior, ran, objective)?.candidate.id;
    const outcome = workload.outcomes.find(({ candidateId }) => candidateId === id);
    if (outcome !== undefined) {
      ran.push(outcome);
      if (outcome.completed) best = Math.min(best, valueOf(outcome));
    }
    regret.push(Math.exp(best - optimum));
  }
  return regret;
}

/** Columns that say what ran or how it went; of the others, those that are no size of the cluster are traits of it. */
const NOT_TRAITS = new Set([
  'workload',
  'app',
  'framework',
  'data_scale',
  'config_id',
  'vm_type',
  'completed',
  'input_bytes',
  'elapsed_s',
  'elapsed_min_s',
  'elapsed_max_s',
  'cost_usd',
  'runs',
]);
const SIZES = {
  nodes: ['nodes'],
  cores: ['vcpu_per_node', 'vcpu'],
  memory: ['mem_GB_per_node', 'mem_GB'],
  price: ['price_usd_per_node_hour'],
};

function groupByWorkload(rows: readonly CsvRecord[]): Map<string, WorkloadRows> {
  const columns = Object.keys(rows[0] ?? {});
  const absent =
    rows.length === 0
      ? undefined
      : ['workload', 'app', 'config_id', 'elapsed_s'].find((name) => !columns.includes(name));
  if (absent !== undefined)
    throw new ModelError('EVALUATE_COLUMN', `The table has no column ${absent}; it has ${columns.join(', ')}`);
  const sizes = new Set(Object.values(SIZES).flat());
  // A metric of a run (m_…, max_…) is known only after it: no trait to choose by.
  const traits = columns.filter((name) => !NOT_TRAITS.has(name) && !sizes.has(name) && !/^(m|max)_/.test(name));

  return new Map(
    Map.groupBy(rows, (row) => row['workload'] ?? '')
      .entries()
      .map(([workload, mine]) => [
        workload,
        {
          application: mine[0]?.['app'] ?? '',
          candidates: mine.map((row) => readCandidate(row, traits)),
          outcomes: mine.map((row) => ({
            candidateId: row['config_id'] ?? '',
            completed: row['completed'] !== '0',
            seconds: Number(row['elapsed_s']),
          })),
        },
      ]),
  );
}

function readCandidate(row: CsvRecord, traits: readonly string[]): Candidate {
  const number = (names: readonly string[]): number | undefined => {
    const text = names.map((name) => row[name]).find((value) => value !== undefined && value !== '');
    return text === undefined ? undefined : Number(text);
  };
  const price = number(SIZES.price);
  return {
    id: row['config_id'] ?? '',
    nodes: number(SIZES.nodes) ?? 1,
    coresPerNode: number(SIZES.cores) ?? 1,
    memoryGbPerNode: number(SIZES.memory) ?? 1,
    ...(price === undefined ? {} : { pricePerNodeHour: price }),
    traits: Object.fromEntries(
      traits.map((name) => [
        name,
        Number.isFinite(Number(row[name])) && row[name] !== '' ? Number(row[name]) : row[name],
      ]),
    ),
  };
}

function readSearch(given: unknown): { workload: string; orders: string[][] }[] {
  const list: unknown = typeof given === 'object' && given !== null && 'workloads' in given ? given.workloads : given;
  if (!Array.isArray(list)) throw new ModelError('EVALUATE_SEARCH', 'The search file must have an array "workloads"');
  return list.map((each: unknown, at) => {
    if (
      typeof each !== 'object' ||
      each === null ||
      !('workload' in each) ||
      !('seeds' in each) ||
      !Array.isArray(each.seeds)
    ) {
      throw new ModelError('EVALUATE_SEARCH', `Workload ${at} of the search file needs "workload" and "seeds"`);
    }
    const orders = each.seeds.map((seed: unknown) => {
      if (typeof seed === 'object' && seed !== null && 'order' in seed && Array.isArray(seed.order))
        return seed.order.map(String);
      throw new ModelError('EVALUATE_SEARCH', `A seed of workload ${String(each.workload)} has no "order"`);
    });
    return { workload: String(each.workload), orders };
  });
}
