/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import type { FeatureSchema } from '../features.ts';
import type { TrainingData } from '../training-data.ts';
import { gpAround, type GpPriors, type Mean } from './gp-around.ts';
import type { Member } from './member.ts';

/** A term of the mean: its value at a row, and what is believed of its coefficient. */
interface Term {
  readonly value: number;
  readonly mean: number;
  readonly sd: number;
}

const CONSTANT: Term = { value: 1, mean: 0, sd: 1.5 };

/** A Gaussian process that knows nothing of scale-out or size: the plain model, and hard to beat where runs are many. */
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
export const logLinear = gpMember('log-linear', 1, logLinearTerms, {
  amplitude: { mean: Math.log(0.15), sd: 1 },
  noise: { mean: Math.log(0.03), sd: 1 },
  length: { mean: Math.log(2), sd: 1 },
});

function gpMember(
  name: string,
  minimumRows: number,
  termsOf: (schema: FeatureSchema) => (x: Float64Array) => readonly Term[],
  priors: GpPriors,
): Member {
  return {
    name,
    minimumRows,
    // The basis does not depend on the runs, so leaving one out in closed form is exact.
    fit: (data, hyper) => gpAround(data, meanOf(data, termsOf(data.schema)), priors, hyper),
  };
}

/** The terms around the mean of the runs, whose unit is that of the target. */
function meanOf(data: TrainingData, terms: (x: Float64Array) => readonly Term[]): Mean {
  const middle = data.y.reduce((sum, y) => sum + y, 0) / data.y.length;
  return (x) => {
    const at = terms(x);
    return {
      offset: at.reduce((sum, { value, mean }) => sum + value * mean, middle),
      basis: Float64Array.from(at, ({ value, sd }) => value * sd),
    };
  };
}

function logLinearTerms(schema: FeatureSchema): (x: Float64Array) => Term[] {
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
    const terms: Term[] = [
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
