import type { SQLInputValue, StatementSync } from 'node:sqlite';

/** A statement that gives each row as the list of its values. */
export interface StatementOfValues {
  get(...parameters: readonly SQLInputValue[]): readonly unknown[] | undefined;
  all(...parameters: readonly SQLInputValue[]): readonly (readonly unknown[])[];
}

/** Sets a statement to give values without names, for good: its declared type knows rows with names only. */
export function valuesOf(statement: StatementSync): StatementOfValues {
  statement.setReturnArrays(true);
  return statement as unknown as StatementOfValues;
}
