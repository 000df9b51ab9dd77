import { readFileSync } from 'node:fs';
import { healthSection } from '../api/health/config.ts';
import { CrawlHealth } from '../api/health/crawl-health.ts';
import { CrawlMetrics } from '../api/health/crawl-metrics.ts';
import { HealthServer } from '../api/health/health-server.ts';
import { parseListenAddress } from '../api/health/listen-address.ts';
import { crawlerSection } from '../crawler/config.ts';
import { allOf, type CrawlObserver } from '../crawler/observer.ts';
import type { RunSource } from '../sources/run-source.ts';
import type { Store } from '../store/store.ts';
import { toError } from '../util/errors.ts';
import type { Spot } from './spot.ts';

const ERRORS_PER_TURN = 500;

/** The daemon's health: what the crawl reports to, and where others may ask. */
export interface Health extends AsyncDisposable {
  readonly observer: CrawlObserver;
  /** Where it listens; undefined when it does not. */
  readonly url: string | undefined;
}

/**
 * Listens where `[HEALTH]` says.
 *
 * Where that is not possible (somebody else has the port) the log says so and Spot crawls all the same: who watches it gets no answer,
 * which is an alarm, and no run is lost to it.
 *
 * @throws ConfigError when the address is none
 */
export async function openHealth(
  { config, environment, logger: parent }: Spot,
  sources: readonly RunSource[],
  store: Store,
): Promise<Health> {
  const settings = config.of(healthSection).settings;
  const address = parseListenAddress(settings.listen);
  if (address === undefined) return { observer: {}, url: undefined, [Symbol.asyncDispose]: () => Promise.resolve() };

  const logger = parent.child({ component: 'health' });
  const clusters = sources.map(({ cluster }) => cluster);
  const { sleep_seconds: sleepSeconds } = config.of(crawlerSection).settings;
  const silentAfterSeconds = Math.max(settings.silent_after_seconds, 3 * sleepSeconds);
  const { now } = environment;
  const health = new CrawlHealth({ clusters, silentAfterSeconds, now });
  const version = spotVersion();
  const metrics = new CrawlMetrics({ clusters, health, version, now, withProcess: true });
  await rememberParked(metrics, store);

  let server: HealthServer | undefined;
  try {
    server = await HealthServer.listen({
      address,
      allowedHosts: settings.allowed_hosts,
      version,
      readiness: () => health.readiness(),
      metrics: async () => ({ contentType: metrics.registry.contentType, text: await metrics.registry.metrics() }),
      logger,
    });
    logger.info('Telling health and metrics.', { url: server.url });
    if (!address.isLoopback)
      logger.warn('Health and metrics can be read from other machines, without a password.', { url: server.url });
  } catch (error) {
    logger.error('Health and metrics cannot be told: set another [HEALTH] listen, or none. Crawling all the same.', {
      listen: settings.listen,
      reason: toError(error).message,
    });
  }
  return {
    observer: allOf([health, metrics]),
    url: server?.url,
    [Symbol.asyncDispose]: async () => {
      await server?.[Symbol.asyncDispose]();
    },
  };
}

async function rememberParked(metrics: CrawlMetrics, store: Store): Promise<void> {
  const errors = [];
  for await (const error of store.findErrors({})) {
    if (errors.push(error) < ERRORS_PER_TURN) continue;
    metrics.rememberParked(errors.splice(0));
  }
  metrics.rememberParked(errors);
}

function spotVersion(): string {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { readonly version: string }).version;
}
