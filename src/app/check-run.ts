import { compareSeverity, type Severity } from '../analysis/severity.ts';
import type { AnalyzeOptions } from '../analysis/analyze.ts';
import type { Comparison } from '../comparison/compare-runs.ts';
import { documentId, runLabel, type RunKey } from '../documents/run-key.ts';
import { isNotMeasurable } from '../money/measurable.ts';
import type { PriceBook } from '../money/price-book.ts';
import { runCost } from '../money/run-cost.ts';
import { expectationOf, type Expectation } from '../series/baseline.ts';
import { mostLike } from '../series/judge.ts';
import { seriesRunOf, type SeriesRun } from '../series/series-run.ts';
import type { Store } from '../store/store.ts';
import { analyzeRun } from './analyze-run.ts';
import { compareStoredRuns, readRun } from './compare-runs.ts';
import { RunNotFoundError } from './find-run.ts';
import { readSeries, seriesNameOf } from './series-runs.ts';

/** What a run is measured against: the runs of its application that ended before it, or one run. */
export type Reference = { readonly last: number } | { readonly run: RunKey };

export interface CheckLimits {
  /** 0.1: up to 10 % slower than the reference passes. */
  readonly maxSlower?: number | undefined;
  readonly maxCost?: number | undefined;
  /** The worst severity that passes. */
  readonly maxFindings?: Severity | undefined;
}

export interface CheckOptions {
  readonly against: Reference;
  readonly limits: CheckLimits;
  readonly prices: PriceBook;
  readonly analysis?: AnalyzeOptions | undefined;
}

/** `undecided`: what is stored does not tell; the text says why. */
export type CheckStatus = 'passed' | 'failed' | 'undecided';

export interface Check {
  readonly id: 'slower' | 'cost' | 'findings';
  readonly status: CheckStatus;
  readonly measured: number | string | null;
  readonly limit: number | string;
  /** What was found, in a sentence. */
  readonly text: string;
}

export interface CheckReport {
  readonly run: string;
  readonly name: string;
  readonly cluster: string;
  /** `last-20`, or the run. */
  readonly against: string;
  readonly status: CheckStatus;
  readonly checks: readonly Check[];
  /** Of the runs before; absent against a single run. */
  readonly expectation?: Expectation | undefined;
  /** With the run that is most like it, where it was too slow: why. */
  readonly comparison?: Comparison | undefined;
}

/** A smaller share of the change explains nothing. */
const WORTH_A_WORD = 0.05;
/** Fewer runs have no middle worth the name; `last-3` asks for fewer itself. */
const LEAST_RUNS = 5;

/**
 * Holds a run against limits: those that are given, each by itself.
 *
 * @throws RunNotFoundError `RUN_NOT_FOUND`
 */
export async function checkRun(store: Store, key: RunKey, options: CheckOptions): Promise<CheckReport> {
  const { aggregate } = await readRun(store, key);
  const { against, limits, prices } = options;
  const timing = limits.maxSlower === undefined ? undefined : await checkTime(store, key, against, limits.maxSlower);
  const checks: Check[] = [];
  if (timing !== undefined) checks.push(timing.check);
  if (limits.maxCost !== undefined) checks.push(checkCost(runCost(aggregate, prices), limits.maxCost));
  if (limits.maxFindings !== undefined)
    checks.push(await checkFindings(store, key, limits.maxFindings, options.analysis));
  const statuses = new Set(checks.map(({ status }) => status));
  return {
    run: runLabel(key),
    name: aggregate.name,
    cluster: key.cluster,
    against: 'last' in against ? `last-${against.last}` : runLabel(against.run),
    status: statuses.has('failed') ? 'failed' : statuses.has('undecided') ? 'undecided' : 'passed',
    checks,
    expectation: timing?.expectation,
    comparison: timing?.comparison,
  };
}

interface Timing {
  readonly check: Check;
  readonly expectation?: Expectation | undefined;
  readonly comparison?: Comparison | undefined;
}

