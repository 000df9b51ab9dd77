/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import { ModelError } from '../../util/errors.ts';
import { normalCdf } from '../distributions.ts';
import { choleskyInPlace, dot, solveCholesky, solveLower } from '../linear-algebra.ts';
import { similarity, type Candidate, type Objective, type Outcome } from './candidate.ts';
import type { SearchPrior } from './hypotheses.ts';

/** A candidate to run next. */
export interface SearchStep {
  readonly candidate: Candidate;
  /** By which share the best value known is expected to fall, failures counted; before the first success, expected optimum / value. */
  readonly expectedGain: number;
  readonly failureProbability: number;
}

const NOISE_SD = 0.05;
/** Degrees of freedom of the scale of all that: a workload may be stranger than those before it. */
const FREEDOM = 8;
const SCALE_RANGE = [0.3, 3] as const;
/** An outcome of this workload counts this many times an outcome of another; and how far it reaches. */
const FAILURE_WEIGHT = 4;
const FAILURE_LENGTH = 1;

/**
 * The candidate whose run is expected to improve most on the best so far, the hypotheses weighed by how well they fit the outcomes.
 *
 * Expected improvement (Jones, Schonlau and Welch, 1998) of a ratio, under a mixture of Gaussian processes, times the probability not to fail.
 *
 * @returns undefined when every candidate was run
 * @throws ModelError `SEARCH_PRICE` when cost is wanted and a candidate has no price
 */
export function nextCandidate(
  prior: SearchPrior,
  outcomes: readonly Outcome[],
  objective: Objective,
): SearchStep | undefined {
  const { candidates } = prior.space;
  const rate = candidates.map((candidate) => logRate(candidate, objective));
  const indexOf = new Map(candidates.map(({ id }, c) => [id, c]));
  const tried = outcomes.flatMap((outcome) => {
    const c = indexOf.get(outcome.candidateId);
    return c === undefined ? [] : [{ c, outcome }];
  });
  const open = candidates
    .keys()
    .filter((c) => !tried.some((each) => each.c === c))
    .toArray();
  const failure = new Map(open.map((c) => [c, failureAt(prior, tried, c)]));
  const success = (c: number): number => 1 - failure.get(c)!;
  const seen = tried
    .filter(({ outcome }) => outcome.completed)
    .map(({ c, outcome }) => ({ c, y: Math.log(outcome.seconds) }));

  const ranked = (
    seen.length === 0
      ? firstGains(prior, open, rate, success)
      : gains(learn(prior, seen), bestOf(seen, rate), open, rate, success)
  ).sort((a, b) => b.gain - a.gain || a.c - b.c);
  const chosen = seen.length === 0 ? ranked[0] : lookAhead(prior, seen, ranked, open, rate, success);
  if (chosen === undefined) return undefined;
  return { candidate: candidates[chosen.c]!, expectedGain: chosen.gain, failureProbability: failure.get(chosen.c)! };
}

/** A completed run: candidate and log seconds. */
interface Seen {
  readonly c: number;
  readonly y: number;
}

interface Gain {
  readonly c: number;
  readonly gain: number;
}

const bestOf = (seen: readonly Seen[], rate: readonly number[]): number =>
  seen.reduce((least, { c, y }) => Math.min(least, y + rate[c]!), Infinity);

/** Before the first success: how near each candidate is expected to be to the optimum. */
function firstGains(
  { hypotheses }: SearchPrior,
  open: readonly number[],
  rate: readonly number[],
  success: (c: number) => number,
): Gain[] {
  const lows = hypotheses.map(({ shape }) =>
    shape.reduce((low, value, c) => Math.min(low, value + rate[c]!), Infinity),
  );
  return open.map((c) => ({
    c,
    gain:
      success(c) *
      hypotheses.reduce((sum, { shape, weight }, h) => sum + weight * Math.exp(lows[h]! - shape[c]! - rate[c]!), 0),
  }));
}

function gains(
  belief: Belief,
  best: number,
  open: readonly number[],
  rate: readonly number[],
  success: (c: number) => number,
): Gain[] {
  return open.map((c) => ({
    c,
    gain:
      success(c) *
      belief
        .at(c)
        .reduce((sum, { weight, mean, sd }) => sum + weight * relativeImprovement(best - mean - rate[c]!, sd), 0),
  }));
}

/**
 * Of the most promising candidates the one that leaves most to be gained by itself and the run after it together:
 * a run may be worth more for what it tells than for what it finds.
 */
function lookAhead(
  prior: SearchPrior,
  seen: readonly Seen[],
  ranked: readonly Gain[],
  open: readonly number[],
  rate: readonly number[],
  success: (c: number) => number,
): Gain | undefined {
  const best = bestOf(seen, rate);
  const belief = learn(prior, seen);
  let chosen: Gain | undefined;
  let most = -Infinity;
  for (const { c, gain } of ranked.slice(0, CONSIDERED)) {
    const rest = open.filter((other) => other !== c);
    const outcomes = quantiles(belief.at(c));
    const after = outcomes.map((y) => {
      const found = Math.max(0, 1 - Math.exp(y + rate[c]! - best));
      const next = gains(
        learn(prior, [...seen, { c, y }], LEAST_WEIGHT),
        Math.min(best, y + rate[c]!),
        rest,
        rate,
        success,
      ).reduce((max, each) => Math.max(max, each.gain), 0);
      return found + (1 - found) * next;
    });
    const second = ranked.find((each) => each.c !== c)?.gain ?? 0;
    const value = (success(c) * after.reduce((sum, each) => sum + each, 0)) / after.length + (1 - success(c)) * second;
    if (value > most) {
      most = value;
      chosen = { c, gain };
    }
  }
  return chosen;
}

