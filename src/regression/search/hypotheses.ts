/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import { dot } from '../linear-algebra.ts';
import { similarity, type CandidateSpace, type Outcome, type PastWorkload } from './candidate.ts';
import { timeLimit, wasStopped } from './time-limit.ts';

/** One idea of how the new workload behaves: log seconds per candidate, up to a level that is not known. */
export interface Hypothesis {
  readonly shape: Float64Array;
  /** Prior probability. */
  readonly weight: number;
}

/** What is believed before the first run. */
export interface SearchPrior {
  readonly space: CandidateSpace;
  readonly hypotheses: readonly Hypothesis[];
  /** Expected log seconds over the candidates. */
  readonly level: number;
  /** Of the deviations from a hypothesis, its level included: candidates × candidates, row-major. */
  readonly covariance: Float64Array;
  /** Probability that a run on each candidate crashes. */
  readonly failure: Float64Array;
  /** All outcomes of other workloads: with those of the new one they show whether there is a time limit. */
  readonly past: readonly Outcome[];
}

/** Weight of the mean of all applications, beside each of them with 1. */
const WEIGHT_OF_MEAN = 0.3;
/** Weight of all laws that know no application, together: with little history they keep the search open. */
const WEIGHT_OF_USUAL = 4;
/** Probability that some of the candidates have too little memory for this workload, and are slower for it. */
const MEMORY_MATTERS = 0.6;
/** How much slower, in natural logarithms: nearly twice, and more than three times, as when cached data falls out of memory. */
const SLOWDOWNS = [0.6, 1.2];
const MOST_THRESHOLDS = 7;
/** Laws that know no application: shares of the work that more cores do not shorten; seconds expected without history. */
const SERIAL_SHARES = [0.05, 0.2, 0.5];
const USUAL_LEVEL = Math.log(300);
/** Failure rate without history, and how many runs a rate over all candidates counts against that of one. */
const USUAL_FAILURE = 0.05;
const FAILURE_RUNS = 2;
const NEAR = 0.3;
/** The level of a new workload is not known: a factor of 4 each way. */
const LEVEL_SD = 1.5;
/** How far a workload is from the hypothesis it follows best: as a smooth change, and in how it scales with cores and all else. */
const DEVIATION = { sd: 0.15, length: 1 };
const SCALING_SD = 0.2;
const TRAIT_SD = 0.03;

/**
 * The ideas worth considering: the new workload behaves like one seen before, or like their mean,
 * and perhaps, unlike them, it lacks memory on the candidates below some threshold.
 *
 * @param history - runs of other workloads; the order does not matter
 */
export function searchPrior(space: CandidateSpace, history: readonly PastWorkload[]): SearchPrior {
  const past = centre(space, history);
  const shapes = [
    ...past.shapes,
    ...SERIAL_SHARES.map((serial) => ({
      shape: usualShape(space, serial),
      weight: WEIGHT_OF_USUAL / SERIAL_SHARES.length,
    })),
  ];
  return {
    space,
    hypotheses: normalised(shapes.flatMap((hypothesis) => withMemory(space, hypothesis))),
    level: past.level,
    covariance: covariances(space),
    failure: failureRates(space, history),
    past: history.flatMap(({ outcomes }) => outcomes),
  };
}

/** Amdahl's law over all cores. */
function usualShape({ power }: CandidateSpace, serial: number): Float64Array {
  return power.map((value) => Math.log(serial + (1 - serial) * Math.exp(-value)));
}

