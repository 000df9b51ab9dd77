import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What is true of a run of test/fixtures/labelled-corpus by its making. */
export interface Label {
  /** Application id. */
  readonly run: string;
  /** Name of its log, without the ending. */
  readonly log: string;
  readonly about: string;
  readonly sparkVersion: string;
  readonly adaptive: boolean;
  /** Heuristics that must find something, moderate or above; the first one before all others. */
  readonly must: readonly string[];
  /** Heuristics that must find something at any severity: it costs no time. */
  readonly tell: readonly string[];
  /** True of the run as well, each with the reason. */
  readonly may: Readonly<Record<string, string>>;
  /** What it looks like and is not. */
  readonly never: readonly string[];
}

const CORPUS = fileURLToPath(new URL('../fixtures/labelled-corpus/', import.meta.url));

export const LABELLED_LOGS = `${CORPUS}logs`;

export function labelledRuns(): readonly Label[] {
  return JSON.parse(readFileSync(`${CORPUS}labels.json`, 'utf8')) as readonly Label[];
}
