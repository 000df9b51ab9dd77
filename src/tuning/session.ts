import type { PlatformName } from '../spark/platform.ts';
import type { Configuration, HistoryRun } from '../setter/history-run.ts';
import { SpotError } from '../util/errors.ts';

/** A tuning session cannot do what was asked. */
export class TuningError extends SpotError {}

/** Of a kept session; raised when it would read otherwise. */
export const TUNING_VERSION = 1;

export const OBJECTIVES = ['time', 'cost'] as const;
export type Objective = (typeof OBJECTIVES)[number];

/** What may be proposed at all; both ends belong to it. */
export interface TuningBounds {
  readonly executors: Range;
  readonly coresPerExecutor: Range;
  /** Heap of an executor. */
  readonly memoryMib: Range;
  readonly shufflePartitions: Range;
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** What was agreed at the start; it does not change during a session. */
export interface TuningSettings {
  /** How much slower than the start a round may become, as a share: 0.1 is a tenth. */
  readonly tolerance: number;
  /** Probability with which each round is to stay below that. */
  readonly confidence: number;
  readonly objective: Objective;
  readonly maxRounds: number;
  /** Below this expected saving, as a share of the best known, the session ends. */
  readonly leastGain: number;
  readonly bounds: TuningBounds;
  readonly platform: PlatformName;
}

/** A finished run as the session knows it. */
export interface Trial extends Pick<
  HistoryRun,
  'run' | 'endTime' | 'inputBytes' | 'spilledBytes' | 'configuration' | 'peakMemoryBytes'
> {
  readonly durationMs: number;
}

/** A configuration to run next. */
export interface Proposal {
  readonly round: number;
  /** `return`: the best known again, after a round that was a setback. */
  readonly kind: 'try' | 'return';
  readonly proposedAt: string;
  readonly configuration: Configuration;
  /** The input it was judged for. */
  readonly inputBytes: number;
  readonly expectedMs: number;
  /** Not exceeded with the confidence of the settings. */
  readonly upperMs: number;
  /** What the start takes on this input; `upperMs` is at most (1 + tolerance) times that, except for a `return`. */
  readonly baselineMs: number;
  /** Expected saving against the best known, as a share of it. */
  readonly expectedGain: number;
}

/** `slower`: by more than the tolerance than the start. `better`: than the best before. */
export type Verdict = 'better' | 'kept' | 'slower' | 'failed';

export interface Round extends Proposal {
  /** Of a run that failed: as far as it is known. */
  readonly trial: Partial<Trial> & Pick<Trial, 'run'>;
  readonly verdict: Verdict;
}

export type StopReason = 'gain' | 'rounds' | 'setbacks' | 'no-candidate' | 'asked';

/** All there is to know of a session: it is kept as one document, so that nothing is ever half written. */
export interface TuningSession {
  readonly version: typeof TUNING_VERSION;
  readonly tag: string;
  readonly cluster?: string | undefined;
  readonly startedAt: string;
  readonly settings: TuningSettings;
  readonly baseline: Trial;
  /** Runs of the application from before the start. */
  readonly history: readonly Trial[];
  readonly rounds: readonly Round[];
  /** Runs that are stored at the start and are to be no part of it: they failed. */
  readonly ignored: readonly string[];
  /** Runs since then with a configuration that was not proposed: they teach, but are no rounds. */
  readonly others: readonly Trial[];
  readonly pending?: Proposal | undefined;
  readonly stopped?: { readonly at: string; readonly reason: StopReason } | undefined;
}

/** The finished runs of a session, from before it too; failed ones are left out. */
export function trialsOf({ baseline, history, rounds, others }: TuningSession): Trial[] {
  const finished = rounds.flatMap(({ trial, verdict }) => (verdict === 'failed' ? [] : [trial as Trial]));
  return [...history, baseline, ...others, ...finished];
}

export function trialOf(history: HistoryRun): Trial {
  const { run, endTime, inputBytes, spilledBytes, configuration, peakMemoryBytes, durationMs } = history;
  return { run, endTime, inputBytes, spilledBytes, configuration, peakMemoryBytes, durationMs };
}

/** The same in all that a session decides. */
export function isSameConfiguration(a: Configuration, b: Configuration): boolean {
  return (
    a.executors === b.executors &&
    a.coresPerExecutor === b.coresPerExecutor &&
    a.memoryMib === b.memoryMib &&
    a.shufflePartitions === b.shufflePartitions
  );
}
