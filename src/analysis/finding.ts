import type { Severity } from './severity.ts';

/** Numbers and names that prove a finding; the text is made where it is shown. A number's unit ends its name. */
export type Facts = Readonly<Record<string, Fact>>;
export type Fact = number | string | boolean | readonly (number | string)[];

/** What to change. */
export interface Fix {
  /** One or two sentences for a person. */
  readonly text: string;
  /** Spark properties to set, with values as Spark takes them; absent where only code, data or the cluster helps. */
  readonly set?: Readonly<Record<string, string>> | undefined;
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * What the fix would save.
 *
 * `simulated`: the run replayed with and without the trouble; `estimated`: from the stage's or executor's own measures,
 * bounded by how long they lasted; `none`: nothing that can be put in time or cores.
 */
export interface FindingSavings {
  readonly basis: 'simulated' | 'estimated' | 'none';
  /** Wall-clock milliseconds, alone and after all other fixes: the range. */
  readonly timeMs: Range;
  /** Core-milliseconds of the executors. */
  readonly coreMs: Range;
  /** What that is worth, where the run's cost is known; never more than the run cost. */
  readonly cost?: (Range & { readonly currency: string }) | undefined;
  /** Its part of the run's total, so that parts add up; absent where it was not simulated. */
  readonly shareMs?: number | undefined;
}

/** Something that was wrong with a run, and what to do about it. */
export interface Finding {
  /** Of the heuristic; docs/heuristics/<id>.md explains it. */
  readonly id: string;
  readonly title: string;
  readonly severity: Exclude<Severity, 'none'>;
  /** What it is about: `stage 3`, `executor 2`, `SQL 1`, `run`. */
  readonly subject: string;
  readonly facts: Facts;
  readonly savings: FindingSavings;
  readonly fix: Fix;
}

export interface NotMeasurable {
  readonly id: string;
  readonly because: string;
}

export interface HeuristicError {
  readonly id: string;
  readonly message: string;
}
