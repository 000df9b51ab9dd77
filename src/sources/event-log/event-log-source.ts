import type { ReadLimits } from '../../eventlog/bytes/limits.ts';
import type { EventLogLines } from '../../eventlog/bytes/lines.ts';
import type { RestDialect } from '../../eventlog/replay/executor-metrics.ts';
import type { ReplayedRun } from '../../eventlog/replay/replay.ts';
import type { Logger } from '../../logging/logger.ts';
import type { ApplicationAttemptInfo, ApplicationEnvironmentInfo, ApplicationInfo } from '../../spark/rest.ts';
import { EventLogError, SourceError } from '../../util/errors.ts';
import type { AttemptParts, CallOptions, RunSource, RunWindow } from '../run-source.ts';
import { LogCatalogue, type UnlistedLog } from './catalogue.ts';
import type { EventLogsSettings } from './config.ts';
import { vanishedError } from './errors.ts';
import type { LogFileSystem } from './file-system.ts';
import { applicationsOf, type ScannedLog } from './listing.ts';
import { openFileSystem } from './open-file-system.ts';
import { ReplayPool } from './replay-pool.ts';
import { type Growth, openLog, type ReplayTask } from './replay-task.ts';

const DEFAULT_CLUSTER = 'default';
const NO_ENVIRONMENT: ApplicationEnvironmentInfo = {
  runtime: {},
  sparkProperties: [],
  hadoopProperties: [],
  systemProperties: [],
  metricsProperties: [],
  classpathEntries: [],
  resourceProfiles: [],
};

export interface EventLogSourceOptions {
  readonly logger: Logger;
  /** What stands behind the section's name: `prod` of `[EVENT_LOGS prod]`. */
  readonly sectionName?: string | undefined;
}

/**
 * Reads runs from Spark's event logs, without a History Server.
 *
 * Order: newest end first, runs without an end last. Completeness: every log that is there when the listing begins and
 * names its application; what it leaves out is in {@link unlisted}. Twice: a run comes once per listing, also when it
 * has several logs. It cannot know: whether a run without end is still alive, and runs whose log was deleted.
 */
export class EventLogSource implements RunSource {
  readonly cluster: string;
  readonly host: string;
  readonly description: string;
  readonly tellsProgress = true;
  readonly concurrency: number;
  readonly #fileSystem: LogFileSystem;
  readonly #catalogue: LogCatalogue;
  readonly #pool: ReplayPool;
  readonly #limits: ReadLimits;
  readonly #logger: Logger;

