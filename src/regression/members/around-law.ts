/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import {
  conditionGp,
  gpMean,
  leaveOneOut,
  predictGp,
  tuneGp,
  type GpPrior,
  type GpProblem,
} from '../gaussian-process.ts';
import { minimize } from '../minimize.ts';
import { priorOf, scalingLaw, type LawPrior, type ParameterPrior, type ScalingLaw } from '../scaling-law.ts';
import { spread, subset, type TrainingData } from '../training-data.ts';
import type { FittedMember, Hyper, Member } from './member.ts';
import { gpGroups, ROWS_FOR_TUNING } from './plain-gp.ts';

/** What the law does not explain is small and changes slowly; noise as repeats of one setting show it: 1 to 10 %. */
const AMPLITUDE = { mean: Math.log(0.05), sd: 0.8 };
const NOISE = { mean: Math.log(0.03), sd: 0.7 };
const LENGTH = { mean: Math.log(1.5), sd: 0.8 };
/** What law and noise together miss while the law alone is fitted. */
const MISFIT: ParameterPrior = { mean: Math.log(0.06), sd: 0.8 };

/**
 * A Gaussian process around a scaling law.
 *
 * The law is fitted by its most probable parameters and then made linear there, with their priors as covariance:
 * what the runs leave open about the law is in the variance, and far from the runs the law carries on.
 */
export function aroundLaw(learned: LawPrior = {}): Member {
  return {
    name: 'scaling-law',
    minimumRows: 1,
    fit(data, hyper) {
      const { law, prior, groups } = setUp(data, learned);
      const known = hyper?.slice(0, 2 + groups.count);
      const start = hyper === undefined ? prior.map(({ mean }) => mean) : hyper.slice(2 + groups.count);
      const parameters = mostProbable(law, prior, data, start, known);
      const tuned = (): Hyper => {
        const rows = subset(data, spread(data.y.length, ROWS_FOR_TUNING));
        const gpPrior: GpPrior = {
          amplitude: AMPLITUDE,
          noise: NOISE,
          lengths: Array.from({ length: groups.count }, () => LENGTH),
        };
        return tuneGp(
          problemOf(rows, linearised(law, prior, parameters), groups.of),
          gpPrior,
          startsOf(groups.count),
          60,
        );
      };
      return conditioned(data, linearised(law, prior, parameters), groups.of, known ?? tuned(), parameters);
    },
    restore(data, hyper) {
      const { law, prior, groups } = setUp(data, learned);
      const parameters = Float64Array.from(hyper.slice(2 + groups.count));
      return conditioned(
        data,
        linearised(law, prior, parameters),
        groups.of,
        hyper.slice(0, 2 + groups.count),
        parameters,
      );
    },
  };
}

function setUp(
  data: TrainingData,
  learned: LawPrior,
): { law: ScalingLaw; prior: ParameterPrior[]; groups: ReturnType<typeof gpGroups> } {
  const law = scalingLaw(data.schema);
  return { law, prior: centred(law, priorOf(law, learned), data), groups: gpGroups(data.schema) };
}

type Linear = (x: Float64Array) => { readonly offset: number; readonly basis: Float64Array };

function problemOf(rows: TrainingData, linear: Linear, groups: readonly number[]): GpProblem {
  const at = rows.x.map(linear);
  return {
    x: rows.x,
    groups,
    y: rows.y.map((y, i) => y - at[i]!.offset),
    weight: rows.weight,
    scatter: rows.scatter,
    basis: at.map(({ basis }) => basis),
  };
}

