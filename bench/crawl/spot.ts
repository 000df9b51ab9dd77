/** A whole crawl as `spot crawl --once` does it: list, fetch, aggregate, store. */
import { crawlOnce } from '../../src/crawler/crawler.ts';
import { Spot } from '../../src/app/spot.ts';
import { measure } from '../support/child.ts';

const [url = '', storeUrl = '', suffix = ''] = process.argv.slice(2);
const kinds = suffix === '' ? [] : ['raw', 'agg', 'err', 'detail'];
const indexes: Record<string, string> = Object.fromEntries(
  kinds.map((kind) => [`SPOT_ELASTICSEARCH_${kind.toUpperCase()}_INDEX`, `spot_${kind}_${suffix}`]),
);
const env = { ...process.env, ...indexes, SPOT_SPARK_HISTORY_API_BASE_URL: `${url}/api/v1` };
await using spot = new Spot({
  store: storeUrl,
  logLevel: 'error',
  environment: { env, now: () => new Date(), random: Math.random },
});
const sources = await spot.openSources();
const store = await spot.openStore('write');

await measure(async () => {
  const { reports, unreachable } = await crawlOnce(spot.crawlContexts(sources, store, {}), {
    signal: new AbortController().signal,
    minEndDate: undefined,
  });
  if (unreachable.length > 0) throw unreachable[0] ?? new Error('unreachable');
  const saved = reports.reduce((sum, report) => sum + report.saved, 0);
  const failed = reports.reduce((sum, report) => sum + report.failed, 0);
  return { runs: saved, failed };
});
