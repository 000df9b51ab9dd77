import { setTimeout as sleep } from 'node:timers/promises';
import type { AlertBook } from '../alerts/alert-book.ts';
import type { Observation } from '../alerts/observation.ts';
import { observeErrors, observeParked, observeSilence } from '../alerts/observe-clusters.ts';
import { observeRegression } from '../alerts/observe-regressions.ts';
import { allOf, type CrawlObserver } from '../crawler/observer.ts';
import type { ErrorDocument } from '../documents/documents.ts';
import type { Logger } from '../logging/logger.ts';
import type { RunSource } from '../sources/run-source.ts';
import type { Store } from '../store/store.ts';
import { readKeptSeries, type RegressionEvent, type SeriesState } from '../series/kept.ts';
import { parseIsoTime } from '../spark/rest-time.ts';
import { toError } from '../util/errors.ts';
import { configuredAlerts, openAlertBook, type Alerts } from './open-alerts.ts';
import { seriesNameOf, type SeriesName } from './series-runs.ts';
import { SeriesWatch, type SeriesNews } from './series-watch.ts';
import { thresholdsIn } from './settings.ts';
import type { Spot } from './spot.ts';
import { suggestionNews, type SuggestionNews } from './suggestion-news.ts';

/** Looks after what the crawl stores: judges the runs of each application, and tells whom `[ALERTS]` names. Never in the crawl's way. */
export interface Watch extends AsyncDisposable {
  readonly observer: CrawlObserver;
  /** Hands in how something stands that others look at, such as a suggestion that is worth the trouble; told of at the next look. */
  tell(observation: Observation): void;
  /** Waits until all that was stored so far is judged and what is due was sent, or failed. */
  settled(): Promise<void>;
}

/** Between two looks when nothing happens: clusters fall silent by themselves, and what was not delivered falls due. */
const LOOK_EVERY_MS = 30_000;
/** What is judged and sent when Spot is asked to stop may take so long to end. */
const FAREWELL_MS = 5000;
/** More errors of a cluster than this say no more. */
const MOST_ERRORS = 2000;
/** A cluster's newest runs by end, among which is the one that was stored last. */
const NEWEST_RUNS = 20;
/** So many of the newest runs are looked at for some that nobody has judged; spot regressions --refresh looks at all. */
const NEWEST_UNJUDGED = 200;
const HOUR_MS = 3_600_000;

/** @throws ConfigError `CONFIG_ALERTS` */
export function openWatch(spot: Spot, sources: readonly RunSource[], store: Store): Watch {
  const alerts = configuredAlerts(spot.config);
  const logger = spot.logger.child({ component: 'watch' });
  const { environment } = spot;
  const series = new SeriesWatch(store, { now: environment.now, analysis: { thresholds: thresholdsIn(spot.config) } });
  const book = alerts.subscribers.length === 0 ? undefined : openAlertBook(alerts, store, { logger, environment });
  const clusters = sources.map(({ cluster }) => cluster);
  const isTold = alerts.subscribers.some(({ kinds }) => kinds.has('suggestion'));
  const suggest = isTold ? suggestionNews(spot, store) : undefined;
  return new Watcher({ series, book, alerts, suggest, store, clusters, logger, now: environment.now });
}

interface Parts {
  readonly series: SeriesWatch;
  readonly book: AlertBook | undefined;
  readonly alerts: Alerts;
  readonly suggest: SuggestionNews | undefined;
  readonly store: Store;
  readonly clusters: readonly string[];
  readonly logger: Logger;
  readonly now: () => Date;
}

