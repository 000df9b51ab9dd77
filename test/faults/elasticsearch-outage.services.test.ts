import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startElasticsearch } from '../../scripts/services/elasticsearch.ts';
import { crawlForever, crawlOnce } from '../../src/crawler/crawler.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { freePort } from '../../scripts/services/service-process.ts';
import { ElasticsearchStore } from '../../src/store/elasticsearch/elasticsearch-store.ts';
import { ask, removeIndexes, settingsFor } from '../store/elasticsearch/test-server.ts';
import { describeWithService } from '../support/describe-with-service.ts';
import { applicationOf, MemorySource } from '../support/memory-source.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { FaultProxy } from './fault-proxy.ts';
import { inSoak, IS_SOAK } from './scale.ts';
import { simulatedContext, storedRuns } from './simulated-daemon.ts';
import { testSeed } from './test-seed.ts';

const NEVER = new AbortController().signal;
const RUNS = inSoak(4000, 300);
const NAMES = Array.from({ length: RUNS }, (_, number) => `app-${String(number).padStart(4, '0')}`);
const RESUMES_WITHIN_MS = 60_000;
const MOST_MEMORY = 64 * 1024 * 1024;

function sourceWithAll(): MemorySource {
  const source = new MemorySource();
  source.applications = NAMES.map((name, number) => applicationOf(name, { endsAt: number }));
  return source;
}

describeWithService('SPOT_TEST_ES_URL', 'faults: Elasticsearch goes away', function (url) {
  let suffix: string;
  beforeEach(() => {
    suffix = randomUUID();
  });

  /** Crawls as the daemon does while `outages` come and go; each begins when called and ends with its promise. */
  async function crawlThrough(storeUrl: string, outages: (() => Promise<void>)[]): Promise<string[]> {
    await using store = await ElasticsearchStore.open(
      settingsFor(storeUrl, suffix, { retry_seconds: 1 }),
      silentLogger,
    );
    await store.prepare();
    const stop = new AbortController();
    let saved = 0;
    let onSaved = (): void => undefined;
    const observer = {
      runSaved: () => {
        saved += 1;
        onSaved();
        if (saved >= RUNS) stop.abort();
      },
    };
    const clock = { seconds: 10_000 };
    const context = { ...simulatedContext(sourceWithAll(), store, clock, { batch_runs: 4 }), observer };
    const before = process.memoryUsage().heapUsed;
    const crawling = crawlForever([context], { signal: stop.signal }, () => undefined);
    for (const outage of outages) {
      await outage();
      expect(process.memoryUsage().heapUsed - before).to.be.below(MOST_MEMORY);
      const upAgain = performance.now();
      await Promise.race([new Promise<void>((resolve) => (onSaved = resolve)), crawling]);
      expect(performance.now() - upAgain, 'time until it writes again').to.be.below(RESUMES_WITHIN_MS);
    }
    await crawling;
    return await storedRuns(store);
  }

  const outages = inSoak(20, 3);
  it(`R7: ${outages} times without any connection in the middle of ${RUNS} runs: none lost, goes on within a minute, at most 64 MiB waiting`, async function () {
    this.timeout(inSoak(3_600_000, 90_000));
    const random = seededRandom(testSeed('outages'));
    await using proxy = await FaultProxy.start({ target: url, seed: 1, print: () => undefined });

    const stored = await crawlThrough(
      proxy.url,
      Array.from({ length: outages }, () => async () => {
        await proxy.whenCalled(1 + Math.floor(random() * 8));
        proxy.goDown();
        await sleep(200 + random() * 1000);
        proxy.comeUp();
      }),
    );

    expect(stored).to.deep.equal(NAMES);
    await removeIndexes(url, suffix);
  });

  it('R7: indexes deleted in the middle come back with their mapping, and the next pass writes again what was in them', async function () {
    this.timeout(inSoak(1_800_000, 60_000));
    await using store = await ElasticsearchStore.open(settingsFor(url, suffix), silentLogger);
    await store.prepare();
    const mapping = async (): Promise<unknown> =>
      Object.values(await ask<object>(url, 'GET', `/spot_agg_test_${suffix}/_mapping`))[0];
    const before = await mapping();
    const source = sourceWithAll();
    let isDeleted: Promise<void> | undefined;
    source.onCall = () => {
      if (source.fetched.length === RUNS / 2) isDeleted ??= removeIndexes(url, suffix);
    };
    const context = simulatedContext(source, store, { seconds: 10_000 });

    await crawlOnce([context], { signal: NEVER });
    await isDeleted;
    await crawlOnce([context], { signal: NEVER });

    expect(isDeleted).to.not.equal(undefined);
    expect(await storedRuns(store)).to.deep.equal(NAMES);
    expect(await store.stats()).to.include({ raw: RUNS, agg: RUNS, err: 0 });
    expect(await mapping()).to.deep.equal(before);
    await removeIndexes(url, suffix);
  });

  if (IS_SOAK) {
    it('R7: a node of its own killed 20 times in the middle: none lost, goes on within a minute after each start', async function () {
      this.timeout(7_200_000);
      const dataDir = await mkdtemp(join(tmpdir(), 'spot-outage-'));
      const port = await freePort();
      let node = await startElasticsearch({ port, dataDir });
      await using proxy = await FaultProxy.start({ target: node.url, print: () => undefined });
      const random = seededRandom(proxy.seed);

      const stored = await crawlThrough(
        proxy.url,
        Array.from({ length: 20 }, () => async () => {
          await proxy.whenCalled(1 + Math.floor(random() * 20));
          await node.process.kill();
          node = await startElasticsearch({ port, dataDir });
        }),
      );

      expect(stored).to.deep.equal(NAMES);
      await node[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true });
    });
  }
});