  private constructor(cluster: string, fileSystem: LogFileSystem, settings: EventLogsSettings, logger: Logger) {
    this.cluster = cluster;
    this.host = fileSystem.host;
    this.description = fileSystem.description;
    this.#fileSystem = fileSystem;
    this.#logger = logger;
    this.#limits = {
      maxLineBytes: settings.max_line_bytes,
      maxDecodedBytes: settings.max_log_bytes,
      maxRatio: settings.max_compression_ratio,
    };
    this.#catalogue = new LogCatalogue(fileSystem, { recursive: settings.recursive, limits: this.#limits, logger });
    this.#pool = new ReplayPool(settings);
    this.concurrency = this.#pool.concurrency;
  }

  /** @throws ConfigError, and SourceError when there is nothing at the path */
  static async open(settings: EventLogsSettings, options: EventLogSourceOptions): Promise<EventLogSource> {
    const cluster = [settings.cluster, options.sectionName ?? ''].find((name) => name !== '') ?? DEFAULT_CLUSTER;
    const logger = options.logger.child({ source: cluster });
    return new EventLogSource(cluster, await openFileSystem(settings), settings, logger);
  }

  /** What the last listing left out: files that tell of no run, each with the reason. */
  get unlisted(): readonly UnlistedLog[] {
    return this.#catalogue.unlisted;
  }

  contentMark(appId: string, attemptId: string | undefined): string | undefined {
    return this.#catalogue.find(appId, attemptId)?.contentMark;
  }

  /**
   * One listing of the files; of a log only its first and last events are read, and only when it has changed.
   *
   * A log that cannot be reached does not hide the others: they come first, then the listing throws.
   *
   * @throws SourceError see README.md
   */
  async *listApplications(window: RunWindow, { signal }: CallOptions = {}): AsyncIterable<ApplicationInfo> {
    const { logs, failure } = await this.#catalogue.refresh(signal);
    yield* applicationsOf(logs, window);
    if (failure !== undefined) throw failure;
  }

  /**
   * Replays the log of the attempt to its last byte: from its first one, or from where an earlier reading of a log
   * that still grows has ended.
   *
   * @throws SourceError `SOURCE_RUN_VANISHED`, and see README.md
   * @throws EventLogError when the log cannot be read to its end, or files of it are missing
   */
  async fetchAttempt(
    application: ApplicationInfo,
    attempt: ApplicationAttemptInfo,
    { signal }: CallOptions = {},
  ): Promise<AttemptParts> {
    const run = await this.#withLog(application.id, attempt.attemptId, signal, (log) => this.#replay(log, {}, signal));
    return partsOf(run);
  }

  /**
   * Everything that a History Server answers about an attempt, every task attempt of it too.
   *
   * @param options.dialect - which server's answers to give; 4.0 unless told
   * @throws SourceError and EventLogError as {@link fetchAttempt} does
   */
  async replay(
    appId: string,
    attemptId: string | undefined,
    { signal, dialect }: CallOptions & { readonly dialect?: RestDialect | undefined } = {},
  ): Promise<ReplayedRun> {
    return await this.#withLog(appId, attemptId, signal, (log) =>
      this.#replay(log, { dialect, history: true }, signal),
    );
  }

  /**
   * The lines of an attempt's log, for a reader that wants more of it than its parts.
   *
   * @returns the lines, and when the log was changed, in milliseconds since 1970
   * @throws SourceError `SOURCE_RUN_VANISHED`; EventLogError `EVENT_LOG_GAP`
   */
  async openLog(
    appId: string,
    attemptId: string | undefined,
    { signal }: CallOptions = {},
  ): Promise<{ readonly lines: EventLogLines; readonly modified: number }> {
    return await this.#withLog(appId, attemptId, signal, (log) => {
      const { lines } = openLog(this.#fileSystem, this.#taskOf(log));
      return Promise.resolve({ lines, modified: log.modified });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
    await this.#fileSystem[Symbol.asyncDispose]();
  }

  /** When Spark ends a run it renames the log, so a log that has just vanished is looked for once more. */
  async #withLog<T>(
    appId: string,
    attemptId: string | undefined,
    signal: AbortSignal | undefined,
    use: (log: ScannedLog) => Promise<T>,
  ): Promise<T> {
    const known = this.#catalogue.find(appId, attemptId);
    try {
      if (known !== undefined) return await use(known);
    } catch (error) {
      if (!(error instanceof SourceError && error.code === 'SOURCE_RUN_VANISHED')) throw error;
    }
    await this.#catalogue.refresh(signal);
    const found = this.#catalogue.find(appId, attemptId);
    if (found === undefined) throw vanishedError(attemptId === undefined ? appId : `${appId}/${attemptId}`);
    return await use(found);
  }

  async #replay(
    log: ScannedLog,
    wanted: Pick<ReplayTask, 'dialect' | 'history'>,
    signal: AbortSignal | undefined,
  ): Promise<ReplayedRun> {
    const { layout, start } = log;
    // What a History Server keeps of tasks is too much to keep for every log that grows.
    const growth = wanted.history === true ? undefined : growthOf(log);
    const { run, bytesRead } = await this.#pool.replay({ ...this.#taskOf(log), ...wanted, growth }, { signal });
    this.#logger.debug('Event log replayed.', { path: layout.path, bytesRead });
    const [attempt] = run.application?.attempts ?? [];
    if (run.application?.id !== start.appId || attempt?.attemptId !== start.attemptId) throw vanishedError(layout.path);
    return run;
  }

  #taskOf({ layout, modified }: ScannedLog): ReplayTask {
    if (layout.gap === undefined) return { layout, modified, limits: this.#limits };
    throw new EventLogError('EVENT_LOG_GAP', `${layout.path} is not whole: ${layout.gap}`, {
      details: { path: layout.path },
      // Files of a log that is being uploaded or compacted come one after another.
      retryable: true,
    });
  }
}

/** Every log is taken as one that may have grown: only who read it before knows. */
function growthOf({ start, end, headMark }: ScannedLog): Growth {
  return { key: JSON.stringify([start.appId, start.attemptId]), headMark, isLast: typeof end === 'object' };
}

/** The History Server has no answer for a log that ends before its environment; its other parts are told all the same. */
function partsOf(run: ReplayedRun): AttemptParts {
  const { environment = NO_ENVIRONMENT, allexecutors, stages, detail } = run;
  return {
    environment,
    allexecutors,
    stages,
    // Large, and unpacked only for who asks.
    get jobs() {
      return run.jobs;
    },
    get sql() {
      return run.sql;
    },
    detail,
  };
}