async function checkTime(store: Store, key: RunKey, against: Reference, limit: number): Promise<Timing> {
  const { aggregate } = await readRun(store, key);
  const run = seriesRunOf({ ...aggregate, isFinalAttempt: true });
  const undecided = (text: string): Timing => ({
    check: { id: 'slower', status: 'undecided', measured: null, limit, text },
  });
  if (run === undefined) return undecided('The run has no end, so its time is not known');
  if ('run' in against) return await againstRun(store, run, against.run, limit, undecided);

  const endedBefore = new Date(run.endedAt);
  const series = await readSeries(store, seriesNameOf(aggregate), { limit: against.last + 1, endedBefore });
  const history = series.filter((other) => documentId(other.key) !== documentId(key)).slice(-against.last);
  const least = Math.min(LEAST_RUNS, against.last);
  const expectation = expectationOf(history, run.inputBytes, { least, most: against.last });
  if (expectation === undefined)
    return undecided(
      `${history.length} completed ${history.length === 1 ? 'run' : 'runs'} of ${aggregate.app_specific_data.tag} ended before it, and ${least} are needed`,
    );
  const { expectedMs, spreadRatio, isBeyondKnownSizes } = expectation;
  const ratio = run.durationMs / expectedMs - 1;
  const noise =
    spreadRatio - 1 > limit ? `; half of those runs are themselves further than that from their middle` : '';
  if (isBeyondKnownSizes && ratio > limit && run.durationMs <= expectation.highMs)
    return {
      ...undecided('It read more or less than any run before, and how its time goes with that is not known'),
      expectation,
    };
  const status = ratio > limit ? 'failed' : 'passed';
  const like = status === 'failed' ? mostLike(run, history) : undefined;
  return {
    check: {
      id: 'slower',
      status,
      measured: ratio,
      limit,
      text: `${percent(ratio)} ${ratio > 0 ? 'slower' : 'faster'} than ${history.length} runs before it lead one to expect of its input${noise}`,
    },
    expectation,
    comparison: like === undefined ? undefined : await compareStoredRuns(store, like.key, key),
  };
}

async function againstRun(
  store: Store,
  run: SeriesRun,
  reference: RunKey,
  limit: number,
  undecided: (text: string) => Timing,
): Promise<Timing> {
  const comparison = await compareStoredRuns(store, reference, run.key);
  if (!comparison.before.completed || comparison.ratio === null)
    return undecided(`${runLabel(reference)} has no end, so its time is not known`);
  const ratio = comparison.ratio - 1;
  const data = comparison.causes.find(({ id }) => id === 'data');
  const share = data === undefined ? 0 : data.changeMs / comparison.changeMs;
  const explained = share < WORTH_A_WORD ? '' : `; more data explains ${Math.round(100 * share)} % of that`;
  return {
    check: {
      id: 'slower',
      status: ratio > limit ? 'failed' : 'passed',
      measured: ratio,
      limit,
      text: `${percent(ratio)} ${ratio > 0 ? 'slower' : 'faster'} than ${runLabel(reference)}${ratio > limit ? explained : ''}`,
    },
    comparison,
  };
}

function checkCost(cost: ReturnType<typeof runCost>, limit: number): Check {
  if (isNotMeasurable(cost))
    return {
      id: 'cost',
      status: 'undecided',
      measured: null,
      limit,
      text: `Its cost is not measurable, because ${cost.because}`,
    };
  const { total, currency, isExample } = cost;
  return {
    id: 'cost',
    status: total > limit ? 'failed' : 'passed',
    measured: total,
    limit,
    text: `It cost ${total.toPrecision(3)} ${currency}${isExample ? ', at prices that are an example' : ''}`,
  };
}

async function checkFindings(
  store: Store,
  key: RunKey,
  limit: Severity,
  options: AnalyzeOptions | undefined,
): Promise<Check> {
  try {
    const { findings } = await analyzeRun(store, key, options);
    const worse = findings.filter(({ severity }) => compareSeverity(severity, limit) > 0);
    const worst = findings
      .map(({ severity }) => severity)
      .reduce<Severity>((a, b) => (compareSeverity(a, b) >= 0 ? a : b), 'none');
    return {
      id: 'findings',
      status: worse.length > 0 ? 'failed' : 'passed',
      measured: worst,
      limit,
      text:
        worse.length > 0
          ? worse.map(({ severity, id, subject }) => `${severity}: ${id} (${subject})`).join('; ')
          : `${findings.length} ${findings.length === 1 ? 'finding' : 'findings'}, none worse than ${limit}`,
    };
  } catch (error) {
    if (!(error instanceof RunNotFoundError)) throw error;
    return { id: 'findings', status: 'undecided', measured: null, limit, text: error.message };
  }
}

function percent(ratio: number): string {
  return `${(Math.abs(ratio) * 100).toFixed(1)} %`;
}
