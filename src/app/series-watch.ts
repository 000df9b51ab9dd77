import type { AnalyzeOptions } from '../analysis/analyze.ts';
import type { CrawlObserver } from '../crawler/observer.ts';
import { documentId, type RunKey } from '../documents/run-key.ts';
import { eventId, readKeptSeries, type RegressionEvent, type SeriesState } from '../series/kept.ts';
import type { SeriesRun } from '../series/series-run.ts';
import type { Store } from '../store/store.ts';
import { toError } from '../util/errors.ts';
import { refreshSeries } from './refresh-series.ts';
import type { SeriesName } from './series-runs.ts';

interface Changed {
  readonly name: SeriesName;
  /** Stored and not judged yet, by document id. */
  readonly keys: Map<string, RunKey>;
}

/** How an application stands, with the event of its newest run when that was slow. */
export interface SeriesNews {
  readonly state: SeriesState;
  readonly event: RegressionEvent | undefined;
}

/** Runs of so many applications are remembered; of others they are read again. */
const MOST_REMEMBERED = 500;

/** Notes which applications got new runs, and judges those when it is told to. */
export class SeriesWatch {
  readonly observer: CrawlObserver;
  readonly #store: Store;
  readonly #options: { readonly now: () => Date; readonly analysis: AnalyzeOptions };
  readonly #changed = new Map<string, Changed>();
  readonly #known = new Map<string, readonly SeriesRun[]>();

  constructor(store: Store, options: { readonly now: () => Date; readonly analysis: AnalyzeOptions }) {
    this.#store = store;
    this.#options = options;
    this.observer = {
      runSaved: (key, _endTimeEpoch, tag) => {
        if (tag !== undefined) this.note(key, tag);
      },
    };
  }

  get hasWork(): boolean {
    return this.#changed.size > 0;
  }

  /**
   * Judges what is new, one application after the other. What fails is tried again the next time.
   *
   * @throws the first error of the store, after all applications had their turn; the signal's reason when it fires
   */
  async judgeNew(signal: AbortSignal, onNews: (news: SeriesNews) => void): Promise<void> {
    let failure: Error | undefined;
    for (const [id, changed] of [...this.#changed]) {
      signal.throwIfAborted();
      this.#changed.delete(id);
      try {
        const news = await this.#judge(id, changed, signal);
        if (news !== undefined) onNews(news);
      } catch (error) {
        for (const key of changed.keys.values()) this.note(key, changed.name.tag);
        signal.throwIfAborted();
        failure ??= toError(error);
      }
    }
    if (failure !== undefined) throw failure;
  }

  async #judge(id: string, { name, keys }: Changed, signal: AbortSignal): Promise<SeriesNews | undefined> {
    const { now, analysis } = this.#options;
    const only = [...keys.values()];
    const refreshed = await refreshSeries(this.#store, name, {
      now: now(),
      only,
      known: this.#known.get(id),
      analysis,
      signal,
    });
    if (refreshed === undefined) return undefined;
    const { state, series } = refreshed;
    // The one used last comes last, so the first is the one to forget.
    this.#known.delete(id);
    this.#known.set(id, series);
    const [oldest] = this.#known.keys();
    if (this.#known.size > MOST_REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    const newest = series.at(-1);
    if (newest === undefined) return undefined;
    const kept =
      state.verdict === 'slower'
        ? await this.#store.readKept('regression', eventId(name.tag, 'run', newest.key))
        : undefined;
    const event = kept && readKeptSeries(kept.body);
    return { state, event: event?.type === 'run' ? event : undefined };
  }

  /** A run that was stored and is still to be judged. */
  note(key: RunKey, tag: string): void {
    const name = { cluster: key.cluster, tag };
    const id = JSON.stringify([name.cluster, name.tag]);
    const changed = this.#changed.get(id) ?? { name, keys: new Map<string, RunKey>() };
    changed.keys.set(documentId(key), key);
    this.#changed.set(id, changed);
  }
}
