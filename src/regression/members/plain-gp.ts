/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import type { FeatureSchema } from '../features.ts';
import {
  conditionGp,
  gpMean,
  leaveOneOut,
  predictGp,
  tuneGp,
  type GpPrior,
  type GpProblem,
  type LogPrior,
} from '../gaussian-process.ts';
import { spread, subset, type TrainingData } from '../training-data.ts';
import type { Hyper, Member } from './member.ts';

/** Rows on which hyper-parameters are searched: each step costs their cube, and more hardly change the answer. */
export const ROWS_FOR_TUNING = 100;

/** A term of the mean: its value at a row, and what is believed of its coefficient. */
export interface BasisTerm {
  readonly value: number;
  readonly mean: number;
  readonly sd: number;
}

/** The terms of the mean at an encoded row. */
export type Basis = (x: Float64Array) => readonly BasisTerm[];

/**
 * A Gaussian process on log time whose mean is a sum of terms with Gaussian coefficients.
 *
 * @param priors - of amplitude, noise and lengths
 */
export function gpMember(
  name: string,
  minimumRows: number,
  basisOf: (schema: FeatureSchema) => Basis,
  priors: { amplitude: LogPrior; noise: LogPrior; length: LogPrior },
): Member {
  return {
    name,
    minimumRows,
    fit(data, hyper) {
      const basis = basisOf(data.schema);
      const groups = gpGroups(data.schema);
      const middle = data.y.reduce((sum, y) => sum + y, 0) / data.y.length;
      const offset = (x: Float64Array): number => basis(x).reduce((sum, { value, mean }) => sum + value * mean, middle);
      const scaled = (x: Float64Array): Float64Array => Float64Array.from(basis(x), ({ value, sd }) => value * sd);
      const problemOf = (rows: TrainingData): GpProblem => ({
        x: rows.x,
        groups: groups.of,
        y: rows.y.map((y, i) => y - offset(rows.x[i]!)),
        weight: rows.weight,
        scatter: rows.scatter,
        basis: rows.x.map(scaled),
      });
      const prior: GpPrior = {
        amplitude: priors.amplitude,
        noise: priors.noise,
        lengths: Array.from({ length: groups.count }, () => priors.length),
      };
      const found =
        hyper ?? tuneGp(problemOf(subset(data, spread(data.y.length, ROWS_FOR_TUNING))), prior, startsOf(prior), 60);
      const posterior = conditionGp(problemOf(data), found);
      return {
        hyper: found,
        mean: (x) => offset(x) + gpMean(posterior, x, scaled(x)),
        predict(x) {
          const { mean, variance } = predictGp(posterior, x, scaled(x));
          return { mean: mean + offset(x), variance };
        },
        leaveOneOut: () =>
          leaveOneOut(posterior).map(({ mean, variance }, i) => ({ mean: mean + offset(data.x[i]!), variance })),
      };
    },
  };
}

/** The group of each column is its feature: the columns of a category share one length. */
export function gpGroups(schema: FeatureSchema): { readonly of: readonly number[]; readonly count: number } {
  return { of: schema.columns.map(({ feature }) => feature), count: schema.features.length };
}

/** One start at the middle of the priors; one that explains more by smooth change and less by noise. */
function startsOf({ amplitude, noise, lengths }: GpPrior): Hyper[] {
  const usual = [amplitude.mean, noise.mean, ...lengths.map(({ mean }) => mean)];
  return [usual, usual.map((value, k) => value + (k === 0 ? -1 : k === 1 ? -0.5 : 0.7))];
}

const CONSTANT: BasisTerm = { value: 1, mean: 0, sd: 1.5 };

/** A Gaussian process that knows nothing of scale-out or size: the plain model, and the best where runs are many. */
export const plainGp = gpMember('gaussian-process', 2, () => () => [CONSTANT], {
  amplitude: { mean: 0, sd: 1.5 },
  noise: { mean: Math.log(0.03), sd: 1.5 },
  length: { mean: Math.log(2), sd: 1.5 },
});

/**
 * A log-linear law with curvature and interactions, each coefficient with a prior, and a Gaussian process on what is left.
 *
 * Run time falls with scale-out by a power of about −0.6, less and less so, and grows with size by one of about 0.9.
 */
export const logLinear = gpMember('log-linear', 1, logLinearBasis, {
  amplitude: { mean: Math.log(0.15), sd: 1 },
  noise: { mean: Math.log(0.03), sd: 1 },
  length: { mean: Math.log(2), sd: 1 },
});

function logLinearBasis(schema: FeatureSchema): Basis {
  const scale = schema.columns.findIndex(({ role, kind }) => role === 'scale' && kind === 'log');
  const size = schema.columns.findIndex(({ role, kind }) => role === 'size' && kind === 'log');
  const others = schema.columns.flatMap((column, at) =>
    at === scale || at === size
      ? []
      : [{ at, reach: Math.max(1, column.kind === 'log' ? schema.features[column.feature]!.reach : 1) }],
  );
  return (x) => {
    const m = scale === -1 ? 0 : x[scale]!;
    const s = size === -1 ? 0 : x[size]!;
    const terms: BasisTerm[] = [
      CONSTANT,
      { value: m, mean: -0.6, sd: 0.3 },
      { value: m * m, mean: 0.12, sd: 0.12 },
      { value: s, mean: 0.9, sd: 0.25 },
      { value: s * m, mean: 0, sd: 0.15 },
    ];
    for (const { at, reach } of others) {
      const z = x[at]! / reach;
      terms.push(
        { value: z, mean: 0, sd: 0.7 },
        { value: z * m, mean: 0, sd: 0.15 },
        { value: z * s, mean: 0, sd: 0.15 },
      );
    }
    return terms;
  };
}
