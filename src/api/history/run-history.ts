import type { RunHistoryParts } from '../../eventlog/replay/history/stage-history.ts';
import type { ReplayedRun } from '../../eventlog/replay/replay.ts';
import type { ApplicationInfo } from '../../spark/rest.ts';

/** What a History Server answers from. */
export interface RunHistory {
  /** Which Spark's server is spoken for: `4.0.1`. */
  readonly sparkVersion: string;
  /** All that are known, newest end first, those without an end last; attempts newest start first. */
  applications(): readonly ApplicationInfo[];
  application(appId: string): ApplicationInfo | undefined;
  /**
   * The run with every task attempt of it.
   *
   * @param attemptId - `undefined` for an attempt without an id; it is not guessed
   * @returns `undefined` when there is no such attempt
   * @throws SourceError, EventLogError when its log cannot be read
   */
  replay(
    appId: string,
    attemptId: string | undefined,
    options: { readonly signal: AbortSignal },
  ): Promise<HistoryRun | undefined>;
}

/** The part of a replay that the answers come from. */
export type HistoryRun = Omit<ReplayedRun, 'detail' | 'history'> & { readonly history: RunHistoryParts };
