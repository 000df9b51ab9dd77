import { studentQuantile } from '../regression/distributions.ts';
import { choleskyInPlace, dot, inverseFromCholesky } from '../regression/linear-algebra.ts';
import type { Configuration } from '../setter/history-run.ts';

/** What the law learns from, and is asked about. */
export interface LawSetting {
  readonly configuration: Pick<Configuration, 'executors' | 'coresPerExecutor' | 'memoryMib' | 'shufflePartitions'>;
  readonly inputBytes: number;
}
export interface LawRun extends LawSetting {
  readonly durationMs: number;
}

export interface LawPrediction {
  /** Of the logarithm of milliseconds. */
  readonly logMs: number;
  /** How unsure the middle of such runs is. */
  readonly logSd: number;
  /** Not exceeded by one further run with that probability. */
  upperMs(confidence: number): number;
}

/** Run time near one configuration. */
export interface StepLaw {
  predict(setting: LawSetting): LawPrediction;
  /** Milliseconds that a run would have taken on another input. */
  onInput(run: LawRun, inputBytes: number): number;
}

interface Coefficient {
  readonly mean: number;
  readonly sd: number;
}

/**
 * What is believed of the logarithm of run time before any run, in steps of the logarithm of a setting away from the start.
 *
 * Scale-out and size are the usual laws (slots^−0.7, size^0.9) and how far applications differ from them; `bend` is that scaling
 * levels off. More memory helps or does not, less may hurt a lot. Fewer partitions save a start each and cost balance.
 */
const PRIOR = {
  level: { mean: 0, sd: 1 },
  executors: { mean: -0.7, sd: 0.35 },
  cores: { mean: -0.6, sd: 0.4 },
  bend: { mean: 0.05, sd: 0.08 },
  moreMemory: { mean: 0, sd: 0.1 },
  lessMemory: { mean: 0.1, sd: 0.5 },
  partitions: { mean: 0.05, sd: 0.25 },
  partitionsBend: { mean: 0.05, sd: 0.1 },
  size: { mean: 0.9, sd: 0.4 },
} as const satisfies Readonly<Record<string, Coefficient>>;
const SIZE_INDEX = Object.keys(PRIOR).indexOf('size');

/** How far repeats of a run usually differ, as a share, and of how many runs that belief is worth. */
const NOISE = 0.1;
const NOISE_RUNS = 4;

/**
 * Fits the law: a linear model of log run time with a conjugate prior, so that it says how unsure it is from the first run on.
 *
 * Its intervals are Student's: runs that scatter more than expected make everything less sure.
 *
 * @param runs - at least one
 * @param origin - steps are counted from here
 * @see Gelman et al., Bayesian Data Analysis, 3rd edition, §14.8
 */
export function fitStepLaw(runs: readonly LawRun[], origin: LawRun): StepLaw {
  const prior: readonly Coefficient[] = Object.values(PRIOR);
  const n = prior.length;
  const rows = runs.map((run) => features(run, origin));
  const targets = runs.map(({ durationMs }) => Math.log(durationMs / origin.durationMs));

  const precision = new Float64Array(n * n);
  const weighted = new Float64Array(n);
  prior.forEach(({ mean, sd }, i) => {
    const weight = (NOISE / sd) ** 2;
    precision[i * n + i] = weight;
    weighted[i] = weight * mean;
  });
  rows.forEach((row, r) => {
    const target = targets[r] ?? 0;
    row.forEach((a, i) => {
      weighted[i] = (weighted[i] ?? 0) + a * target;
      row.forEach((b, j) => {
        precision[i * n + j] = (precision[i * n + j] ?? 0) + a * b;
      });
    });
  });
  choleskyInPlace(precision, n);
  const spread = inverseFromCholesky(precision, n);
  const column = (i: number): Float64Array => spread.subarray(i * n, (i + 1) * n);
  const coefficients = prior.map((_, i) => dot(column(i), weighted));

  const misfit =
    rows.reduce((sum, row, r) => sum + ((targets[r] ?? 0) - dot(row, coefficients)) ** 2, 0) +
    prior.reduce((sum, { mean, sd }, i) => sum + (((coefficients[i] ?? 0) - mean) * (NOISE / sd)) ** 2, 0);
  const freedom = NOISE_RUNS + runs.length;
  const noise2 = (NOISE_RUNS * NOISE ** 2 + misfit) / freedom;

  return {
    predict(setting) {
      const row = features(setting, origin);
      const logMs = Math.log(origin.durationMs) + dot(row, coefficients);
      const unsure = row.reduce((sum, a, i) => sum + a * dot(column(i), row), 0);
      const logSd = Math.sqrt(noise2 * unsure);
      return {
        logMs,
        logSd,
        upperMs: (confidence) =>
          Math.exp(logMs + studentQuantile(confidence, freedom) * Math.sqrt(noise2 * (1 + unsure))),
      };
    },
    onInput(run, inputBytes) {
      const slope = Math.max(0, coefficients[SIZE_INDEX] ?? 0);
      return run.durationMs * Math.exp(slope * sizeStep(inputBytes, run.inputBytes));
    },
  };
}

function features({ configuration, inputBytes }: LawSetting, origin: LawRun): number[] {
  const step = (name: keyof LawSetting['configuration']): number =>
    Math.log(configuration[name] / origin.configuration[name]);
  const slots = step('executors') + step('coresPerExecutor');
  const memory = step('memoryMib');
  const partitions = step('shufflePartitions');
  return [
    1,
    step('executors'),
    step('coresPerExecutor'),
    slots ** 2,
    Math.max(0, memory),
    Math.max(0, -memory),
    partitions,
    partitions ** 2,
    sizeStep(inputBytes, origin.inputBytes),
  ];
}

/** Runs without input (or of unknown input) count as equally large. */
function sizeStep(to: number, from: number): number {
  return to > 0 && from > 0 ? Math.log(to / from) : 0;
}
