import { expect } from 'chai';
import { defaultsOf } from '../../src/config/section.ts';
import { crawlerSection } from '../../src/crawler/config.ts';
import type { CrawlContext } from '../../src/crawler/crawl-pass.ts';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import { verifySource } from '../../src/crawler/verify.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { createRedactor } from '../../src/util/redaction/redactor.ts';
import { applicationOf, MemorySource, sourceFault, START } from '../support/memory-source.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { around } from './around.ts';
import { inSoak } from './scale.ts';
import { testSeed } from './test-seed.ts';

const RUNS = inSoak(10_000, 2000);
const PLANTED = 20;
const NOW = START + 100_000_000;

describe('R22: spot verify', function () {
  this.timeout(inSoak(1_800_000, 300_000));

  it(`finds each of ${PLANTED} losses among ${RUNS} runs, and nothing else`, async () => {
    const random = seededRandom(testSeed('R22'));
    const source = new MemorySource('main');
    await using store = await SqliteStore.open({ path: ':memory:' }, silentLogger);
    const applications = Array.from({ length: RUNS }, (_, index) =>
      applicationOf(`app-${index}`, { endsAt: index + 1 }),
    );
    // Which of them are lost, which changed after they were stored, which could not be read, which are there twice.
    const chosen = new Set<number>();
    while (chosen.size < PLANTED) chosen.add(Math.floor(random() * RUNS));
    const planted = [...chosen].map((index, position) => ({
      index,
      what: (['missing', 'stale', 'unreadable', 'duplicate'] as const)[position % 4] ?? 'missing',
    }));
    const of = (what: string): readonly number[] =>
      planted.filter((one) => one.what === what).map(({ index }) => index);
    const unreadable = new Set(of('unreadable').map((index) => `app-${index}`));
    source.applications = applications.filter((_, index) => !of('missing').includes(index));
    source.onCall = (_call, appId) => {
      if (unreadable.has(appId)) throw sourceFault('SOURCE_SERVER_ERROR');
    };
    const settings = { ...defaultsOf(crawlerSection), settle_seconds: 0 };
    const context: CrawlContext = {
      source,
      store,
      settings,
      enrich: () => Promise.resolve({ classification: { app: 'a', type: 'a' }, tag: 'a' }),
      redactor: createRedactor({ hashKey: 'test-only' }),
      keepRaw: false,
      observer: {},
      logger: silentLogger,
      now: () => new Date(NOW),
    };
    await crawlOnce([context], { signal: new AbortController().signal });
    source.applications = applications.map((application, index) =>
      of('stale').includes(index)
        ? applicationOf(`app-${index}`, { endsAt: index + 1, lastUpdatedAt: index + 50 })
        : application,
    );

    // No store of Spot's takes a run twice, so it is made to tell of one twice: as an alias before two indexes would.
    const twice = new Set(of('duplicate').map((index) => `app-${index}`));
    const doubling = around(store, {
      async *findKeys(...asked: Parameters<Store['findKeys']>) {
        for await (const key of store.findKeys(...asked)) yield* twice.has(key.appId) ? [key, key] : [key];
      },
    });
    const report = await verifySource(source, doubling, { now: new Date(NOW), settleSeconds: 0, orphanAfterHours: 0 });

    const found = report.findings.map(({ discrepancy, run }) => `${discrepancy} ${run}`).sort();
    expect(found).to.deep.equal(planted.map(({ index, what }) => `${what} app-${index}`).sort());
  });
});
