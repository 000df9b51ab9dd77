import { ModelError } from '../util/errors.ts';
import type { CsvRecord } from '../util/csv.ts';
import type { FeatureRow, FeatureValue } from './features.ts';
import { fitModel } from './run-time-model.ts';

/** Which rows of a table to learn from and which to predict. */
export interface Split {
  readonly id: string;
  /** Splits of one tag are summed up together; none is the empty tag. */
  readonly tag?: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
}

export interface EvaluateRunsOptions {
  readonly rows: readonly CsvRecord[];
  /** Column that names a row in the splits. */
  readonly idColumn: string;
  /** Column to predict. */
  readonly target: string;
  /** Columns to predict from: the first is the scale-out, the second the size. */
  readonly features: readonly string[];
  /** An array of splits, or an object that holds one as `splits`. */
  readonly splits: unknown;
  /** Only the first so many splits. */
  readonly limit?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface SplitScore {
  readonly id: string;
  readonly tag: string;
  /** Rows learned from. */
  readonly n: number;
  /** Mean of |predicted − true| / true over the test rows, in percent. */
  readonly mape: number;
  /** Share of test rows inside the 90 % interval; null when there were not enough runs for one. */
  readonly coverage90: number | null;
  /** Mean of (high − low) / predicted; null likewise. */
  readonly width90: number | null;
}

/** Over splits. */
export interface Summary {
  readonly mean: number | null;
  readonly median: number | null;
  readonly p90: number | null;
}

export interface ScoreSummary {
  readonly splits: number;
  /** `p90Rows`: of the single errors of all test rows together. */
  readonly mape: Summary & { readonly p90Rows: number | null };
  readonly coverage90: Summary;
  readonly width90: Summary;
}

export interface RunsEvaluation {
  readonly splits: readonly SplitScore[];
  readonly byTag: Readonly<Record<string, ScoreSummary>>;
  readonly overall: ScoreSummary;
}

/**
 * Fits on the training rows of each split and scores the predictions of its test rows.
 *
 * The features of the test rows are known while fitting, their targets are not.
 *
 * @throws ModelError `EVALUATE_COLUMN` for a column that is not there, `EVALUATE_SPLITS` for splits of another shape or rows that are not there
 */
export function evaluateRuns(options: EvaluateRunsOptions): RunsEvaluation {
  const { idColumn, target, features, onProgress } = options;
  const splits = readSplits(options.splits).slice(0, options.limit);
  const table = readTable(options.rows, idColumn, target, features);
  const scored = splits.map((split, at) => {
    const score = scoreSplit(split, table, features);
    onProgress?.(at + 1, splits.length);
    return score;
  });
  const tags = [...new Set(scored.map(({ score }) => score.tag))];
  return {
    splits: scored.map(({ score }) => score),
    byTag: Object.fromEntries(tags.map((tag) => [tag, summarise(scored.filter(({ score }) => score.tag === tag))])),
    overall: summarise(scored),
  };
}

interface TableRow {
  readonly features: FeatureRow;
  readonly target: number;
}

interface Scored {
  readonly score: SplitScore;
  /** Percent. */
  readonly errors: readonly number[];
}

function scoreSplit(split: Split, table: ReadonlyMap<string, TableRow>, features: readonly string[]): Scored {
  const rowOf = (id: string): TableRow => {
    const row = table.get(id);
    if (row === undefined)
      throw new ModelError('EVALUATE_SPLITS', `Split ${split.id} names a row ${id} that the table does not have`);
    return row;
  };
  const test = split.test.map(rowOf);
  const train = split.train.map(rowOf);
  const model = fitModel(train, { features, candidates: test.map((row) => row.features) });
  const predicted = test.map((row) => ({ ...model.predict(row.features, 0.9), truth: row.target }));
  const errors = predicted.map(({ value, truth }) => (100 * Math.abs(value - truth)) / truth);
  const intervals = predicted.flatMap(({ interval, value, truth }) =>
    interval === undefined
      ? []
      : [
          {
            covers: interval.low <= truth && truth <= interval.high ? 1 : 0,
            width: (interval.high - interval.low) / value,
          },
        ],
  );
  const score = {
    id: split.id,
    tag: split.tag ?? '',
    n: train.length,
    mape: mean(errors) ?? NaN,
    coverage90: mean(intervals.map(({ covers }) => covers)),
    width90: mean(intervals.map(({ width }) => width)),
  };
  return { score, errors };
}

function readSplits(given: unknown): Split[] {
  const list: unknown = typeof given === 'object' && given !== null && 'splits' in given ? given.splits : given;
  if (!Array.isArray(list))
    throw new ModelError('EVALUATE_SPLITS', 'The splits must be an array, or an object with an array "splits"');
  return list.map((each: unknown, at) => {
    if (!isSplit(each))
      throw new ModelError(
        'EVALUATE_SPLITS',
        `Split ${at} needs "train" and "test", each a list of at least one row id`,
      );
    return {
      id: typeof each.id === 'string' ? each.id : String(at),
      ...(typeof each.tag === 'string' ? { tag: each.tag } : {}),
      train: each.train.map(String),
      test: each.test.map(String),
    };
  });
}

function isSplit(each: unknown): each is { id?: unknown; tag?: unknown; train: unknown[]; test: unknown[] } {
  return (
    typeof each === 'object' &&
    each !== null &&
    'train' in each &&
    'test' in each &&
    [each.train, each.test].every((list) => Array.isArray(list) && list.length > 0)
  );
}

/** Rows by id. A feature is numeric when every value that is there is a number. */
function readTable(
  rows: readonly CsvRecord[],
  idColumn: string,
  target: string,
  features: readonly string[],
): Map<string, TableRow> {
  const columns = Object.keys(rows[0] ?? {});
  const absent = [idColumn, target, ...features].find((name) => !columns.includes(name));
  if (absent !== undefined)
    throw new ModelError('EVALUATE_COLUMN', `The table has no column ${absent}; it has ${columns.join(', ')}`);

  const numeric = new Set(features.filter((name) => rows.every((row) => Number.isFinite(Number(row[name])))));
  const valueOf = (row: CsvRecord, name: string): FeatureValue => {
    const text = row[name];
    if (text === undefined || text.trim() === '') return null;
    return numeric.has(name) ? Number(text) : text;
  };
  return new Map(
    rows.map((row) => [
      row[idColumn] ?? '',
      { features: Object.fromEntries(features.map((name) => [name, valueOf(row, name)])), target: Number(row[target]) },
    ]),
  );
}

function summarise(scored: readonly Scored[]): ScoreSummary {
  const of = (values: readonly (number | null)[]): Summary => {
    const known = values.filter((value) => value !== null).sort((a, b) => a - b);
    return { mean: mean(known), median: quantile(known, 0.5), p90: quantile(known, 0.9) };
  };
  const rows = scored.flatMap(({ errors }) => errors).sort((a, b) => a - b);
  return {
    splits: scored.length,
    mape: { ...of(scored.map(({ score }) => score.mape)), p90Rows: quantile(rows, 0.9) },
    coverage90: of(scored.map(({ score }) => score.coverage90)),
    width90: of(scored.map(({ score }) => score.width90)),
  };
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Linear between order statistics, as most statistics programs do by default. */
function quantile(sorted: readonly number[], share: number): number | null {
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  return low === undefined || high === undefined ? null : low + (at - Math.floor(at)) * (high - low);
}