function conditioned(
  data: TrainingData,
  linear: Linear,
  groups: readonly number[],
  gpHyper: Hyper,
  parameters: Float64Array,
): FittedMember {
  const posterior = conditionGp(problemOf(data, linear, groups), gpHyper);
  const fitted: FittedMember = {
    hyper: [...gpHyper, ...parameters],
    mean(x) {
      const { offset, basis } = linear(x);
      return offset + gpMean(posterior, x, basis);
    },
    predict(x) {
      const { offset, basis } = linear(x);
      const { mean, variance } = predictGp(posterior, x, basis);
      return { mean: mean + offset, variance };
    },
  };
  // With few runs each one moves the law itself, which the linear form does not know of.
  if (data.y.length <= ROWS_TO_REFIT) return fitted;
  return {
    ...fitted,
    leaveOneOut: () =>
      leaveOneOut(posterior).map(({ mean, variance }, i) => ({ mean: mean + linear(data.x[i]!).offset, variance })),
  };
}

const ROWS_TO_REFIT = 40;

function startsOf(groups: number): Hyper[] {
  const usual = [AMPLITUDE.mean, NOISE.mean, ...Array.from({ length: groups }, () => LENGTH.mean)];
  return [usual, usual.map((value, k) => value + (k === 0 ? -1 : k === 1 ? -0.5 : 0.7))];
}

/** The level of the law has the unit of the target: its prior is centred where the runs are. */
export function centred(law: ScalingLaw, prior: readonly ParameterPrior[], data: TrainingData): ParameterPrior[] {
  const means = Float64Array.from(prior, ({ mean }) => mean);
  const rest = data.x.map((x, i) => data.y[i]! - law.value(x, means));
  const level = rest.reduce((sum, value) => sum + value, 0) / rest.length + means[0]!;
  return prior.map((each, k) => (k === 0 ? { mean: level, sd: each.sd } : each));
}

/** The most probable parameters of the law alone, with independent misfit; its size is found too unless `gpHyper` tells it. */
function mostProbable(
  law: ScalingLaw,
  prior: readonly ParameterPrior[],
  data: TrainingData,
  start: Hyper,
  gpHyper: Hyper | undefined,
): Float64Array {
  const p = prior.length;
  const n = data.y.length;
  const jacobian = new Float64Array(p);
  const given =
    gpHyper === undefined ? undefined : 0.5 * Math.log(Math.exp(2 * gpHyper[0]!) + Math.exp(2 * gpHyper[1]!));
  const objective = (v: Float64Array, gradient: Float64Array): number => {
    const logMisfit = given ?? v[p]!;
    const precision = Math.exp(-2 * logMisfit);
    let value = 0;
    gradient.fill(0);
    for (let i = 0; i < n; i += 1) {
      const residual = law.value(data.x[i]!, v, jacobian) - data.y[i]!;
      const pull = residual * precision;
      value += 0.5 * residual * pull;
      for (let k = 0; k < p; k += 1) gradient[k] = gradient[k]! + pull * jacobian[k]!;
      gradient[p] = gradient[p]! - residual * pull;
    }
    for (let k = 0; k < p; k += 1) {
      const z = (v[k]! - prior[k]!.mean) / prior[k]!.sd;
      value += 0.5 * z * z;
      gradient[k] = gradient[k]! + z / prior[k]!.sd;
    }
    if (given !== undefined) {
      gradient[p] = 0;
      return value;
    }
    const z = (logMisfit - MISFIT.mean) / MISFIT.sd;
    gradient[p] = gradient[p]! + n + z / MISFIT.sd;
    return value + n * logMisfit + 0.5 * z * z;
  };
  return minimize(objective, [...start, given ?? Math.log(0.1)], {
    maxEvaluations: given === undefined ? 150 : 30,
    valueTolerance: given === undefined ? 1e-5 : 1e-3,
  }).x.slice(0, p);
}

/** The law as a line in its parameters: ln t ≈ offset + basis · b, where b is standard normal before the runs are seen. */
function linearised(law: ScalingLaw, prior: readonly ParameterPrior[], parameters: Float64Array): Linear {
  const jacobian = new Float64Array(prior.length);
  return (x) => {
    let offset = law.value(x, parameters, jacobian);
    const basis = new Float64Array(prior.length);
    prior.forEach(({ mean, sd }, k) => {
      basis[k] = jacobian[k]! * sd;
      offset -= jacobian[k]! * (parameters[k]! - mean);
    });
    return { offset, basis };
  };
}
