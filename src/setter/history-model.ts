import { fitModel, type Prediction, type RunTimeModel } from '../regression/run-time-model.ts';
import type { FeatureRow } from '../regression/features.ts';
import type { Configuration, HistoryRun } from './history-run.ts';

export const FEATURES = ['executors', 'inputBytes', 'coresPerExecutor', 'memoryMib', 'shufflePartitions'] as const;
export type FeatureName = (typeof FEATURES)[number];

/** A question to a model: a configuration and how much input it is to work on. */
export interface Setting extends Pick<
  Configuration,
  'executors' | 'coresPerExecutor' | 'memoryMib' | 'shufflePartitions'
> {
  readonly inputBytes: number;
}

/** What the runs of one application teach of its run time. */
export interface HistoryModel {
  readonly model: RunTimeModel;
  /** Features of which the runs have more than one value; of the others the model knows nothing. */
  readonly learned: readonly FeatureName[];
  readonly medianDurationMs: number;
  readonly distinctSettings: number;
  predict(setting: Setting, confidence: number): Prediction;
}

const ROLES = { executors: 'scale', inputBytes: 'size' } as const;

/**
 * Fits the run time of one application. Every run counts, not the median of equal settings: an interval is to hold one further
 * run, so it must know how far repeats differ.
 *
 * @param runs - at least one; their order changes nothing
 */
export function fitHistory(runs: readonly HistoryRun[]): HistoryModel {
  const rows = runs.map((run) => ({ features: settingOf(run), target: run.durationMs }));
  const learned = FEATURES.filter((name) => new Set(rows.map(({ features }) => features[name])).size > 1);
  // A model needs some feature; of equal runs it then says what they took, whatever the question.
  const names = learned.length === 0 ? (['executors'] as const) : learned;
  const pick = (setting: Setting): FeatureRow => Object.fromEntries(names.map((name) => [name, setting[name]]));
  const model = fitModel(
    rows.map(({ features, target }) => ({ features: pick(features), target })),
    { features: names, roles: Object.fromEntries(names.map((name) => [name, roleOf(name)])) },
  );
  return {
    model,
    learned,
    medianDurationMs: median(runs.map(({ durationMs }) => durationMs)),
    distinctSettings: model.document.rows.length,
    predict: (setting, confidence) => model.predict(pick(setting), confidence),
  };
}

export function settingOf({ configuration, inputBytes }: HistoryRun): Setting {
  const { executors, coresPerExecutor, memoryMib, shufflePartitions } = configuration;
  return { executors, inputBytes, coresPerExecutor, memoryMib, shufflePartitions };
}

function roleOf(name: FeatureName): 'scale' | 'size' | 'other' {
  return name === 'executors' || name === 'inputBytes' ? ROLES[name] : 'other';
}

/** The middle value, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? NaN) + upper) / 2;
}
