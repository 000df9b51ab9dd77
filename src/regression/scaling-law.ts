/* eslint-disable @typescript-eslint/no-non-null-assertion -- the loops bound every index, and a typed array has no holes */
import type { FeatureSchema } from './features.ts';

/**
 * How run time follows scale-out m and size s, as a sum of parts (all relative to the middle of the described table):
 *
 *   t = e^level · e^(Σ effect·z) · ( start + serial·s^α + parallel·s^α/m + superlinear·s^α/m² + growth·m )
 *
 * `start` is what every run pays, `serial` what no further machine shortens, `parallel` what all share,
 * `superlinear` what also gets cheaper because more memory is at hand, `growth` the coordination that more machines cost.
 * Another feature z multiplies the whole (`effect`) and may weigh more on what is serial or on what is shared.
 *
 * Extends Ernest (Venkataraman et al., NSDI 2016: 1, s/m, log m, m) and the Universal Scalability Law (Gunther, 1993).
 */
export interface ScalingLaw {
  /** Names of the parameters; weights and effects are natural logarithms. */
  readonly parameters: readonly string[];
  /** ln t at an encoded row. Writes the derivatives by the parameters into `jacobian` when it is given. */
  value(x: Float64Array, parameters: Float64Array, jacobian?: Float64Array): number;
}

/** What is believed of one parameter before the runs of this application were seen. */
export interface ParameterPrior {
  readonly mean: number;
  readonly sd: number;
}

/** By name of the parameter; what is not named has its default. */
export type LawPrior = Readonly<Record<string, ParameterPrior>>;

const PARTS = ['start', 'serial', 'parallel', 'superlinear', 'growth'] as const;

/**
 * Shares at the middle of the table, wide: a factor of 2 to 3 each way.
 * α: close to linear, as for the sorts and scans of the published scale-out studies.
 */
const DEFAULTS: LawPrior = {
  level: { mean: 0, sd: 2 },
  start: { mean: Math.log(0.1), sd: 1 },
  serial: { mean: Math.log(0.25), sd: 0.8 },
  parallel: { mean: Math.log(0.6), sd: 0.5 },
  superlinear: { mean: Math.log(0.1), sd: 1.1 },
  growth: { mean: Math.log(0.01), sd: 1 },
  sizeExponent: { mean: 0.95, sd: 0.2 },
};
/** A feature of which nothing is known changes run time by a factor of e^±0.7 over its usual range. */
const EFFECT: ParameterPrior = { mean: 0, sd: 0.7 };
const LEANING: ParameterPrior = { mean: 0, sd: 0.4 };

/** The prior of each parameter of a law, in its order. */
export function priorOf(law: ScalingLaw, learned: LawPrior = {}): ParameterPrior[] {
  return law.parameters.map((name) => learned[name] ?? defaultPrior(name));
}

/** What is believed of a parameter when no application has taught anything about it. */
export function defaultPrior(name: string): ParameterPrior {
  return DEFAULTS[name] ?? (name.startsWith('effect ') ? EFFECT : LEANING);
}

/** The law for the features of a schema. Without a scale-out or size those terms stay constant. */
export function scalingLaw(schema: FeatureSchema): ScalingLaw {
  const scale = schema.columns.findIndex(({ role, kind }) => role === 'scale' && kind === 'log');
  const size = schema.columns.findIndex(({ role, kind }) => role === 'size' && kind === 'log');
  const others = schema.columns.flatMap((column, at) =>
    at === scale || at === size ? [] : [{ column, at, feature: schema.features[column.feature]! }],
  );
  const names = others.map(({ column, feature, at }) =>
    column.kind === 'flag'
      ? `${feature.name}#${schema.columns.slice(0, at).filter((other) => other.feature === column.feature).length}`
      : feature.name,
  );
  const first = 1 + PARTS.length + 1;

  // Asked thousands of times for one suggestion: no array is made in it.
  const z = new Float64Array(others.length);
  const shares = new Float64Array(PARTS.length);
  const effectOf = ({ column, feature }: (typeof others)[number], x: number): number => {
    if (column.kind === 'log') return x / Math.max(1, feature.reach);
    // A share from 0 to 1 usually adds work to what is there already: ln(1 + 3x), scaled to 2 at x = 1.
    return column.kind === 'linear' && x > -0.3 ? Math.log1p(3 * x) / Math.LN2 : x;
  };

  return {
    parameters: [
      'level',
      ...PARTS,
      'sizeExponent',
      ...names.flatMap((name) => [`effect ${name}`, `serial ${name}`, `parallel ${name}`]),
    ],
    value(x, p, jacobian) {
      const m = scale === -1 ? 0 : x[scale]!;
      const s = size === -1 ? 0 : x[size]!;
      let whole = p[0]!;
      let serial = 0;
      let shared = 0;
      for (let j = 0; j < z.length; j += 1) {
        z[j] = effectOf(others[j]!, x[others[j]!.at]!);
        whole += p[first + 3 * j]! * z[j]!;
        serial += p[first + 3 * j + 1]! * z[j]!;
        shared += p[first + 3 * j + 2]! * z[j]!;
      }
      const work = p[6]! * s;
      const start = p[1]! + serial;
      const alone = p[2]! + work + serial;
      const parallel = p[3]! + work - m + shared;
      const superlinear = p[4]! + work - 2 * m + shared;
      const growth = p[5]! + m;
      const most = Math.max(start, alone, parallel, superlinear, growth);
      shares[0] = Math.exp(start - most);
      shares[1] = Math.exp(alone - most);
      shares[2] = Math.exp(parallel - most);
      shares[3] = Math.exp(superlinear - most);
      shares[4] = Math.exp(growth - most);
      const sum = shares[0] + shares[1] + shares[2] + shares[3] + shares[4];
      if (jacobian !== undefined) {
        jacobian[0] = 1;
        for (let k = 0; k < shares.length; k += 1) {
          shares[k] = shares[k]! / sum;
          jacobian[1 + k] = shares[k]!;
        }
        jacobian[6] = s * (shares[1] + shares[2] + shares[3]);
        for (let j = 0; j < z.length; j += 1) {
          jacobian[first + 3 * j] = z[j]!;
          jacobian[first + 3 * j + 1] = z[j]! * (shares[0] + shares[1]);
          jacobian[first + 3 * j + 2] = z[j]! * (shares[2] + shares[3]);
        }
      }
      return whole + most + Math.log(sum);
    },
  };
}
