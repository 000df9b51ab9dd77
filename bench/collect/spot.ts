/** A whole `spot collect`: list, replay, aggregate, store. `node spot.ts FOLDER STORE` */
import { Spot } from '../../src/app/spot.ts';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import { measure } from '../support/child.ts';

const [folder = '', storeUrl = ''] = process.argv.slice(2);
await using spot = new Spot({
  store: storeUrl,
  logLevel: 'error',
  environment: { env: process.env, now: () => new Date(), random: Math.random },
});
const sources = await spot.openEventLogs([folder], 'default');
const store = await spot.openStore('write');

await measure(async () => {
  const { reports, unreachable } = await crawlOnce(spot.crawlContexts(sources, store, {}), {
    signal: new AbortController().signal,
  });
  if (unreachable.length > 0) throw unreachable[0] ?? new Error('unreachable');
  const saved = reports.reduce((sum, report) => sum + report.saved, 0);
  const failed = reports.reduce((sum, report) => sum + report.failed, 0);
  return { runs: saved, failed };
});
