import { createHash } from 'node:crypto';
import { ModelError } from '../util/errors.ts';
import { halfWidth } from './calibration.ts';
import { condense } from './condense.ts';
import { fitEnsemble, restoreEnsemble, type Ensemble, type EnsembleState } from './ensemble.ts';
import { describeFeatures, encodeRow, type FeatureRole, type FeatureRow, type FeatureSchema } from './features.ts';
import { seatsWith } from './members/index.ts';
import { monotoneInSize } from './monotone-size.ts';
import { levelsOf, type Novelty } from './question.ts';
import type { LawPrior } from './scaling-law.ts';
import { toTrainingData, type TrainingData } from './training-data.ts';

/** Raised whenever a stored model would predict otherwise after a change of the code. */
export const MODEL_VERSION = 3;

/** Fewer distinct settings than this say nothing of how wrong a prediction may be: there is no interval then. */
export const LEAST_ROWS_FOR_INTERVAL = 3;

/** One finished run: its features and what is to be predicted. */
export interface TrainingRun {
  readonly features: FeatureRow;
  /** Positive: a duration, core time, bytes. */
  readonly target: number;
}

export interface FitOptions {
  /** Names of the features. The first is the scale-out and the second the input size, unless `roles` says otherwise. */
  readonly features: readonly string[];
  readonly roles?: Readonly<Record<string, FeatureRole>>;
  /** Further rows whose features are known, such as candidates: they widen the described ranges and are not learned from. */
  readonly candidates?: readonly FeatureRow[];
  /** What similar applications taught (transfer.ts); the usual priors without. */
  readonly learned?: LawPrior;
  /** More settings than this are joined; 200 when absent. Fewer make the model quicker, and blind to small differences. */
  readonly mostRows?: number;
}

export interface Prediction {
  /** As likely to be exceeded as not, in the unit of the target. */
  readonly value: number;
  /** Holds a further run with the probability asked for; absent when there are not enough runs to tell. */
  readonly interval?: { readonly low: number; readonly high: number };
  /** Standard deviation of the logarithm, as believed; the interval is what was checked. */
  readonly logSd: number;
  /** Whether the question goes beyond what was seen, and in which feature. */
  readonly novelty: Novelty;
  readonly novelFeature?: string;
}

/** A fitted model as it is stored: JSON. */
export interface ModelDocument {
  readonly version: number;
  /** SHA-256 of the encoded rows, their schema and what was carried over; equal for equal runs in any order. */
  readonly hash: string;
  readonly runs: number;
  readonly schema: FeatureSchema;
  /** Smallest and largest value seen of each numeric feature. */
  readonly range: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
  /** Error on left-out runs: mean absolute relative error, and root mean square of the logarithm. */
  readonly error: { readonly mape: number; readonly rmseLog: number } | null;
  readonly learned: LawPrior;
  readonly state: EnsembleState;
  readonly rows: readonly {
    readonly x: readonly number[];
    readonly y: number;
    readonly weight: number;
    readonly scatter: number;
  }[];
}

/** Predicts the target of a run from its features. */
export interface RunTimeModel {
  readonly document: ModelDocument;
  /**
   * @param confidence - probability with which the interval is to hold one further run
   * @throws ModelError `MODEL_CONFIDENCE` unless 0 < confidence < 1
   */
  predict(features: FeatureRow, confidence?: number): Prediction;
  /** The same for several confidences: all of the work is done by this, and an interval more costs nothing. */
  at(features: FeatureRow): (confidence?: number) => Prediction;
  /** About the value of a prediction, a tenth of the work: before it is made to grow with size, and without an interval. */
  roughly(features: FeatureRow): number;
}

/**
 * Learns from finished runs. The order of the runs changes nothing.
 *
 * @throws ModelError `MODEL_NO_FEATURES` without runs, `MODEL_TARGET` for a target that is not a positive number
 */
export function fitModel(runs: readonly TrainingRun[], options: FitOptions): RunTimeModel {
  const bad = runs.find(({ target }) => !(target > 0 && Number.isFinite(target)));
  if (bad !== undefined)
    throw new ModelError(
      'MODEL_TARGET',
      `A target is ${String(bad.target)}, but must be a positive number; leave such runs out`,
    );

  const rows = runs.map(({ features }) => features);
  const schema = describeFeatures([...rows, ...(options.candidates ?? [])], options.features, options.roles);
  const encoded = rows.map((row) => encodeRow(schema, row));
  const data = condense(
    toTrainingData(
      schema,
      encoded,
      runs.map(({ target }) => Math.log(target)),
    ),
    options.mostRows,
  );
  const learned = options.learned ?? {};
  const ensemble = fitEnsemble(data, seatsWith(learned));
  const known = ensemble.state.answering[0];
  const stored = data.x.map((x, i) => ({
    x: [...x],
    y: data.y[i] ?? NaN,
    weight: data.weight[i] ?? 1,
    scatter: data.scatter[i] ?? 0,
  }));
  return modelOf(data, ensemble, {
    version: MODEL_VERSION,
    hash: createHash('sha256')
      .update(JSON.stringify([MODEL_VERSION, schema, stored, sortedEntries(learned)]))
      .digest('hex'),
    runs: runs.length,
    schema,
    range: rangesOf(rows, options.features),
    error:
      known === undefined || known.calibration.scores.length === 0 ? null : { mape: known.mape, rmseLog: known.rmse },
    learned,
    state: ensemble.state,
    rows: stored,
  });
}

