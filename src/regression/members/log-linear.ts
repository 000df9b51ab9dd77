/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import type { FeatureSchema } from '../features.ts';
import type { TrainingData } from '../training-data.ts';
import { gpAround, type GpPriors, type Mean } from './gp-around.ts';
import type { Member } from './member.ts';

/** What is believed of the coefficient of a term of the mean. */
interface Coefficient {
  readonly mean: number;
  readonly sd: number;
}

/** The terms of the mean; their values at a row go into an array that is there already, for they are asked for very often. */
interface Terms {
  readonly coefficients: readonly Coefficient[];
  readonly valuesAt: (x: Float64Array, values: Float64Array) => void;
}

const CONSTANT: Coefficient = { mean: 0, sd: 1.5 };

/** A Gaussian process that knows nothing of scale-out or size: the plain model, and hard to beat where runs are many. */
export const plainGp = gpMember('gaussian-process', 2, constantTerm, {
  amplitude: { mean: 0, sd: 1.5 },
  noise: { mean: Math.log(0.03), sd: 1.5 },
  length: { mean: Math.log(2), sd: 1.5 },
});

/**
 * A log-linear law with curvature and interactions, each coefficient with a prior, and a Gaussian process on what is left.
 *
 * Run time falls with scale-out by a power of about −0.6, less and less so, and grows with size by one of about 0.9.
 */
export const logLinear = gpMember('log-linear', 1, logLinearTerms, {
  amplitude: { mean: Math.log(0.15), sd: 1 },
  noise: { mean: Math.log(0.03), sd: 1 },
  length: { mean: Math.log(2), sd: 1 },
});

function gpMember(
  name: string,
  minimumRows: number,
  termsOf: (schema: FeatureSchema) => Terms,
  priors: GpPriors,
): Member {
  return {
    name,
    minimumRows,
    // The basis does not depend on the runs, so leaving one out in closed form is exact.
    fit: (data, hyper, steps) => gpAround(data, meanOf(data, termsOf(data.schema)), priors, hyper, steps),
  };
}

/** The terms around the mean of the runs, whose unit is that of the target. */
function meanOf(data: TrainingData, { coefficients, valuesAt }: Terms): Mean {
  const middle = data.y.reduce((sum, y) => sum + y, 0) / data.y.length;
  const means = Float64Array.from(coefficients, ({ mean }) => mean);
  const sds = Float64Array.from(coefficients, ({ sd }) => sd);
  return (x) => {
    const basis = new Float64Array(sds.length);
    valuesAt(x, basis);
    let offset = middle;
    for (let k = 0; k < basis.length; k += 1) {
      offset += basis[k]! * means[k]!;
      basis[k] = basis[k]! * sds[k]!;
    }
    return { offset, basis };
  };
}

function constantTerm(): Terms {
  return {
    coefficients: [CONSTANT],
    valuesAt: (_x, values) => {
      values[0] = 1;
    },
  };
}

function logLinearTerms(schema: FeatureSchema): Terms {
  const scale = schema.columns.findIndex(({ role, kind }) => role === 'scale' && kind === 'log');
  const size = schema.columns.findIndex(({ role, kind }) => role === 'size' && kind === 'log');
  const others = schema.columns.flatMap((column, at) =>
    at === scale || at === size
      ? []
      : [{ at, reach: Math.max(1, column.kind === 'log' ? schema.features[column.feature]!.reach : 1) }],
  );
  return {
    coefficients: [
      CONSTANT,
      SCALE,
      SCALE_SQUARED,
      SIZE,
      INTERACTION,
      ...others.flatMap(() => [EFFECT, INTERACTION, INTERACTION]),
    ],
    valuesAt: (x, values) => {
      const m = scale === -1 ? 0 : x[scale]!;
      const s = size === -1 ? 0 : x[size]!;
      values[0] = 1;
      values[1] = m;
      values[2] = m * m;
      values[3] = s;
      values[4] = s * m;
      let k = 5;
      for (const { at, reach } of others) {
        const z = x[at]! / reach;
        values[k] = z;
        values[k + 1] = z * m;
        values[k + 2] = z * s;
        k += 3;
      }
    },
  };
}

const SCALE: Coefficient = { mean: -0.6, sd: 0.3 };
const SCALE_SQUARED: Coefficient = { mean: 0.12, sd: 0.12 };
const SIZE: Coefficient = { mean: 0.9, sd: 0.25 };
const EFFECT: Coefficient = { mean: 0, sd: 0.7 };
const INTERACTION: Coefficient = { mean: 0, sd: 0.15 };
