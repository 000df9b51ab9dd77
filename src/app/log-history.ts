import { setTimeout as sleep } from 'node:timers/promises';
import PQueue from 'p-queue';
import type { HistoryRun, RunHistory } from '../api/history/run-history.ts';
import type { RestDialect } from '../eventlog/replay/executor-metrics.ts';
import type { Logger } from '../logging/logger.ts';
import type { EventLogSource } from '../sources/event-log/event-log-source.ts';
import type { ApplicationAttemptInfo, ApplicationInfo } from '../spark/rest.ts';
import { SourceError, toError } from '../util/errors.ts';
import { roughSize } from './rough-size.ts';
import { RunCache } from './run-cache.ts';

export interface LogHistoryOptions {
  /** Which server's answers to give. */
  readonly dialect: RestDialect;
  /** Memory for runs that were replayed already. */
  readonly cacheBytes: number;
  readonly logger: Logger;
}

/** The releases whose answers were compared. */
const SPARK_VERSIONS: Readonly<Record<RestDialect, string>> = { '4.0': '4.0.1', '3.5': '3.5.7' };

/** The log went since it was listed, or all of its folder. */
const GONE = ['SOURCE_RUN_VANISHED', 'SOURCE_WRONG_ADDRESS'];

interface ListedAttempt {
  readonly name: string;
  readonly info: ApplicationAttemptInfo;
  readonly source: EventLogSource;
}

/**
 * The runs of event logs, as a History Server has them.
 *
 * Lists from what the last look at the folders found; replays a log when it is asked for, and again when it has changed.
 * Nothing is asked of it before the first look is complete, so no list is ever a part of what was there.
 */
export class LogHistory implements RunHistory {
  readonly sparkVersion: string;
  readonly #sources: readonly EventLogSource[];
  readonly #options: LogHistoryOptions;
  readonly #cache: RunCache<HistoryRun>;
  /** Sources share the cores. */
  readonly #queue: PQueue;
  readonly #listed = new Map<EventLogSource, readonly ApplicationInfo[]>();
  /** By id, in the order of the list. */
  #applications: ReadonlyMap<string, ApplicationInfo> = new Map();
  #attempts: ReadonlyMap<string, readonly ListedAttempt[]> = new Map();

  private constructor(sources: readonly EventLogSource[], options: LogHistoryOptions) {
    this.sparkVersion = SPARK_VERSIONS[options.dialect];
    this.#sources = sources;
    this.#options = options;
    this.#cache = new RunCache<HistoryRun>({ maxBytes: options.cacheBytes, sizeOf: roughSize });
    this.#queue = new PQueue({ concurrency: Math.max(1, ...sources.map(({ concurrency }) => concurrency)) });
  }

  /** Looks into all sources. @throws SourceError when one of them cannot be listed */
  static async open(
    sources: readonly EventLogSource[],
    options: LogHistoryOptions,
    signal?: AbortSignal,
  ): Promise<LogHistory> {
    const history = new LogHistory(sources, options);
    for (const source of sources)
      history.#listed.set(source, await Array.fromAsync(source.listApplications({}, { signal })));
    history.#merge();
    return history;
  }

  applications(): readonly ApplicationInfo[] {
    return [...this.#applications.values()];
  }

  application(appId: string): ApplicationInfo | undefined {
    return this.#applications.get(appId);
  }

  async replay(
    appId: string,
    attemptId: string | undefined,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<HistoryRun | undefined> {
    const attempt = this.#attempts.get(appId)?.find(({ info }) => info.attemptId === attemptId);
    if (attempt === undefined) return undefined;
    const { info, source } = attempt;
    const token = JSON.stringify([info.completed, info.endTimeEpoch, info.lastUpdatedEpoch]);
    try {
      return await this.#cache.get(
        JSON.stringify([appId, attemptId]),
        token,
        (isWanted) => this.#replay(source, appId, attemptId, isWanted),
        signal,
      );
    } catch (error) {
      if (error instanceof SourceError && GONE.includes(error.code)) return undefined;
      throw error;
    }
  }

  /** Looks again and again, until the signal; what cannot be listed now stays as it was. */
  async follow(seconds: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      for (const source of this.#sources) await this.#refresh(source, signal);
      this.#merge();
    }
  }

  async #refresh(source: EventLogSource, signal: AbortSignal): Promise<void> {
    const found = new Map<string, ApplicationInfo>();
    try {
      for await (const application of source.listApplications({}, { signal })) found.set(application.id, application);
    } catch (error) {
      if (signal.aborted) return;
      const { message: reason } = toError(error);
      this.#options.logger.warn('Event logs could not be listed.', { source: source.description, reason });
      // What was not seen this time is not known to be gone.
      for (const known of this.#listed.get(source) ?? []) if (!found.has(known.id)) found.set(known.id, known);
    }
    this.#listed.set(source, [...found.values()]);
  }

  async #replay(
    source: EventLogSource,
    appId: string,
    attemptId: string | undefined,
    isWanted: () => boolean,
  ): Promise<HistoryRun> {
    return await this.#queue.add(async () => {
      if (!isWanted()) throw new Error('Nobody waits for the run any more');
      const { dialect } = this.#options;
      const { detail: _, history, ...run } = await source.replay(appId, attemptId, { dialect });
      if (history === undefined) throw new TypeError('The replay kept no history');
      return { ...run, history };
    });
  }

  /** Attempts of one application may lie in several places; of one attempt the log that tells more counts. */
  #merge(): void {
    const attempts = new Map<string, ListedAttempt[]>();
    for (const [source, applications] of this.#listed) {
      for (const { id, name, attempts: infos } of applications) {
        const known = attempts.get(id) ?? [];
        attempts.set(id, known);
        for (const info of infos) addAttempt(known, { name, info, source });
      }
    }
    for (const known of attempts.values()) known.sort((a, b) => b.info.startTimeEpoch - a.info.startTimeEpoch);
    this.#attempts = attempts;
    const applications = [...attempts]
      .map(([id, known]) => ({ id, name: known[0]?.name ?? '', attempts: known.map(({ info }) => info) }))
      .sort((a, b) => newestEnd(b) - newestEnd(a) || (a.id < b.id ? 1 : -1));
    this.#applications = new Map(applications.map((application) => [application.id, application]));
  }
}

function addAttempt(known: ListedAttempt[], attempt: ListedAttempt): void {
  const place = known.findIndex(({ info }) => info.attemptId === attempt.info.attemptId);
  const other = known[place];
  if (other === undefined) known.push(attempt);
  else if (tellsMore(attempt.info, other.info)) known[place] = attempt;
}

function tellsMore(one: ApplicationAttemptInfo, other: ApplicationAttemptInfo): boolean {
  if (one.completed !== other.completed) return one.completed;
  return one.lastUpdatedEpoch > other.lastUpdatedEpoch;
}

function newestEnd({ attempts }: ApplicationInfo): number {
  return attempts[0]?.endTimeEpoch ?? -1;
}
