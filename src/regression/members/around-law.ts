/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import { minimize } from '../minimize.ts';
import { priorOf, scalingLaw, type LawPrior, type ParameterPrior, type ScalingLaw } from '../scaling-law.ts';
import type { TrainingData } from '../training-data.ts';
import { gpAround, gpHyperCount, type FittedGp, type GpPriors, type Mean } from './gp-around.ts';
import type { FittedMember, Hyper, Member } from './member.ts';

/** What the law does not explain is small and changes slowly; noise as repeats of one setting show it: 1 to 10 %. */
const PRIORS: GpPriors = {
  amplitude: { mean: Math.log(0.05), sd: 0.8 },
  noise: { mean: Math.log(0.03), sd: 0.7 },
  length: { mean: Math.log(1.5), sd: 0.8 },
};
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
    fit(data, hyper, steps) {
      const { law, prior, gpCount } = setUp(data, learned);
      const known = hyper?.slice(0, gpCount);
      const start = hyper === undefined ? prior.map(({ mean }) => mean) : hyper.slice(gpCount);
      const parameters = mostProbable(law, prior, data, start, known);
      return fitted(data, gpAround(data, linearised(law, prior, parameters), PRIORS, known, steps), parameters);
    },
    restore(data, hyper) {
      const { law, prior, gpCount } = setUp(data, learned);
      const parameters = Float64Array.from(hyper.slice(gpCount));
      return fitted(
        data,
        gpAround(data, linearised(law, prior, parameters), PRIORS, hyper.slice(0, gpCount)),
        parameters,
      );
    },
  };
}

function setUp(data: TrainingData, learned: LawPrior): { law: ScalingLaw; prior: ParameterPrior[]; gpCount: number } {
  const law = scalingLaw(data.schema);
  return { law, prior: centred(law, priorOf(law, learned), data), gpCount: gpHyperCount(data.schema) };
}

function fitted(data: TrainingData, process: FittedGp, parameters: Float64Array): FittedMember {
  const { mean, predict, leaveOneOut } = process;
  const hyper = [...process.hyper, ...parameters];
  // With few runs each one moves the law itself, which the linear form does not know of.
  return data.y.length <= ROWS_TO_REFIT ? { hyper, mean, predict } : { hyper, mean, predict, leaveOneOut };
}

const ROWS_TO_REFIT = 40;

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
function linearised(law: ScalingLaw, prior: readonly ParameterPrior[], parameters: Float64Array): Mean {
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

/** What the runs say of each parameter of the law, by name. */
export function lawPosterior(data: TrainingData, hyper: Hyper, learned: LawPrior = {}): Record<string, ParameterPrior> {
  const { law, prior, gpCount } = setUp(data, learned);
  const parameters = Float64Array.from(hyper.slice(gpCount));
  const process = gpAround(data, linearised(law, prior, parameters), PRIORS, hyper.slice(0, gpCount));
  const coefficients = process.coefficients();
  return Object.fromEntries(
    law.parameters.map((name, k) => {
      const { mean, sd } = prior[k]!;
      const { mean: shift, variance } = coefficients[k]!;
      return [name, { mean: mean + sd * shift, sd: sd * Math.sqrt(variance) }];
    }),
  );
}
