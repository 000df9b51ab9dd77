import type { Column } from '../column.ts';

/** The values of a column in as little room as they need; `undefined` when all of them are zero. */
export type PackedColumn = Int32Array | Float64Array | undefined;

export function packColumn(column: Column): PackedColumn {
  let isZero = true;
  let isInt = true;
  for (let row = 0; row < column.length; row++) {
    const value = column.get(row);
    if (value === 0) continue;
    isZero = false;
    if ((value | 0) !== value) isInt = false;
  }
  if (isZero) return undefined;
  const packed = isInt ? new Int32Array(column.length) : new Float64Array(column.length);
  for (let row = 0; row < column.length; row++) packed[row] = column.get(row);
  return packed;
}

/** Rows behind the last one that is not zero may be missing. */
export function valueAt(column: PackedColumn, row: number): number {
  return column?.[row] ?? 0;
}
