/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import type { FeatureSchema } from '../features.ts';
import { nonNegativeLeastSquares } from '../nnls.ts';
import { gpAround, type GpPriors } from './gp-around.ts';
import type { Member } from './member.ts';

/** One term of the sum: its value, the weight expected of it, and how far the weight may be from that. */
interface Term {
  readonly value: number;
  readonly mean: number;
  readonly sd: number;
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
  fit(data, hyper) {
    const termsOf = ernestTerms(data.schema);
    const rows = data.x.map(termsOf);
    const usual = rows.map((terms) => terms.reduce((sum, { value, mean }) => sum + value * mean, 0));
    const level = usual.reduce((sum, value, i) => sum + data.y[i]! - Math.log(value), 0) / usual.length;

    const p = rows[0]!.length;
    const gram = new Float64Array(p * p);
    const target = new Float64Array(p);
    rows.forEach((terms, i) => {
      // Each term as a share of the run time seen there: the residuals are then relative errors.
      const shares = terms.map(({ value }) => value * Math.exp(level - data.y[i]!));
      const weight = data.weight[i]! / (NOISE * NOISE);
      for (let a = 0; a < p; a += 1) {
        target[a] = target[a]! + weight * shares[a]!;
        for (let b = 0; b < p; b += 1) gram[a * p + b] = gram[a * p + b]! + weight * shares[a]! * shares[b]!;
      }
    });
    rows[0]!.forEach(({ mean, sd }, a) => {
      gram[a * p + a] = gram[a * p + a]! + 1 / (sd * sd);
      target[a] = target[a]! + mean / (sd * sd);
    });
    const weights = nonNegativeLeastSquares(gram, target);
    const law = (x: Float64Array): number =>
      level +
      Math.log(
        Math.max(
          termsOf(x).reduce((sum, { value }, a) => sum + value * weights[a]!, 0),
          FLOOR,
        ),
      );
    const process = gpAround(data, (x) => ({ offset: law(x), basis: NO_BASIS }), PRIORS, hyper);
    // Leaving a run out in closed form would keep weights that have seen it.
    return { hyper: process.hyper, mean: process.mean, predict: process.predict };
  },
};

const NO_BASIS = new Float64Array(0);

/** Relative to the middle of the described table, where every term of scale-out and size is about 1. */
function ernestTerms(schema: FeatureSchema): (x: Float64Array) => Term[] {
  const scale = schema.columns.findIndex(({ role, kind }) => role === 'scale' && kind === 'log');
  const size = schema.columns.findIndex(({ role, kind }) => role === 'size' && kind === 'log');
  const others = schema.columns
    .flatMap((column, at) =>
      at === scale || at === size
        ? []
        : [{ column, at, reach: Math.max(1, schema.features[column.feature]!.reach / 1.5) }],
    )
    .slice(0, MOST_FEATURES_IN_PRODUCTS);
  return (x) => {
    const m = scale === -1 ? 1 : Math.exp(x[scale]!);
    const s = size === -1 ? 1 : Math.exp(x[size]!);
    const byScale = [
      { value: 1, mean: 0.3, sd: 0.3 },
      { value: 1 / m, mean: 0.6, sd: 0.4 },
      { value: 1 / (m * m), mean: 0.1, sd: 0.2 },
      { value: Math.log1p(m), mean: 0, sd: 0.1 },
      { value: m, mean: 0, sd: 0.05 },
    ];
    const bySize = [
      { value: 1, mean: 0.1 },
      { value: s, mean: 0.9 },
    ];
    const terms = byScale.flatMap((a) =>
      bySize.map((b) => ({ value: a.value * b.value, mean: a.mean * b.mean, sd: a.sd })),
    );
    // Work that is serial, shared, and shared with more memory: a feature may weigh on each; on start and coordination it hardly does.
    const weighed = [terms[0]!, terms[1]!, terms[3]!, terms[5]!];
    const products = weighed.flatMap(({ value, sd }) =>
      others.flatMap(({ column, at, reach }) => {
        const z = x[at]! / reach;
        if (column.kind !== 'log') return [{ value: value * z, mean: 0, sd: sd / 2 }];
        return [
          { value: value * Math.exp(z), mean: 0, sd: sd / 2 },
          { value: value * Math.exp(-z), mean: 0, sd: sd / 4 },
          { value: value * Math.max(0, 1 + z / 3), mean: 0, sd: sd / 2 },
        ];
      }),
    );
    return [...terms, ...products];
  };
}
