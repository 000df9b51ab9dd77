import type { Gaussian } from '../gaussian-process.ts';
import type { TrainingData } from '../training-data.ts';

/** What a member found out about its own knobs: JSON, enough to fit again without a search. */
export type Hyper = readonly number[];

/** A model of the logarithm of the target that has seen its runs. */
export interface FittedMember {
  readonly hyper: Hyper;
  /** The expected logarithm at an encoded row; cheaper than `predict`. */
  readonly mean: (x: Float64Array) => number;
  /** The belief about one further run, its own noise included. */
  readonly predict: (x: Float64Array) => Gaussian;
  /** What it would believe about each row had it not seen it; absent where only fitting again can tell. */
  readonly leaveOneOut?: () => Gaussian[];
}

/** One way to learn run time from runs. All work on the logarithm, so that an error of 0.1 is 10 % at any scale. */
export interface Member {
  readonly name: string;
  /** Distinct settings below which it has nothing to say. */
  readonly minimumRows: number;
  /**
   * @param hyper - from an earlier fit of nearly the same rows: the long search for it is then left out
   * @param steps - of a short search from there on; none when absent
   */
  fit(data: TrainingData, hyper?: Hyper, steps?: number): FittedMember;
  /** Exactly the member that had this `hyper` after it was fitted on these rows; `fit` does it where this is absent. */
  restore?(data: TrainingData, hyper: Hyper): FittedMember;
}
