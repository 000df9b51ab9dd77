import type { CrawlObserver } from '../../crawler/observer.ts';
import { SpotError } from '../../util/errors.ts';

/** Why Spot is not ready: a code of docs/errors.md, or one of `NOT_SWEPT_YET` and `SILENT`. */
export interface Problem {
  readonly what: 'source' | 'store';
  readonly cluster: string;
  readonly code: string;
  /** ISO 8601: when it began. */
  readonly since: string;
}

export interface Readiness {
  readonly isReady: boolean;
  readonly problems: readonly Problem[];
}

export interface CrawlHealthOptions {
  readonly clusters: readonly string[];
  readonly silentAfterSeconds: number;
  readonly now: () => Date;
}

type Trouble = Pick<Problem, 'code' | 'since'>;

interface SourceState {
  readonly startedAt: Date;
  isSwept: boolean;
  lastHeard: Date;
  source?: Trouble | undefined;
  store?: Trouble | undefined;
}

/**
 * Whether Spot keeps up with every source, as far as the crawl tells.
 *
 * It is not ready before each source was swept for the first time, and while a source or the store does not do its part.
 * A trouble with the store ends only with a sweep of the same source that went through: another source that had nothing to write proves
 * nothing, and a disk that is full can still be read.
 */
export class CrawlHealth implements CrawlObserver {
  readonly #options: CrawlHealthOptions;
  readonly #states: ReadonlyMap<string, SourceState>;

  constructor(options: CrawlHealthOptions) {
    this.#options = options;
    const startedAt = options.now();
    this.#states = new Map(
      options.clusters.map((cluster) => [cluster, { startedAt, isSwept: false, lastHeard: startedAt }]),
    );
  }

  readonly workFound: NonNullable<CrawlObserver['workFound']> = (cluster) => {
    this.#heard(cluster);
  };

  readonly runSaved: NonNullable<CrawlObserver['runSaved']> = ({ cluster }) => {
    this.#heard(cluster);
  };

  readonly runFailed: NonNullable<CrawlObserver['runFailed']> = ({ cluster }) => {
    this.#heard(cluster);
  };

  readonly listingFailed: NonNullable<CrawlObserver['listingFailed']> = (cluster, error) => {
    const state = this.#heard(cluster);
    if (state !== undefined) state.source = this.#trouble(state.source, error.spot.error.code);
  };

  /** Without a cluster it is about all of them. */
  readonly storeFailed: NonNullable<CrawlObserver['storeFailed']> = (error, cluster) => {
    for (const [name, state] of this.#states) {
      if (cluster === undefined || cluster === name) state.store = this.#trouble(state.store, codeOf(error));
    }
  };

  readonly passEnded: NonNullable<CrawlObserver['passEnded']> = (cluster, _sweep, { ended }) => {
    const state = this.#heard(cluster);
    if (state === undefined) return;
    if (ended === 'source-lost') state.source = this.#trouble(state.source, 'SOURCE_UNAVAILABLE');
    if (ended !== 'complete') return;
    state.isSwept = true;
    state.source = undefined;
    state.store = undefined;
  };

  readiness(): Readiness {
    const problems = [...this.#states].flatMap(([cluster, state]) => this.#problemsOf(cluster, state));
    return { isReady: problems.length === 0, problems };
  }

  /** Of one source: `source` is about reading it, `store` about writing what was read. */
  problemsOf(cluster: string): readonly Problem[] {
    const state = this.#states.get(cluster);
    return state === undefined ? [] : this.#problemsOf(cluster, state);
  }

  #problemsOf(cluster: string, state: SourceState): readonly Problem[] {
    const problems: Problem[] = [];
    if (state.source !== undefined) problems.push({ what: 'source', cluster, ...state.source });
    if (state.store !== undefined) problems.push({ what: 'store', cluster, ...state.store });
    if (problems.length > 0) return problems;

    const silentMs = this.#options.now().getTime() - state.lastHeard.getTime();
    if (silentMs > this.#options.silentAfterSeconds * 1000)
      return [{ what: 'source', cluster, code: 'SILENT', since: state.lastHeard.toISOString() }];
    if (!state.isSwept)
      return [{ what: 'source', cluster, code: 'NOT_SWEPT_YET', since: state.startedAt.toISOString() }];
    return [];
  }

  #heard(cluster: string): SourceState | undefined {
    const state = this.#states.get(cluster);
    if (state !== undefined) state.lastHeard = this.#options.now();
    return state;
  }

  /** A trouble that goes on began when it first showed. */
  #trouble(before: Trouble | undefined, code: string): Trouble {
    return { code, since: before?.since ?? this.#options.now().toISOString() };
  }
}

/** Its code, or `UNEXPECTED` for an error that is not Spot's own. */
export function codeOf(error: Error): string {
  return error instanceof SpotError ? error.code : 'UNEXPECTED';
}
