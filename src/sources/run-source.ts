import type { RunDetail } from '../documents/run-detail.ts';
import type {
  ApplicationAttemptInfo,
  ApplicationEnvironmentInfo,
  ApplicationInfo,
  ExecutionData,
  ExecutorSummary,
  JobData,
  StageData,
} from '../spark/rest.ts';

/** Which runs to list. Both ends are inclusive, at one millisecond, as Spark's server has them. */
export interface RunWindow {
  readonly endedAfter?: Date | undefined;
  readonly endedBefore?: Date | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** One attempt in Spark's own shapes: nothing renamed, nothing aggregated, times as the source gives them. */
export interface AttemptParts {
  readonly allexecutors: readonly ExecutorSummary[];
  readonly stages: readonly StageData[];
  readonly environment: ApplicationEnvironmentInfo;
  readonly jobs?: readonly JobData[] | undefined;
  readonly sql?: readonly ExecutionData[] | undefined;
  /** What only an event log can tell (tasks, plans, failures). */
  readonly detail?: RunDetail | undefined;
}

/**
 * Where runs come from.
 *
 * A source lists and fetches; it keeps no state about what was already read, and hides no concurrency.
 * Its errors are `SourceError`s whose `retryable` says whether the same call may succeed later.
 */
export interface RunSource extends AsyncDisposable {
  /** The configured name: with it, ids of two clusters never meet. */
  readonly cluster: string;
  /** Host name without port, stored as `history_host`. */
  readonly host: string;
  /** For logs and messages: what a person would recognise, without secrets. */
  readonly description: string;
  /**
   * Whether `lastUpdated` of a run without an end tells that the run went on: true for a log's own time, false for a
   * server that answers with the time of its last scan. Where it is true, unfinished runs are read as far as they are.
   */
  readonly tellsProgress: boolean;
  /**
   * Of an attempt as it was listed last: a short text that changes when what it is read from changes, though size and
   * times stay. Absent where the source has no such thing.
   */
  contentMark?(appId: string, attemptId: string | undefined): string | undefined;
  /** How many runs may be fetched at a time with profit; absent: as many as the crawler is set to. */
  readonly concurrency?: number | undefined;

  /**
   * Applications with an attempt that ended in the window, and those still running.
   *
   * Absence proves nothing: a server that has just started lists a part of its applications, newest first.
   */
  listApplications(window: RunWindow, options?: CallOptions): AsyncIterable<ApplicationInfo>;

  /** @throws SourceError `SOURCE_RUN_VANISHED` when the attempt is no longer there */
  fetchAttempt(
    application: ApplicationInfo,
    attempt: ApplicationAttemptInfo,
    options?: CallOptions,
  ): Promise<AttemptParts>;
}