/** Each past workload as log seconds relative to its own level, gaps filled from the mean and from near candidates. */
function centre(space: CandidateSpace, history: readonly PastWorkload[]): { shapes: Hypothesis[]; level: number } {
  const index = new Map(space.candidates.map(({ id }, c) => [id, c]));
  const count = space.candidates.length;
  const rows = history
    .map(({ application, outcomes }) => {
      const logs = new Float64Array(count).fill(NaN);
      for (const { candidateId, completed, seconds } of outcomes) {
        const c = index.get(candidateId);
        if (c !== undefined && completed) logs[c] = Math.log(seconds);
      }
      return { application, logs };
    })
    .filter(({ logs }) => logs.some((value) => !Number.isNaN(value)))
    .sort((a, b) =>
      a.application < b.application
        ? -1
        : a.application > b.application
          ? 1
          : a.logs.join(' ') < b.logs.join(' ')
            ? -1
            : 1,
    );
  if (rows.length === 0) return { shapes: [], level: USUAL_LEVEL };
  const shareOf = new Map(
    rows.map(({ application }) => [application, 1 / rows.filter((row) => row.application === application).length]),
  );

  // Level of each workload and mean of each candidate explain each other where runs are missing: alternate.
  let mean = new Float64Array(count);
  let levels: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    levels = rows.map(
      ({ logs }) =>
        average(
          [...logs].flatMap((value, c) => (Number.isNaN(value) ? [] : [{ value: value - mean[c]!, weight: 1 }])),
        ) ?? 0,
    );
    mean = mean.map(
      (_, c) =>
        average(
          rows.flatMap(({ application, logs }, w) =>
            Number.isNaN(logs[c]!) ? [] : [{ value: logs[c]! - levels[w]!, weight: shareOf.get(application)! }],
          ),
        ) ?? 0,
    );
  }
  const shapes = rows.map(({ application, logs }, w) => {
    const deviations = [...logs].flatMap((value, c) =>
      Number.isNaN(value) ? [] : [{ c, value: value - levels[w]! - mean[c]! }],
    );
    const shape = logs.map((value, c) => {
      if (!Number.isNaN(value)) return value - levels[w]!;
      const near = deviations.map((deviation) => ({
        value: deviation.value,
        weight: similarity(space.points[c]!, space.points[deviation.c]!, NEAR),
      }));
      return mean[c]! + average([...near, { value: 0, weight: NEAR }])!;
    });
    return { shape, weight: shareOf.get(application)! };
  });
  return {
    shapes: [...shapes, { shape: mean, weight: WEIGHT_OF_MEAN }],
    level: average(levels.map((value) => ({ value, weight: 1 })))!,
  };
}

/** The hypothesis itself, and its variants in which candidates with too little memory are slower. */
function withMemory({ memory }: CandidateSpace, { shape, weight }: Hypothesis): Hypothesis[] {
  const variants = memory.flatMap((values) => {
    const levels = [...new Set(values.map((value) => Number(value.toFixed(6))))].sort((a, b) => a - b);
    const count = Math.min(levels.length - 1, MOST_THRESHOLDS);
    const thresholds = Array.from({ length: count }, (_, k) => {
      const at = Math.floor(((k + 0.5) * (levels.length - 1)) / count);
      return (levels[at]! + levels[at + 1]!) / 2;
    });
    const share = (weight * MEMORY_MATTERS) / (memory.length * Math.max(count, 1) * SLOWDOWNS.length);
    return thresholds.flatMap((threshold) =>
      SLOWDOWNS.map((slowdown) => ({
        shape: shape.map((value, c) => value + (values[c]! < threshold ? slowdown : 0)),
        weight: share,
      })),
    );
  });
  return [{ shape, weight: weight * (1 - MEMORY_MATTERS) }, ...variants];
}

function covariances({ points, power }: CandidateSpace): Float64Array {
  const n = points.length;
  return new Float64Array(n * n).map((_, at) => {
    const a = Math.floor(at / n);
    const b = at % n;
    const smooth = DEVIATION.sd ** 2 * similarity(points[a]!, points[b]!, DEVIATION.length);
    return (
      LEVEL_SD ** 2 + smooth + SCALING_SD ** 2 * power[a]! * power[b]! + TRAIT_SD ** 2 * dot(points[a]!, points[b]!)
    );
  });
}

function failureRates(space: CandidateSpace, history: readonly PastWorkload[]): Float64Array {
  const all = history.flatMap((workload) => workload.outcomes);
  const limit = timeLimit(all);
  const outcomes = all.filter((outcome) => !wasStopped(outcome, limit));
  const failed = (some: typeof outcomes): number => some.filter(({ completed }) => !completed).length;
  const overall = outcomes.length === 0 ? USUAL_FAILURE : failed(outcomes) / outcomes.length;
  return Float64Array.from(space.candidates, ({ id }) => {
    const here = outcomes.filter(({ candidateId }) => candidateId === id);
    return (failed(here) + FAILURE_RUNS * overall) / (here.length + FAILURE_RUNS);
  });
}

function normalised(hypotheses: readonly Hypothesis[]): Hypothesis[] {
  const sum = hypotheses.reduce((total, { weight }) => total + weight, 0);
  return hypotheses.map(({ shape, weight }) => ({ shape, weight: weight / sum }));
}

function average(values: readonly { readonly value: number; readonly weight: number }[]): number | undefined {
  const sum = values.reduce((total, { weight }) => total + weight, 0);
  return sum > 0 ? values.reduce((total, { value, weight }) => total + weight * value, 0) / sum : undefined;
}
