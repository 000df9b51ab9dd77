import type { Prices } from './config.ts';
import { pricePerMs } from './cost.ts';
import { upperMs } from './estimate.ts';
import type { Question } from './question.ts';
import type { Candidate } from './step.ts';

/** A candidate with its price; what would be met with the confidence asked for. */
export interface Judged extends Candidate {
  readonly durationMs?: number | undefined;
  readonly cost?: number | undefined;
  /** Not exceeded with that confidence; cost follows from time, so one confidence serves both. */
  readonly upperMs?: number | undefined;
  readonly upperCost?: number | undefined;
}

export interface Choice {
  /** Absent when nothing qualifies. */
  readonly chosen?: Judged | undefined;
  /** null: cannot be told, because nothing says how long it takes. */
  readonly qualifies: boolean | null;
  /** Constraints under which something would qualify, each with the candidate that then does. */
  readonly wouldQualify: readonly WouldQualify[];
}

export interface WouldQualify {
  readonly slaMs?: number;
  readonly budget?: number;
  readonly executors: number;
}

/**
 * The best candidate that meets SLA and budget with the confidence asked for.
 *
 * Both only ever take candidates away, so more budget or a looser SLA never makes the answer worse.
 */
export function choose(candidates: readonly Candidate[], question: Question, prices: Prices): Choice {
  const judged = candidates.map((candidate) => judge(candidate, question, prices));
  const isBound = question.slaMs !== undefined || question.budget !== undefined;
  const known = judged.filter(({ estimate }) => estimate !== undefined);
  if (known.length === 0) {
    const [only] = judged;
    return { chosen: only, qualifies: only === undefined ? false : isBound ? null : true, wouldQualify: [] };
  }
  const good = known.filter((each) => isInTime(each, question) && isInBudget(each, question));
  const [chosen] = good.toSorted((a, b) => goal(a, question) - goal(b, question) || size(a) - size(b));
  return chosen === undefined
    ? { qualifies: false, wouldQualify: wouldQualify(known, question) }
    : { chosen, qualifies: true, wouldQualify: [] };
}

/** What the priority wants small. */
export function goal({ durationMs = Infinity, cost = Infinity }: Judged, { priority }: Question): number {
  switch (priority) {
    case 'performance':
      return durationMs;
    case 'cost':
      return cost;
    case 'balanced':
      return durationMs * cost;
  }
}

export function judge(candidate: Candidate, { confidence, limits }: Question, prices: Prices): Judged {
  const { estimate, configuration } = candidate;
  if (estimate === undefined) return candidate;
  const price = pricePerMs(configuration, limits.platform, prices);
  const upper = upperMs(estimate, confidence);
  return {
    ...candidate,
    durationMs: estimate.durationMs,
    cost: estimate.durationMs * price,
    upperMs: upper,
    upperCost: upper === undefined ? undefined : upper * price,
  };
}

function isInTime({ upperMs: upper = Infinity }: Judged, { slaMs }: Question): boolean {
  return slaMs === undefined || upper <= slaMs;
}

function isInBudget({ upperCost = Infinity }: Judged, { budget }: Question): boolean {
  return budget === undefined || upperCost <= budget;
}

function size({ configuration: { executors, coresPerExecutor, memoryMib, shufflePartitions } }: Judged): number {
  return executors * coresPerExecutor + (executors * memoryMib) / 1e6 + shufflePartitions / 1e9;
}

function wouldQualify(known: readonly Judged[], question: Question): WouldQualify[] {
  const least = (of: readonly Judged[], value: (each: Judged) => number | undefined): Judged | undefined =>
    of
      .filter((each) => value(each) !== undefined)
      .toSorted((a, b) => (value(a) ?? 0) - (value(b) ?? 0) || size(a) - size(b))[0];
  const affordable = least(
    known.filter((each) => isInBudget(each, question)),
    ({ upperMs: upper }) => upper,
  );
  const quick = least(
    known.filter((each) => isInTime(each, question)),
    ({ upperCost }) => upperCost,
  );
  const neither =
    affordable === undefined && quick === undefined ? least(known, ({ upperMs: upper }) => upper) : undefined;
  return [
    ...told(affordable, ({ upperMs: slaMs = 0, configuration }) =>
      question.slaMs === undefined ? undefined : { slaMs, executors: configuration.executors },
    ),
    ...told(quick, ({ upperCost: budget = 0, configuration }) =>
      question.budget === undefined ? undefined : { budget, executors: configuration.executors },
    ),
    ...told(neither, ({ upperMs: slaMs = 0, upperCost: budget = 0, configuration }) => ({
      slaMs,
      budget,
      executors: configuration.executors,
    })),
  ];
}

function told(judged: Judged | undefined, tell: (judged: Judged) => WouldQualify | undefined): WouldQualify[] {
  const would = judged === undefined ? undefined : tell(judged);
  return would === undefined ? [] : [would];
}
