import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Logger } from '../../logging/logger.ts';
import type { ApplicationAttemptInfo, ApplicationInfo } from '../../spark/rest.ts';
import type { AttemptParts, CallOptions, RunSource, RunWindow } from '../run-source.ts';
import { HistoryServerClient, type ClientClock } from './client.ts';
import type { HistoryServerSettings } from './config.ts';
import { wrongAnswerError } from './errors.ts';
import { RepeatedLists } from './repeated-lists.ts';
import { fetchRestDetail } from './rest-detail.ts';
import {
  checkApplications,
  checkEnvironment,
  checkExecutors,
  checkStages,
  type CheckedApplications,
} from './schema.ts';

/** Before any run: the server's own default of 2010 hides an application whose clock stood at 1970. */
const EARLIEST = new Date(Date.UTC(1960, 0, 1));
const DEFAULT_CLUSTER = 'default';
const NOTHING: CheckedApplications = { good: [], firstFault: undefined };

export interface HistoryServerOptions extends Partial<ClientClock> {
  readonly logger: Logger;
  /** What stands behind the section's name: `prod` of `[SPARK_HISTORY prod]`. */
  readonly sectionName?: string | undefined;
  readonly userAgent?: string | undefined;
}

/**
 * Reads runs from a Spark History Server's REST API.
 *
 * Order: as the server lists, newest end first. Completeness: a server that has just started lists a part. Twice: an
 * application comes once per listing; one that runs while it is listed may be in the next one with other attempts.
 * It cannot know: runs whose log was deleted or has no start, and whether a run without end is still alive.
 */
export class HistoryServerSource implements RunSource {
  readonly cluster: string;
  readonly host: string;
  readonly description: string;
  readonly tellsProgress = false;
  readonly #client: HistoryServerClient;
  readonly #asksForTasks: boolean;
  readonly #lists = new RepeatedLists();

  private constructor(cluster: string, client: HistoryServerClient, asksForTasks: boolean, isUnchecked: boolean) {
    this.cluster = cluster;
    this.host = client.address.host;
    this.description = `Spark History Server ${client.address.text}${isUnchecked ? ' (insecure: certificate not checked)' : ''}`;
    this.#client = client;
    this.#asksForTasks = asksForTasks;
  }

  /** Opens without asking the server anything. @throws ConfigError when the settings cannot be used */
  static open(settings: HistoryServerSettings, options: HistoryServerOptions): HistoryServerSource {
    const {
      logger,
      sectionName,
      userAgent = 'spark-spot',
      now = Date.now,
      random = Math.random,
      sleep = sleepUntilAborted,
    } = options;
    const cluster = [settings.cluster, sectionName ?? ''].find((name) => name !== '') ?? DEFAULT_CLUSTER;
    const client = new HistoryServerClient(settings, {
      logger: logger.child({ source: cluster }),
      userAgent,
      now,
      random,
      sleep,
    });
    const { isSecure, isLoopback, text } = client.address;
    const isUnchecked = isSecure && settings.insecure;

    if (isUnchecked)
      logger.warn('The certificate of the History Server is not checked (insecure).', { cluster, url: text });
    if (!isSecure && !isLoopback && sendsSecret(settings)) {
      logger.warn('Credentials for the History Server travel unencrypted; use https.', { cluster, url: text });
    }
    return new HistoryServerSource(cluster, client, settings.task_quantiles, isUnchecked);
  }

  /**
   * One request, or two when the window has an end: the server leaves out running applications once that has passed.
   *
   * A malformed entry of the list does not hide the others: they come first, then the listing throws.
   *
   * @throws SourceError see README.md
   */
  async *listApplications(
    { endedAfter = EARLIEST, endedBefore }: RunWindow,
    { signal }: CallOptions = {},
  ): AsyncIterable<ApplicationInfo> {
    const window = [`minEndDate=${restTime(endedAfter)}`];
    if (endedBefore !== undefined) window.push(`maxEndDate=${restTime(endedBefore)}`);

    // Asked first and told last: what completes between the two questions is told as completed.
    const running = endedBefore === undefined ? NOTHING : await this.#list(['status=running'], signal);
    const inWindow = await this.#list(window, signal);
    const told = new Set(inWindow.good.map(({ id }) => id));

    yield* inWindow.good;
    yield* running.good.filter(({ id }) => !told.has(id));
    const fault = inWindow.firstFault ?? running.firstFault;
    if (fault !== undefined) throw wrongAnswerError({ url: this.#client.address.url('/applications') }, fault);
  }

  /**
   * Three requests, one after the other: the first makes the server read the event log, the others find it read.
   * With `task_quantiles` one more for the jobs, and one for each stage.
   *
   * @throws SourceError `SOURCE_RUN_VANISHED`, and see README.md
   */
  async fetchAttempt(
    application: ApplicationInfo,
    attempt: ApplicationAttemptInfo,
    { signal }: CallOptions = {},
  ): Promise<AttemptParts> {
    // The attempt's part of the path exists only where the list names one: without it `/1/` answers 404, and the other way round.
    const attemptPart = attempt.attemptId === undefined ? '' : `/${encodeURIComponent(attempt.attemptId)}`;
    const path = `/applications/${encodeURIComponent(application.id)}${attemptPart}`;

    const allexecutors = await this.#client.getJson(`${path}/allexecutors`, {
      question: 'run',
      check: checkExecutors,
      signal,
    });
    const stages = await this.#client.getJson(`${path}/stages`, { question: 'run', check: checkStages, signal });
    const environment = await this.#client.getJson(`${path}/environment`, {
      question: 'run',
      check: checkEnvironment,
      parse: (body) => this.#lists.parse(body),
      signal,
    });
    if (!this.#asksForTasks) return { allexecutors, stages, environment };
    const detail = await fetchRestDetail(this.#client, path, { attempt, allexecutors, stages }, signal);
    return { allexecutors, stages, environment, detail };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }

  /** Without `limit`, which would keep the newest only, and without a status unless asked for. */
  #list(filters: readonly string[], signal: AbortSignal | undefined): Promise<CheckedApplications> {
    const query = [`minDate=${restTime(EARLIEST)}`, ...filters].join('&');
    return this.#client.getJson(`/applications?${query}`, { question: 'list', check: checkApplications, signal });
  }
}

/** The one form the server reads to the millisecond; any other it takes, without a word, for midnight of that day. */
function restTime(date: Date): string {
  return date.toISOString().replace('Z', 'GMT');
}

function sendsSecret({ username, bearer_token, bearer_token_file, auth_header_name }: HistoryServerSettings): boolean {
  return [username, bearer_token, bearer_token_file, auth_header_name].some((value) => value !== '');
}

/** Ends early when aborted; the caller looks at the signal. */
async function sleepUntilAborted(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleepFor(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