/**
 * The model of a stored document, without a search: milliseconds.
 *
 * @throws ModelError `MODEL_VERSION` for a document of another version: fit again
 */
export function restoreModel(document: ModelDocument): RunTimeModel {
  if (document.version !== MODEL_VERSION) {
    throw new ModelError(
      'MODEL_VERSION',
      `The stored model has version ${document.version}, this program makes ${MODEL_VERSION}; fit it again`,
    );
  }
  const data = dataOf(document);
  const seats = seatsWith(document.learned);
  const memberOf = (name: string) => {
    const seat = seats.find(({ member }) => member.name === name);
    if (seat === undefined)
      throw new ModelError(
        'MODEL_VERSION',
        `The stored model has a member ${name} that this program does not know; fit it again`,
      );
    return seat.member;
  };
  return modelOf(data, restoreEnsemble(data, document.state, memberOf), document);
}

/** The rows a stored model was fitted on. */
export function dataOf({ schema, rows }: ModelDocument): TrainingData {
  return {
    schema,
    x: rows.map(({ x }) => Float64Array.from(x)),
    y: Float64Array.from(rows, ({ y }) => y),
    weight: Float64Array.from(rows, ({ weight }) => weight),
    scatter: Float64Array.from(rows, ({ scatter }) => scatter),
    // Only who learns how wide intervals must be looks at single runs.
    runs: rows.map(() => []),
  };
}

function modelOf(data: TrainingData, ensemble: Ensemble, document: ModelDocument): RunTimeModel {
  const { schema } = data;
  const sizeColumn = schema.columns.findIndex(({ role, kind }) => role === 'size' && kind === 'log');
  const mean =
    sizeColumn === -1
      ? (x: Float64Array) => ensemble.mean(x)
      : monotoneInSize(
          (x) => ensemble.mean(x),
          sizeColumn,
          levelsOf(data, { valueOf: (x) => x[sizeColumn] ?? NaN }).all,
        );
  const at = (features: FeatureRow): ((confidence?: number) => Prediction) => {
    const x = encodeRow(schema, features);
    const middle = mean(x);
    const { variance, answering, stretch } = ensemble.belief(x);
    const logSd = Math.sqrt(variance) * stretch;
    // A value with few runs was seen: it is answered as carefully as a new one, and not called one.
    const novelty = answering.own > 0 ? 'known' : answering.novelty;
    const novelFeature =
      novelty === 'known' ? undefined : schema.features[schema.columns[answering.column]?.feature ?? -1]?.name;
    return (confidence = 0.9) => {
      if (!(confidence > 0 && confidence < 1))
        throw new ModelError('MODEL_CONFIDENCE', `The confidence is ${confidence}, but must be between 0 and 1`);
      const reach = halfWidth(answering.calibration, confidence) * logSd;
      return {
        value: Math.exp(middle),
        ...(data.x.length < LEAST_ROWS_FOR_INTERVAL
          ? {}
          : { interval: { low: Math.exp(middle - reach), high: Math.exp(middle + reach) } }),
        logSd,
        novelty,
        ...(novelFeature === undefined ? {} : { novelFeature }),
      };
    };
  };
  return {
    document,
    roughly: (features) => Math.exp(ensemble.mean(encodeRow(schema, features))),
    at,
    predict: (features, confidence) => at(features)(confidence),
  };
}

function rangesOf(rows: readonly FeatureRow[], names: readonly string[]): ModelDocument['range'] {
  return Object.fromEntries(
    names.flatMap((name) => {
      const values = rows.map((row) => row[name]).filter((value) => typeof value === 'number');
      return values.length === 0
        ? []
        : [[name, { min: values.reduce((a, b) => Math.min(a, b)), max: values.reduce((a, b) => Math.max(a, b)) }]];
    }),
  );
}

function sortedEntries(learned: LawPrior): [string, unknown][] {
  return Object.entries(learned).sort(([a], [b]) => (a < b ? -1 : 1));
}
