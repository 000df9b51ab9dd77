import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CrawlObserver } from '../../crawler/observer.ts';
import type { ErrorDocument } from '../../documents/documents.ts';
import { documentId } from '../../documents/run-key.ts';
import { codeOf, type CrawlHealth } from './crawl-health.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The application id of an error document about a listing (src/crawler/failure.ts writes it). */
const LISTING = 'n/a';

export interface CrawlMetricsOptions {
  readonly clusters: readonly string[];
  readonly health: CrawlHealth;
  readonly version: string;
  readonly now: () => Date;
  /** Also of the process and of Node: memory, CPU, event-loop lag, garbage collection. */
  readonly withProcess: boolean;
}

/**
 * What the crawl came to, in numbers, for Prometheus (docs/operations.md explains each).
 *
 * Labels are the configured names of sources and the codes of docs/errors.md: their number does not grow with the runs.
 */
export class CrawlMetrics implements CrawlObserver {
  readonly registry = new Registry();
  readonly #now: () => Date;
  /** Runs that could not be read so far, by id: cluster and code. */
  readonly #parked = new Map<string, readonly [cluster: string, code: string]>();
  readonly #queued = new Map<string, number>();

  readonly #listed = this.#gauge('spot_runs_listed', 'Runs in the last list of the source.', ['cluster', 'sweep']);
  readonly #found = this.#counter('spot_runs_found_total', 'Runs found to be read: new, changed, or due again.');
  readonly #stored = this.#counter('spot_runs_stored_total', 'Runs that the store acknowledged.');
  readonly #failed = this.#counter('spot_run_errors_total', 'Failed tries to read or store a run.', ['stage', 'code']);
  readonly #lag = this.#histogram('spot_run_storage_lag_seconds', 'Time from the end of a run to its storage.', {
    labelNames: ['cluster'],
    buckets: [10, 30, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY],
  });
  readonly #sweeps = this.#histogram('spot_sweep_duration_seconds', 'How long a comparison of list and store took.', {
    labelNames: ['cluster', 'sweep', 'ended'],
    buckets: [0.05, 0.25, 1, 5, 15, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR],
  });
  readonly #lastSweep = this.#gauge(
    'spot_last_complete_sweep_timestamp_seconds',
    'When the source was last compared with the store to the end.',
    ['cluster'],
  );
  readonly #sourceErrors = this.#counter('spot_source_errors_total', 'Sweeps that the source broke off.', ['code']);
  readonly #storeErrors = this.#counter('spot_store_errors_total', 'Calls that the store failed.', ['code']);

  constructor(options: CrawlMetricsOptions) {
    this.#now = options.now;
    const { clusters, health } = options;
    for (const cluster of clusters) {
      this.#found.inc({ cluster }, 0);
      this.#stored.inc({ cluster }, 0);
      this.#queued.set(cluster, 0);
    }
    this.#collected('spot_runs_queued', 'Runs found by the sweep under way and not stored or failed yet.', (gauge) => {
      for (const [cluster, count] of this.#queued) gauge.set({ cluster }, count);
    });
    this.#collected(
      'spot_runs_parked',
      'Runs that could not be read so far and will be tried again.',
      (gauge) => {
        gauge.reset();
        for (const [cluster, code] of this.#parked.values()) gauge.inc({ cluster, code });
      },
      ['cluster', 'code'],
    );
    const isUp = (cluster: string, what: 'source' | 'store'): number =>
      health.problemsOf(cluster).some((problem) => problem.what === what && problem.code !== 'NOT_SWEPT_YET') ? 0 : 1;
    this.#collected('spot_source_up', 'Whether the source answers.', (gauge) => {
      for (const cluster of clusters) gauge.set({ cluster }, isUp(cluster, 'source'));
    });
    this.#collected('spot_store_up', 'Whether the store takes the runs of the source.', (gauge) => {
      for (const cluster of clusters) gauge.set({ cluster }, isUp(cluster, 'store'));
    });
    this.#collected(
      'spot_ready',
      'What /health/ready says.',
      (gauge) => {
        gauge.set(health.readiness().isReady ? 1 : 0);
      },
      [],
    );
    this.#gauge('spot_build_info', 'The running version; always 1.', ['version', 'node']).set(
      { version: options.version, node: process.versions.node },
      1,
    );
    if (options.withProcess) collectDefaultMetrics({ register: this.registry });
  }

  /** Runs that were parked by an earlier start: what the store holds of them. */
  rememberParked(errors: readonly ErrorDocument[]): void {
    for (const error of errors) {
      const { cluster, spark_app_id: appId, attempt_id: attemptId } = error.spot;
      const key = { cluster, appId, ...(attemptId === undefined ? {} : { attemptId }) };
      if (appId !== LISTING) this.#parked.set(documentId(key), [cluster, error.spot.error.code]);
    }
  }

  readonly workFound: NonNullable<CrawlObserver['workFound']> = (cluster, { toRead }) => {
    this.#found.inc({ cluster }, toRead);
    this.#queued.set(cluster, toRead);
  };

  readonly runSaved: NonNullable<CrawlObserver['runSaved']> = (key, endTimeEpoch) => {
    const { cluster } = key;
    this.#stored.inc({ cluster });
    this.#dequeue(cluster);
    this.#parked.delete(documentId(key));
    // A run without an end has -1, and a clock may be ahead.
    if (endTimeEpoch > 0) this.#lag.observe({ cluster }, Math.max(0, this.#now().getTime() - endTimeEpoch) / 1000);
  };

  readonly runFailed: NonNullable<CrawlObserver['runFailed']> = (key, { spot: { error } }) => {
    const { cluster } = key;
    this.#failed.inc({ cluster, stage: error.stage, code: error.code });
    this.#dequeue(cluster);
    this.#parked.set(documentId(key), [cluster, error.code]);
  };

  readonly listingFailed: NonNullable<CrawlObserver['listingFailed']> = (cluster, { spot: { error } }) => {
    this.#sourceErrors.inc({ cluster, code: error.code });
    this.#queued.set(cluster, 0);
  };

  readonly storeFailed: NonNullable<CrawlObserver['storeFailed']> = (error, cluster) => {
    this.#storeErrors.inc({ cluster: cluster ?? 'all', code: codeOf(error) });
  };

  readonly passEnded: NonNullable<CrawlObserver['passEnded']> = (cluster, sweep, report) => {
    const { ended, durationMs, listed } = report;
    this.#sweeps.observe({ cluster, sweep, ended }, durationMs / 1000);
    this.#queued.set(cluster, 0);
    if (ended === 'source-lost') this.#sourceErrors.inc({ cluster, code: 'SOURCE_UNAVAILABLE' });
    if (ended !== 'complete') return;
    this.#listed.set({ cluster, sweep }, listed);
    this.#lastSweep.set({ cluster }, this.#now().getTime() / 1000);
  };

  #dequeue(cluster: string): void {
    this.#queued.set(cluster, Math.max(0, (this.#queued.get(cluster) ?? 0) - 1));
  }

  #counter(name: string, help: string, labels: readonly string[] = []): Counter {
    return new Counter({ name, help, labelNames: ['cluster', ...labels], registers: [this.registry] });
  }

  #gauge(name: string, help: string, labelNames: readonly string[]): Gauge {
    return new Gauge({ name, help, labelNames: [...labelNames], registers: [this.registry] });
  }

  #histogram(
    name: string,
    help: string,
    { labelNames, buckets }: { readonly labelNames: readonly string[]; readonly buckets: readonly number[] },
  ): Histogram {
    return new Histogram({
      name,
      help,
      labelNames: [...labelNames],
      buckets: [...buckets],
      registers: [this.registry],
    });
  }

  /** A gauge that is read when somebody asks. */
  #collected(
    name: string,
    help: string,
    read: (gauge: Gauge) => void,
    labelNames: readonly string[] = ['cluster'],
  ): void {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.registry],
      collect() {
        read(this);
      },
    });
  }
}