/** Candidates looked ahead from, outcomes imagined for each, and the weight below which a hypothesis is then left out. */
const CONSIDERED = 6;
const IMAGINED = 5;
const LEAST_WEIGHT = 0.004;

/** Log seconds that stand for a mixture: equally probable parts of it. */
function quantiles(mixture: readonly Believed[]): number[] {
  const low = mixture.reduce((least, { mean, sd }) => Math.min(least, mean - 4 * sd), Infinity);
  const high = mixture.reduce((most, { mean, sd }) => Math.max(most, mean + 4 * sd), -Infinity);
  const below = (y: number): number =>
    mixture.reduce((sum, { weight, mean, sd }) => sum + weight * normalCdf((y - mean) / sd), 0);
  return Array.from({ length: IMAGINED }, (_, k) => {
    let [from, to] = [low, high];
    for (let halving = 0; halving < 12; halving += 1) {
      const middle = (from + to) / 2;
      if (below(middle) < (k + 0.5) / IMAGINED) from = middle;
      else to = middle;
    }
    return (from + to) / 2;
  });
}

interface Belief {
  at(c: number): Believed[];
}

interface Believed {
  readonly weight: number;
  /** Log seconds. */
  readonly mean: number;
  readonly sd: number;
}

/** Weighs the hypotheses by the completed runs, and lets each one be bent by them. */
function learn({ covariance, hypotheses, level, space }: SearchPrior, seen: readonly Seen[], leastWeight = 0): Belief {
  const k = seen.length;
  const n = space.candidates.length;
  const factor = new Float64Array(k * k);
  seen.forEach((a, i) => {
    seen.forEach((b, j) => (factor[i * k + j] = covariance[a.c * n + b.c]! + (i === j ? NOISE_SD * NOISE_SD : 0)));
  });
  choleskyInPlace(factor, k);
  const bent = hypotheses.map(({ shape, weight }) => {
    const residual = seen.map(({ c, y }) => y - level - shape[c]!);
    const alpha = solveCholesky(factor, k, residual);
    const misfit = dot(alpha, residual);
    return {
      shape,
      alpha,
      logWeight: Math.log(weight) - ((FREEDOM + k) / 2) * Math.log1p(misfit / FREEDOM),
      scale: Math.min(SCALE_RANGE[1], Math.max(SCALE_RANGE[0], (FREEDOM + misfit) / (FREEDOM + k))),
    };
  });
  const most = bent.reduce((max, { logWeight }) => Math.max(max, logWeight), -Infinity);
  const kept = bent.filter(({ logWeight }) => Math.exp(logWeight - most) >= leastWeight);
  const total = kept.reduce((sum, { logWeight }) => sum + Math.exp(logWeight - most), 0);
  return {
    at(c) {
      const cross = Float64Array.from(seen, (each) => covariance[c * n + each.c]!);
      const solved = solveLower(factor, k, cross);
      const variance = Math.max(covariance[c * n + c]! - dot(solved, solved), 1e-6);
      return kept.map(({ shape, alpha, logWeight, scale }) => ({
        weight: Math.exp(logWeight - most) / total,
        mean: level + shape[c]! + dot(cross, alpha),
        sd: Math.sqrt(variance * scale),
      }));
    },
  };
}

/** E[max(0, 1 − e^(f − best))] for f normal with mean `best − gap`. */
function relativeImprovement(gap: number, sd: number): number {
  const z = gap / sd;
  return Math.max(0, normalCdf(z) - Math.exp((sd * sd) / 2 - gap) * normalCdf(z - sd));
}

/** The rate of other workloads there, moved by how the runs of this one ended on similar candidates. */
function failureAt(
  { space, failure }: SearchPrior,
  tried: readonly { c: number; outcome: Outcome }[],
  c: number,
): number {
  let failed = failure[c]!;
  let count = 1;
  for (const each of tried) {
    const weight = FAILURE_WEIGHT * similarity(space.points[c]!, space.points[each.c]!, FAILURE_LENGTH);
    count += weight;
    if (!each.outcome.completed) failed += weight;
  }
  return failed / count;
}

/** What is added to log seconds to give the logarithm of the objective. */
export function logRate({ id, nodes, pricePerNodeHour }: Candidate, objective: Objective): number {
  if (objective === 'time') return 0;
  if (pricePerNodeHour === undefined || !(pricePerNodeHour > 0))
    throw new ModelError(
      'SEARCH_PRICE',
      `Candidate ${id} has no price per node and hour, which the objective cost needs`,
    );
  return Math.log((nodes * pricePerNodeHour) / 3600);
}
