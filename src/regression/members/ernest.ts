/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import type { FeatureSchema } from '../features.ts';
import { dot } from '../linear-algebra.ts';
import { nonNegativeLeastSquares } from '../nnls.ts';
import { gpAround, type GpPriors } from './gp-around.ts';
import type { Member } from './member.ts';

/** The terms of the sum: the weight expected of each, how far it may be from that, and the values at a row. */
interface Terms {
  readonly means: Float64Array;
  readonly sds: Float64Array;
  /** Into an array that is there already: this is asked thousands of times for one suggestion. */
  readonly valuesAt: (x: Float64Array, values: Float64Array) => void;
}

/** Relative error of a run that is as surprising as a weight one `sd` away from what is expected. */
const NOISE = 0.03;
/** More features than this take part as products no longer: the terms grow with them, and the runs do not. */
const MOST_FEATURES_IN_PRODUCTS = 8;
/** Run time may not fall below this share of the usual law: with weights near 0 the logarithm would run away. */
const FLOOR = 1e-6;
/** What the sum leaves over is small and smooth. */
const PRIORS: GpPriors = {
  amplitude: { mean: Math.log(0.1), sd: 1 },
  noise: { mean: Math.log(0.03), sd: 1 },
  length: { mean: Math.log(2), sd: 1 },
};

/**
 * Ernest: run time as a sum of terms with weights that are never negative, so it cannot fall as the size grows.
 *
 * Beside the original: relative errors, a term in 1/m², products of the other features with what is serial and what is shared,
 * a pull towards an even law, so that 3 runs suffice, and a Gaussian process on what is left over.
 *
 * @see Venkataraman et al., "Ernest", NSDI 2016
 */
export const ernest: Member = {
  name: 'ernest',
  minimumRows: 1,
  fit(data, hyper, steps) {
    const { means, sds, valuesAt } = ernestTerms(data.schema);
    const p = means.length;
    const rows = data.x.map((x) => {
      const values = new Float64Array(p);
      valuesAt(x, values);
      return values;
    });
    const usual = rows.map((values) => dot(values, means));
    const level = usual.reduce((sum, value, i) => sum + data.y[i]! - Math.log(value), 0) / usual.length;

    const gram = new Float64Array(p * p);
    const target = new Float64Array(p);
    rows.forEach((values, i) => {
      // Each term as a share of the run time seen there: the residuals are then relative errors.
      const seen = Math.exp(level - data.y[i]!);
      const shares = values.map((value) => value * seen);
      const weight = data.weight[i]! / (NOISE * NOISE);
      for (let a = 0; a < p; a += 1) {
        target[a] = target[a]! + weight * shares[a]!;
        for (let b = 0; b < p; b += 1) gram[a * p + b] = gram[a * p + b]! + weight * shares[a]! * shares[b]!;
      }
    });
    means.forEach((mean, a) => {
      const sd = sds[a]!;
      gram[a * p + a] = gram[a * p + a]! + 1 / (sd * sd);
      target[a] = target[a]! + mean / (sd * sd);
    });
    const weights = nonNegativeLeastSquares(gram, target);
    const values = new Float64Array(p);
    const law = (x: Float64Array): number => {
      valuesAt(x, values);
      return level + Math.log(Math.max(dot(values, weights), FLOOR));
    };
    const process = gpAround(data, (x) => ({ offset: law(x), basis: NO_BASIS }), PRIORS, hyper, steps);
    // Leaving a run out in closed form would keep weights that have seen it.
    return { hyper: process.hyper, mean: process.mean, predict: process.predict };
  },
};

const NO_BASIS = new Float64Array(0);

/** Relative to the middle of the described table, where every term of scale-out and size is about 1. */
function ernestTerms(schema: FeatureSchema): Terms {
  const scale = schema.columns.findIndex(({ role, kind }) => role === 'scale' && kind === 'log');
  const size = schema.columns.findIndex(({ role, kind }) => role === 'size' && kind === 'log');
  const others = schema.columns
    .flatMap((column, at) =>
      at === scale || at === size
        ? []
        : [{ column, at, reach: Math.max(1, schema.features[column.feature]!.reach / 1.5) }],
    )
    .slice(0, MOST_FEATURES_IN_PRODUCTS);
  const terms: readonly Weight[] = [
    ...BY_SCALE.flatMap((a) => BY_SIZE.map((mean) => ({ mean: a.mean * mean, sd: a.sd }))),
    ...WEIGHED.flatMap((at) =>
      others.flatMap(({ column }) => {
        const { sd } = BY_SCALE[at >> 1]!;
        const shares = column.kind === 'log' ? [1 / 2, 1 / 4, 1 / 2] : [1 / 2];
        return shares.map((share) => ({ mean: 0, sd: sd * share }));
      }),
    ),
  ];
  return {
    means: Float64Array.from(terms, ({ mean }) => mean),
    sds: Float64Array.from(terms, ({ sd }) => sd),
    valuesAt: (x, values) => {
      const m = scale === -1 ? 1 : Math.exp(x[scale]!);
      const s = size === -1 ? 1 : Math.exp(x[size]!);
      values[0] = 1;
      values[2] = 1 / m;
      values[4] = 1 / (m * m);
      values[6] = Math.log1p(m);
      values[8] = m;
      for (let k = 0; k < 10; k += 2) values[k + 1] = values[k]! * s;
      let k = 10;
      for (const at of WEIGHED) {
        const value = values[at]!;
        for (const { column, at: from, reach } of others) {
          const z = x[from]! / reach;
          if (column.kind !== 'log') values[k++] = value * z;
          else {
            values[k] = value * Math.exp(z);
            values[k + 1] = value * Math.exp(-z);
            values[k + 2] = value * Math.max(0, 1 + z / 3);
            k += 3;
          }
        }
      }
    },
  };
}

interface Weight {
  readonly mean: number;
  readonly sd: number;
}

/** Of 1, 1/m, 1/m², ln(1 + m) and m, each alone and then times the size: two terms that follow each other. */
const BY_SCALE: readonly Weight[] = [
  { mean: 0.3, sd: 0.3 },
  { mean: 0.6, sd: 0.4 },
  { mean: 0.1, sd: 0.2 },
  { mean: 0, sd: 0.1 },
  { mean: 0, sd: 0.05 },
];
const BY_SIZE = [0.1, 0.9] as const;
/** Work that is serial, shared, and shared with more memory: a feature may weigh on each; on start and coordination it hardly does. */
const WEIGHED = [0, 1, 3, 5] as const;
