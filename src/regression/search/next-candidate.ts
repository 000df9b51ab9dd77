/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import { ModelError } from '../../util/errors.ts';
import { normalCdf } from '../distributions.ts';
import { choleskyInPlace, dot, solveCholesky, solveLower } from '../linear-algebra.ts';
import { similarity, type Candidate, type Objective, type Outcome } from './candidate.ts';
import type { SearchPrior } from './hypotheses.ts';
import { timeLimit, wasStopped } from './time-limit.ts';

/** A candidate to run next. */
export interface SearchStep {
  readonly candidate: Candidate;
  /** By which share the best value known is expected to fall, failures counted; before the first success, expected optimum / value. */
  readonly expectedGain: number;
  readonly failureProbability: number;
}

const NOISE_SD = 0.05;
/** A run that was stopped at the limit would have gone on for about so much longer, as a logarithm, give or take. */
const BEYOND_LIMIT = 0.15;
/** Degrees of freedom of the scale of all that: a workload may be stranger than those before it. */
const FREEDOM = 8;
const SCALE_RANGE = [0.3, 3] as const;
/** An outcome of this workload counts this many times an outcome of another; and how far it reaches. */
const FAILURE_WEIGHT = 4;
const FAILURE_LENGTH = 1;

/**
 * The candidate whose run, and the one after it, are expected to improve most on the best so far;
 * the hypotheses are weighed by how well they fit the outcomes.
 *
 * Expected improvement (Jones, Schonlau and Welch, 1998) of a ratio, under a mixture of Gaussian processes,
 * counted only where the run neither crashes nor is stopped by a time limit.
 *
 * @returns undefined when every candidate was run
 * @throws ModelError `SEARCH_PRICE` when cost is wanted and a candidate has no price
 */
export function nextCandidate(
  prior: SearchPrior,
  outcomes: readonly Outcome[],
  objective: Objective,
): SearchStep | undefined {
  const state = stateOf(prior, outcomes, objective);
  const belief = learn(prior, state.seen);
  const before = state.best === Infinity;
  const ranked = (before ? firstGains(state, belief) : gains(state, belief, state.best, state.open)).sort(
    (a, b) => b.gain - a.gain || a.c - b.c,
  );
  const chosen = before ? ranked[0] : lookAhead(state, belief, ranked);
  if (chosen === undefined) return undefined;
  return {
    candidate: prior.space.candidates[chosen.c]!,
    expectedGain: chosen.gain,
    failureProbability: state.crash[chosen.c]!,
  };
}

/** What a run told of log seconds on a candidate; `sd` when only roughly, since it was stopped. */
interface Seen {
  readonly c: number;
  readonly y: number;
  readonly sd: number;
}

interface SearchState {
  readonly prior: SearchPrior;
  /** Added to log seconds to give the logarithm of the objective. */
  readonly rate: readonly number[];
  /** Candidates not yet run. */
  readonly open: readonly number[];
  readonly crash: readonly number[];
  readonly seen: readonly Seen[];
  /** Logarithm of the least objective found; Infinity before the first success. */
  readonly best: number;
  /** Logarithm of the seconds after which runs are stopped. */
  readonly limit: number;
}

interface Gain {
  readonly c: number;
  readonly gain: number;
}

function stateOf(prior: SearchPrior, outcomes: readonly Outcome[], objective: Objective): SearchState {
  const { candidates } = prior.space;
  const rate = candidates.map((candidate) => logRate(candidate, objective));
  const indexOf = new Map(candidates.map(({ id }, c) => [id, c]));
  const seconds = timeLimit([...prior.past, ...outcomes]);
  const tried = outcomes.flatMap((outcome) => {
    const c = indexOf.get(outcome.candidateId);
    return c === undefined ? [] : [{ c, outcome, y: Math.log(outcome.seconds), stopped: wasStopped(outcome, seconds) }];
  });
  return {
    prior,
    rate,
    open: candidates.flatMap((_, c) => (tried.some((each) => each.c === c) ? [] : [c])),
    crash: candidates.map((_, c) =>
      crashProbability(
        prior,
        tried.filter(({ stopped }) => !stopped),
        c,
      ),
    ),
    seen: tried.flatMap(({ c, outcome, y, stopped }) => {
      if (outcome.completed) return [{ c, y, sd: NOISE_SD }];
      return stopped ? [{ c, y: y + BEYOND_LIMIT, sd: BEYOND_LIMIT }] : [];
    }),
    best: tried.reduce(
      (least, { c, outcome, y }) => (outcome.completed ? Math.min(least, y + rate[c]!) : least),
      Infinity,
    ),
    limit: Math.log(seconds),
  };
}

