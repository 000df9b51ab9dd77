import type { Json, JsonObject } from '../documents/documents.ts';

/** The values of one column in row order; rows without the column, or with `null` there, are left out. */
export interface Column {
  /** Nested names with a dot between: `memoryMetrics.usedOnHeapStorageMemory`. */
  readonly name: string;
  readonly values: Json[];
}

/** A column and those below it, so that a dotted name is put together once and not once per row. */
interface Branch extends Column {
  readonly children: Map<string, Branch>;
}

/**
 * Turns rows into columns: a nested object becomes columns with dotted names, a list stays one value.
 *
 * @param derive - further fields of a row, as if they stood in it
 * @returns columns with at least one value, in the order in which they were first seen
 */
export function flattenColumns(
  rows: readonly JsonObject[],
  derive?: (row: JsonObject) => JsonObject,
): readonly Column[] {
  const root = new Map<string, Branch>();
  for (const row of rows) {
    collect(row, '', root);
    if (derive !== undefined) collect(derive(row), '', root);
  }
  return [...columnsOf(root)];
}

function collect(object: JsonObject, prefix: string, branches: Map<string, Branch>): void {
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (value === null || value === undefined) continue;
    let branch = branches.get(key);
    if (branch === undefined) {
      branch = { name: prefix + key, values: [], children: new Map() };
      branches.set(key, branch);
    }
    if (isObject(value)) collect(value, `${branch.name}.`, branch.children);
    else branch.values.push(value);
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && !Array.isArray(value);
}

function* columnsOf(branches: Map<string, Branch>): Generator<Column> {
  for (const branch of branches.values()) {
    if (branch.values.length > 0) yield branch;
    yield* columnsOf(branch.children);
  }
}
