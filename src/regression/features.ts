import { ModelError } from '../util/errors.ts';

/** One value of a run: a number, the name of a category, or not known. */
export type FeatureValue = number | string | null | undefined;

/** One run or one question, by feature name. */
export type FeatureRow = Readonly<Record<string, FeatureValue>>;

/**
 * What a feature does to run time: `scale` is how many machines or executors share the work, `size` how much work there is;
 * of both the models know the usual law beforehand, of `other` only that its effect is limited.
 */
export type FeatureRole = 'scale' | 'size' | 'other';

/** `log`: positive numbers whose ratios count; `linear`: numbers that may be 0 or below; `category`: names. */
export type FeatureKind = 'log' | 'linear' | 'category';

export interface Feature {
  readonly name: string;
  readonly role: FeatureRole;
  readonly kind: FeatureKind;
  /** `log`: the value that is encoded as 0; `linear`: the largest absolute value, encoded as ±1; `category`: 1. */
  readonly unit: number;
  /** Half of the range seen, in encoded units: `log`: ln(max / min) / 2; `linear`: (max − min) / 2 / unit; `category`: 1. */
  readonly reach: number;
  /** `category`: the names seen, sorted; another name is encoded as far from all of them. */
  readonly categories?: readonly string[];
  /** A value was missing somewhere: a column tells so. */
  readonly optional?: boolean;
}

/**
 * One number of the encoded row. A feature gives one column, a category one per name,
 * and an optional feature one more that is 1 where the value is missing.
 */
export interface Column {
  /** Index of the feature in the schema. */
  readonly feature: number;
  readonly role: FeatureRole;
  /** `log` columns are natural logarithms of value / unit; `linear` are value / unit; `flag` are 0 or 1. */
  readonly kind: 'log' | 'linear' | 'flag';
}

/** How rows become numbers. JSON, and equal for equal rows in any order. */
export interface FeatureSchema {
  readonly features: readonly Feature[];
  readonly columns: readonly Column[];
}

/**
 * Describes the features of a table.
 *
 * Only feature values are looked at, never the target, so the rows one wants to predict may be among them:
 * their features are known beforehand, and a size of 0 among them then does not surprise a logarithm.
 *
 * @param names - the first is the scale-out and the second the size, unless `roles` says otherwise
 * @throws ModelError `MODEL_NO_FEATURES` without names or rows
 */
export function describeFeatures(
  rows: readonly FeatureRow[],
  names: readonly string[],
  roles: Readonly<Record<string, FeatureRole>> = {},
): FeatureSchema {
  if (names.length === 0 || rows.length === 0)
    throw new ModelError('MODEL_NO_FEATURES', 'A model needs at least one feature and one row to be described');
  const features = names.map((name, index) =>
    describeFeature(
      name,
      roles[name] ?? (['scale', 'size'] as const)[index] ?? 'other',
      rows.map((row) => row[name]),
    ),
  );
  return { features, columns: features.flatMap(columnsOf) };
}

/** The encoded row: one number per column of the schema. */
export function encodeRow(schema: FeatureSchema, row: FeatureRow): Float64Array {
  const encoded = new Float64Array(schema.columns.length);
  let at = 0;
  for (const feature of schema.features) at = encodeInto(encoded, at, feature, row[feature.name]);
  return encoded;
}

function describeFeature(name: string, role: FeatureRole, values: readonly FeatureValue[]): Feature {
  const known = values.filter((value) => !isMissing(value));
  const optional = known.length < values.length ? { optional: true } : {};
  if (known.some((value) => typeof value === 'string')) {
    return {
      name,
      role: 'other',
      kind: 'category',
      unit: 1,
      reach: 1,
      categories: [...new Set(known.map(String))].sort(),
      ...optional,
    };
  }
  const numbers = (known as number[]).toSorted((a, b) => a - b);
  const least = numbers[0] ?? 1;
  const most = numbers.at(-1) ?? 1;
  if (least > 0)
    return { name, role, kind: 'log', unit: Math.sqrt(least * most), reach: Math.log(most / least) / 2, ...optional };
  const unit = Math.max(Math.abs(least), Math.abs(most)) || 1;
  return { name, role: 'other', kind: 'linear', unit, reach: (most - least) / 2 / unit, ...optional };
}

function columnsOf(feature: Feature, index: number): Column[] {
  const flag = { feature: index, role: feature.role, kind: 'flag' } as const;
  const columns: Column[] =
    feature.kind === 'category'
      ? (feature.categories ?? []).map(() => flag)
      : [{ feature: index, role: feature.role, kind: feature.kind }];
  return feature.optional === true ? [...columns, flag] : columns;
}

/** Writes the columns of a feature. Asked hundreds of times for one suggestion, so no array is made. @returns where the next begins */
function encodeInto(encoded: Float64Array, from: number, feature: Feature, value: FeatureValue): number {
  const missing = isMissing(value);
  let at = from;
  if (feature.kind === 'category')
    for (const category of feature.categories ?? []) encoded[at++] = !missing && String(value) === category ? 1 : 0;
  else encoded[at++] = missing ? 0 : encodeNumber(feature, Number(value));
  if (feature.optional === true) encoded[at++] = missing ? 1 : 0;
  return at;
}

function encodeNumber({ kind, unit }: Feature, number: number): number {
  // A logarithm cannot take what the described table did not have; a thousandth of the unit is small enough to be "almost none".
  return kind === 'log' ? Math.log(Math.max(number / unit, 1e-3)) : number / unit;
}

function isMissing(value: FeatureValue): value is null | undefined {
  return (
    value === null || value === undefined || value === '' || (typeof value === 'number' && !Number.isFinite(value))
  );
}