class Watcher implements Watch {
  readonly observer: CrawlObserver;
  readonly #parts: Parts;
  readonly #started: Date;
  readonly #stop = new AbortController();
  readonly #lastStored = new Map<string, Date>();
  /** Clusters whose list was read to its end since the start: before that, silence may be our own. */
  readonly #swept = new Set<string>();
  /** By subject, until the alerts have taken them in. */
  readonly #news = new Map<string, Observation>();
  /** Applications with new runs for which nobody has looked for a suggestion yet, by name. */
  readonly #toSuggest = new Map<string, SeriesName>();
  /** Looks follow each other: two at once would judge the same runs. */
  #work: Promise<void>;
  #isAskedFor = false;
  #lastFailure = '';
  readonly #loop: Promise<void>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#started = parts.now();
    this.observer = allOf([
      parts.series.observer,
      {
        runSaved: ({ cluster }) => this.#lastStored.set(cluster, parts.now()),
        passEnded: (cluster, _sweep, { ended }) => {
          if (ended === 'complete') this.#swept.add(cluster);
          if (parts.series.hasWork) void this.#ask();
        },
      },
    ]);
    this.#work = this.#recall();
    this.#loop = this.#follow();
  }

  tell(observation: Observation): void {
    this.#news.set(observation.subject, observation);
  }

  async settled(): Promise<void> {
    await this.#ask();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => {
      this.#stop.abort();
    }, FAREWELL_MS);
    await this.#work;
    clearTimeout(timer);
    this.#stop.abort();
    await this.#loop;
  }

  /** One more look after the one that goes on; asking several times meanwhile is asking once. */
  #ask(): Promise<void> {
    if (!this.#isAskedFor) {
      this.#isAskedFor = true;
      this.#work = this.#work.then(() => {
        this.#isAskedFor = false;
        return this.#look();
      });
    }
    return this.#work;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
      await this.#ask();
    }
  }

  /** Nothing that goes wrong here ends the crawl; the next look tries again. */
  async #look(): Promise<void> {
    const { series, book } = this.#parts;
    const { signal } = this.#stop;
    if (signal.aborted) return;
    try {
      await series.judgeNew(signal, (news) => {
        this.#tellOf(news);
        const { tag, cluster } = news.state;
        if (this.#parts.suggest !== undefined) this.#toSuggest.set(JSON.stringify([cluster, tag]), { cluster, tag });
      });
      await this.#suggest(signal);
    } catch (error) {
      this.#failed(error);
    }
    if (book === undefined) return;
    try {
      const news = [...this.#news.values()];
      await book.update([...news, ...(await this.#clusters())]);
      for (const seen of news) if (this.#news.get(seen.subject) === seen) this.#news.delete(seen.subject);
      await book.deliver(signal);
      this.#lastFailure = '';
    } catch (error) {
      this.#failed(error);
    }
  }

  #tellOf({ state, event }: SeriesNews): void {
    const seen = observeRegression(state, event, this.#parts.now());
    if (seen !== undefined) this.tell(seen);
  }

  /** Each takes up to a second where no model is kept; what is left when Spot ends is looked at after the next run. */
  async #suggest(signal: AbortSignal): Promise<void> {
    for (const [id, name] of [...this.#toSuggest]) {
      if (signal.aborted) return;
      const seen = await this.#parts.suggest?.(name);
      this.#toSuggest.delete(id);
      if (seen !== undefined) this.#news.set(seen.subject, seen);
    }
  }

  /** The same failure again and again is one line of the log. */
  #failed(thrown: unknown): void {
    if (this.#stop.signal.aborted) return;
    const { message } = toError(thrown);
    if (message !== this.#lastFailure)
      this.#parts.logger.warn('Series and alerts could not be looked after, the next look tries again.', {
        reason: message,
      });
    this.#lastFailure = message;
  }

  async #clusters(): Promise<readonly Observation[]> {
    const { store, clusters, alerts, now } = this.#parts;
    const observations: Observation[] = [];
    for (const cluster of clusters) {
      const errors: ErrorDocument[] = [];
      for await (const error of store.findErrors({ cluster }, { limit: MOST_ERRORS, signal: this.#stop.signal }))
        errors.push(error);
      const isNew =
        !this.#swept.has(cluster) && now().getTime() - this.#started.getTime() < alerts.noNewRunsHours * HOUR_MS;
      const last = { cluster, storedAt: this.#lastStored.get(cluster), since: this.#started };
      const silence = isNew ? undefined : observeSilence(last, alerts.noNewRunsHours, now());
      if (silence !== undefined) observations.push(silence);
      observations.push(
        observeErrors(cluster, errors, now()),
        observeParked(cluster, errors, alerts.parkedHours, now()),
      );
    }
    return observations;
  }

  /** What was left undone when Spot ended: runs that were stored and not judged, what was judged and not told of. */
  async #recall(): Promise<void> {
    const { store, series, clusters, book } = this.#parts;
    const { signal } = this.#stop;
    try {
      const judgedAt = new Map<string, string>();
      const states: SeriesState[] = [];
      const events = new Map<string, RegressionEvent>();
      const nameOf = ({ cluster, tag }: SeriesName): string => JSON.stringify([cluster, tag]);
      for await (const { body, savedAt } of store.findKept('regression', { signal })) {
        const kept = readKeptSeries(body);
        if (kept?.type === 'run') events.set(`${nameOf(kept)} ${kept.run}`, kept);
        if (kept?.type !== 'series') continue;
        judgedAt.set(nameOf(kept), savedAt);
        states.push(kept);
      }
      for (const state of states) this.#tellOf({ state, event: events.get(`${nameOf(state)} ${state.newestRun}`) });
      for await (const document of store.findAggregates({}, { limit: NEWEST_UNJUDGED, signal })) {
        const name = seriesNameOf(document);
        const processedAt = parseIsoTime(document.spot.time_processed) ?? 0;
        if (processedAt < Date.parse(judgedAt.get(nameOf(name)) ?? new Date(0).toISOString())) continue;
        const { id: appId, attempt } = document;
        series.note({ cluster: name.cluster, appId, attemptId: attempt.attemptId }, name.tag);
      }
      if (book === undefined) return;
      // The revision of a run is the time of its reading.
      for (const cluster of clusters) {
        let last = this.#lastStored.get(cluster)?.getTime() ?? 0;
        for await (const { revision } of store.findKeys({ cluster }, { limit: NEWEST_RUNS, signal }))
          last = Math.max(last, revision);
        if (last > 0) this.#lastStored.set(cluster, new Date(last));
      }
    } catch (error) {
      this.#failed(error);
    }
  }
}
