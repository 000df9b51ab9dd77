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
      const z = others.map((other) => effectOf(other, x[other.at]!));
      for (let j = 0; j < z.length; j += 1) {
        whole += p[first + 3 * j]! * z[j]!;
        serial += p[first + 3 * j + 1]! * z[j]!;
        shared += p[first + 3 * j + 2]! * z[j]!;
      }
      const work = p[6]! * s;
      const parts = [
        p[1]! + serial,
        p[2]! + work + serial,
        p[3]! + work - m + shared,
        p[4]! + work - 2 * m + shared,
        p[5]! + m,
      ];
      const most = Math.max(...parts);
      const shares = parts.map((part) => Math.exp(part - most));
      const sum = shares.reduce((total, share) => total + share, 0);
      if (jacobian !== undefined) {
        const share = shares.map((part) => part / sum);
        jacobian[0] = 1;
        share.forEach((part, k) => (jacobian[1 + k] = part));
        jacobian[6] = s * (share[1]! + share[2]! + share[3]!);
        z.forEach((value, j) => {
          jacobian[first + 3 * j] = value;
          jacobian[first + 3 * j + 1] = value * (share[0]! + share[1]!);
          jacobian[first + 3 * j + 2] = value * (share[2]! + share[3]!);
        });
      }
      return whole + most + Math.log(sum);
    },
  };
}
