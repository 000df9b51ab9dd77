import type { Remedy } from '../simulation/remedies.ts';
import type { Facts, Fix, Range } from './finding.ts';
import type { InputName, Inputs } from './inputs.ts';
import type { Scale, Severity } from './severity.ts';

export { severityOf } from './severity.ts';

/** A single limit, where no severities hang on it. */
export interface Limit {
  readonly value: number;
  readonly unit: string;
}

/** Data, so that configuration may override them (`[HEURISTIC id]`). */
export type Thresholds = Readonly<Record<string, Scale | Limit>>;

/** What could be won, which decides whether the finding is worth a word. */
export type Gain =
  /** Wall-clock. `remedy` is replayed where the run can be simulated; `claim` is the estimate where it cannot. */
  | {
      readonly kind: 'time';
      readonly claimMs: Range;
      readonly remedy?: ((id: string) => Remedy) | undefined;
      /** A failure that cost time: what it cost is told, and its severity stands as the evidence gives it. */
      readonly isFailure?: boolean | undefined;
    }
  /** Core time that was paid for and not needed; the run takes as long. */
  | { readonly kind: 'cores'; readonly coreMs: Range }
  /** Neither: a failure, a danger, or something about the run's data. Its severity stands as the evidence gives it. */
  | { readonly kind: 'none' };

/** One thing a heuristic saw. */
export interface Observation {
  /** By the evidence alone; what could be won may lower it. */
  readonly severity: Severity;
  readonly subject: string;
  readonly facts: Facts;
  readonly gain: Gain;
  readonly fix: Fix;
  /** The run did not do what it was started for: among findings as bad, it stands before all that only cost time. */
  readonly isOutcome?: boolean | undefined;
}

/** One idea of what can be wrong with a run. */
export interface Heuristic<
  I extends InputName = InputName,
  O extends InputName = InputName,
  T extends Thresholds = Thresholds,
> {
  readonly id: string;
  /** What the user reads when all is well … */
  readonly title: string;
  /** … and when it is not. */
  readonly failureTitle: string;
  /** Without one of these it is not measurable. */
  readonly inputs: readonly I[];
  /** Used where they are known. */
  readonly alsoUses?: readonly O[];
  readonly thresholds: T;
  evaluate(inputs: Pick<Inputs, I> & Partial<Pick<Inputs, O>>, thresholds: T): readonly Observation[];
}

/**
 * Declares a heuristic: `evaluate` receives exactly the inputs it names.
 *
 * To say that something cannot be measured although all inputs are there, throw {@link NotMeasurableHere}.
 */
export function defineHeuristic<
  const I extends InputName,
  const T extends Record<string, Scale | Limit>,
  const O extends InputName = never,
>(heuristic: Heuristic<I, O, T>): Heuristic<I, O, T> {
  return heuristic;
}

/** The inputs are there, and still this run cannot tell. The message is the reason, as `because`. */
export class NotMeasurableHere extends Error {}

export const NO_GAIN: Gain = { kind: 'none' };

/** Wall-clock that cannot be replayed: the estimate is all there is. */
export function estimated(low: number, high: number): Gain {
  return { kind: 'time', claimMs: { low: Math.max(0, low), high: Math.max(0, high) } };
}