/** Before the first success: how near each candidate is expected to be to the optimum. */
function firstGains({ prior: { hypotheses }, rate, open, crash, limit }: SearchState, belief: Belief): Gain[] {
  const lows = hypotheses.map(({ shape }) =>
    shape.reduce((low, value, c) => Math.min(low, value + rate[c]!), Infinity),
  );
  return open.map((c) => {
    const near = belief.at(c).reduce((sum, { hypothesis, weight, mean, sd }) => {
      const nearness = Math.exp(lows[hypothesis]! - hypotheses[hypothesis]!.shape[c]! - rate[c]!);
      return sum + weight * nearness * normalCdf((limit - mean) / sd);
    }, 0);
    return { c, gain: (1 - crash[c]!) * near };
  });
}

function gains({ rate, crash, limit }: SearchState, belief: Belief, best: number, open: readonly number[]): Gain[] {
  return open.map((c) => {
    const improvement = belief
      .at(c)
      .reduce((sum, { weight, mean, sd }) => sum + weight * relativeImprovement(mean, sd, best - rate[c]!, limit), 0);
    return { c, gain: (1 - crash[c]!) * improvement };
  });
}

/**
 * Of the most promising candidates the one that leaves most to be gained by itself and the run after it together:
 * a run may be worth more for what it tells than for what it finds.
 */
function lookAhead(state: SearchState, belief: Belief, ranked: readonly Gain[]): Gain | undefined {
  const { prior, seen, open, rate, best, limit, crash } = state;
  const valued = ranked.slice(0, CONSIDERED).map((candidate) => {
    const { c } = candidate;
    const rest = open.filter((other) => other !== c);
    const after = quantiles(belief.at(c)).map((y) => {
      const found = y > limit ? best : Math.min(best, y + rate[c]!);
      const next = gains(state, learn(prior, [...seen, { c, y, sd: NOISE_SD }], LEAST_WEIGHT), found, rest);
      return 1 - Math.exp(found - best) * (1 - mostOf(next));
    });
    const completed = after.reduce((sum, each) => sum + each, 0) / after.length;
    const crashed = mostOf(ranked.filter((each) => each.c !== c));
    return { candidate, value: (1 - crash[c]!) * completed + crash[c]! * crashed };
  });
  return valued.reduce<(typeof valued)[number] | undefined>(
    (best, each) => (best === undefined || each.value > best.value ? each : best),
    undefined,
  )?.candidate;
}

const mostOf = (some: readonly Gain[]): number => some.reduce((most, { gain }) => Math.max(most, gain), 0);

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
  /** Index in the prior. */
  readonly hypothesis: number;
  readonly weight: number;
  /** Log seconds. */
  readonly mean: number;
  readonly sd: number;
}

/** Weighs the hypotheses by the runs, and lets each one be bent by them. */
function learn({ covariance, hypotheses, level, space }: SearchPrior, seen: readonly Seen[], leastWeight = 0): Belief {
  const k = seen.length;
  const n = space.candidates.length;
  const factor = new Float64Array(k * k);
  seen.forEach((a, i) => {
    seen.forEach((b, j) => (factor[i * k + j] = covariance[a.c * n + b.c]! + (i === j ? a.sd * a.sd : 0)));
  });
  choleskyInPlace(factor, k);
  const bent = hypotheses.map(({ shape, weight }, hypothesis) => {
    const residual = seen.map(({ c, y }) => y - level - shape[c]!);
    const alpha = solveCholesky(factor, k, residual);
    const misfit = dot(alpha, residual);
    return {
      hypothesis,
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
      return kept.map(({ hypothesis, shape, alpha, logWeight, scale }) => ({
        hypothesis,
        weight: Math.exp(logWeight - most) / total,
        mean: level + shape[c]! + dot(cross, alpha),
        sd: Math.sqrt(variance * scale),
      }));
    },
  };
}

/** E[max(0, 1 − e^(y − best))] for y normal, where only y below the limit counts. */
function relativeImprovement(mean: number, sd: number, best: number, limit: number): number {
  const z = (Math.min(best, limit) - mean) / sd;
  return Math.max(0, normalCdf(z) - Math.exp((sd * sd) / 2 + mean - best) * normalCdf(z - sd));
}

/** The rate of other workloads there, moved by how the runs of this one ended on similar candidates. */
function crashProbability(
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
