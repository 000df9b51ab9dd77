import {
  fitModel,
  restoreModel,
  type ModelDocument,
  type Prediction,
  type RunTimeModel,
} from '../regression/run-time-model.ts';
import type { FeatureRow, FeatureValue } from '../regression/features.ts';
import type { LawPrior } from '../regression/scaling-law.ts';
import type { Configuration, HistoryRun } from './history-run.ts';
import { ModelError } from '../util/errors.ts';
import { varyingParameters, type Parameters } from './parameters.ts';

export const FEATURES = ['executors', 'inputBytes', 'coresPerExecutor', 'memoryMib', 'shufflePartitions'] as const;
export type FeatureName = (typeof FEATURES)[number];

/** What is learnt of a run. Each is positive in a model: spill counts from 1 MiB, so that none is a little, not nothing. */
export const TARGETS = ['durationMs', 'coreMs', 'peakMemoryBytes', 'spilledBytes'] as const;
export type Target = (typeof TARGETS)[number];

/** A question to a model: a configuration and how much input it is to work on. */
export interface Setting extends Pick<
  Configuration,
  'executors' | 'coresPerExecutor' | 'memoryMib' | 'shufflePartitions'
> {
  readonly inputBytes: number;
  /** Further settings; of the newest run where one is not told. */
  readonly parameters?: Parameters | undefined;
}

/** What the runs of one application teach, of its run time unless another target was named. */
export interface HistoryModel {
  readonly model: RunTimeModel;
  /** Features of which the runs have more than one value; of the others the model knows nothing. */
  readonly learned: readonly string[];
  readonly medianDurationMs: number;
  readonly distinctSettings: number;
  predict(setting: Setting, confidence: number): Prediction;
  /** The same for one setting and several confidences, the work done once. */
  at(setting: Setting): (confidence: number) => Prediction;
  /** The value of a prediction without its interval, and without levelling by size: quick, for a first choice among many. */
  roughly(setting: Setting): number;
}

export interface FitHistoryOptions {
  readonly target?: Target;
  /** What similar applications taught, for run time. */
  readonly prior?: LawPrior;
  /** Features of the model even where all runs had one value: then only the prior tells what another would do. */
  readonly always?: readonly FeatureName[];
  /** Of an earlier fit to the same runs: nothing is searched for then. */
  readonly stored?: ModelDocument | undefined;
}

const ROLES: Readonly<Record<string, 'scale' | 'size'>> = { executors: 'scale', inputBytes: 'size' };
const MIB = 2 ** 20;
/** An answer takes the square of it: a person waits for it. */
const MOST_SETTINGS = 125;

/**
 * Fits the run time of one application. Every run counts, not the median of equal settings: an interval is to hold one further
 * run, so it must know how far repeats differ.
 *
 * @param runs - at least one; their order changes nothing
 */
export function fitHistory(runs: readonly HistoryRun[], options: FitHistoryOptions = {}): HistoryModel {
  const { target = 'durationMs', prior, always = [], stored } = options;
  const parameters = varyingParameters(runs);
  const usual = newestParameters(runs);
  const valueOf = (setting: Setting, name: string): FeatureValue =>
    isFeature(name) ? setting[name] : ((setting.parameters ?? usual)[name] ?? usual[name] ?? null);
  const measured = runs.flatMap((run) => {
    const value = targetOf(run, target);
    return value === undefined
      ? []
      : [{ setting: { ...settingOf(run), parameters: run.parameters ?? {} }, target: value }];
  });
  const learned = [...FEATURES, ...parameters].filter((name) => {
    const [first] = measured;
    return (
      first !== undefined && measured.some(({ setting }) => valueOf(setting, name) !== valueOf(first.setting, name))
    );
  });
  // A model needs some feature; of equal runs it then says what they took, whatever the question.
  const named = [...FEATURES, ...parameters].filter(
    (name) => learned.includes(name) || always.some((one) => one === name),
  );
  const names = named.length === 0 ? ['executors'] : named;
  const pick = (setting: Setting): FeatureRow =>
    Object.fromEntries(names.map((name) => [name, valueOf(setting, name)]));
  if (stored !== undefined && stored.schema.features.map(({ name }) => name).join(' ') !== names.join(' '))
    throw new ModelError('MODEL_VERSION', 'The stored model has other features than these runs teach of; fit it again');
  const model =
    stored === undefined
      ? fitModel(
          measured.map((run) => ({ features: pick(run.setting), target: run.target })),
          {
            features: names,
            mostRows: MOST_SETTINGS,
            roles: Object.fromEntries(names.map((name) => [name, ROLES[name] ?? 'other'])),
            ...(prior === undefined ? {} : { learned: prior }),
          },
        )
      : restoreModel(stored);
  return {
    model,
    learned,
    medianDurationMs: median(runs.map(({ durationMs }) => durationMs)),
    distinctSettings: model.document.rows.length,
    predict: (setting, confidence) => told(model.predict(pick(setting), confidence), target),
    at: (setting) => {
      const predict = model.at(pick(setting));
      return (confidence) => told(predict(confidence), target);
    },
    roughly: (setting) => model.roughly(pick(setting)),
  };
}

function isFeature(name: string): name is FeatureName {
  return FEATURES.some((feature) => feature === name);
}

/** The value of a run that a model learns, above 0; absent where it was not measured. */
export function targetOf(run: HistoryRun, target: Target): number | undefined {
  const value = run[target];
  if (value === undefined) return undefined;
  return target === 'spilledBytes' ? value + MIB : value > 0 ? value : undefined;
}

/** A prediction in the unit of the run. */
function told(prediction: Prediction, target: Target): Prediction {
  if (target !== 'spilledBytes') return prediction;
  const bytes = (value: number): number => Math.max(0, value - MIB);
  const { value, interval } = prediction;
  return {
    ...prediction,
    value: bytes(value),
    ...(interval === undefined ? {} : { interval: { low: bytes(interval.low), high: bytes(interval.high) } }),
  };
}

export function settingOf({ configuration, inputBytes }: HistoryRun): Setting {
  const { executors, coresPerExecutor, memoryMib, shufflePartitions } = configuration;
  return { executors, inputBytes, coresPerExecutor, memoryMib, shufflePartitions };
}

/** Different settings among the runs, their parameters aside. */
export function countSettings(runs: readonly HistoryRun[]): number {
  return new Set(runs.map((run) => JSON.stringify(settingOf(run)))).size;
}

function newestParameters(runs: readonly HistoryRun[]): Parameters {
  const key = ({ endTime, cluster, run }: HistoryRun): string => `${endTime}\0${cluster}\0${run}`;
  const newest = runs.reduce<HistoryRun | undefined>(
    (best, run) => (best === undefined || key(run) > key(best) ? run : best),
    undefined,
  );
  return newest?.parameters ?? {};
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? NaN) + upper) / 2;
}
