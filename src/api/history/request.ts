import type { Query } from './query.ts';
import { notFound, type RestError } from './rest-error.ts';
import type { HistoryRun, RunHistory } from './run-history.ts';

/** A question to the server as a whole. */
export interface RestRequest {
  readonly history: RunHistory;
  readonly query: Query;
  /** As it was asked for, percent signs and all. */
  readonly path: string;
  readonly now: Date;
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** A question about one attempt of an application. */
export class RunRequest {
  readonly #request: RestRequest;
  readonly #appId: string;
  readonly #attemptId: string | undefined;
  readonly #params: Readonly<Record<string, string>>;

  constructor(
    request: RestRequest,
    run: { readonly appId: string; readonly attemptId: string | undefined },
    params: Readonly<Record<string, string>>,
  ) {
    this.#request = request;
    this.#appId = run.appId;
    this.#attemptId = run.attemptId;
    this.#params = params;
  }

  get query(): Query {
    return this.#request.query;
  }

  get now(): Date {
    return this.#request.now;
  }

  /** A part of the path. */
  param(name: string): string {
    return this.#params[name] ?? '';
  }

  /**
   * A number of the path.
   *
   * @param max - what its Java type holds
   * @throws RestError 404
   */
  id(name: string, max = 2 ** 31 - 1): number {
    const id = Number(this.param(name));
    if (id > max) throw notFound(this.#request.path);
    return id;
  }

  /** The name of its application, without reading its log. @throws RestError 404 */
  applicationName(): string {
    const application = this.#request.history.application(this.#appId);
    const attempt = application?.attempts.find(({ attemptId }) => attemptId === this.#attemptId);
    if (application === undefined || attempt === undefined) throw this.missing();
    return application.name;
  }

  /** @throws RestError 404, and as {@link RunHistory.replay} does */
  async run(): Promise<HistoryRun> {
    const { history, signal } = this.#request;
    const run = await history.replay(this.#appId, this.#attemptId, { signal });
    if (run === undefined) throw this.missing();
    return run;
  }

  missing(): RestError {
    const run = this.#attemptId === undefined ? this.#appId : `${this.#appId}/${this.#attemptId}`;
    return notFound(`no such app: ${run}`);
  }
}
