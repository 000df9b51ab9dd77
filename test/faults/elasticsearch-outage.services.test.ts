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
import type { Store } from '../../src/store/store.ts';
import { ElasticsearchStore } from '../../src/store/elasticsearch/elasticsearch-store.ts';
import { ask, removeIndexes, settingsFor } from '../store/elasticsearch/test-server.ts';
import { describeWithService } from '../support/describe-with-service.ts';
import { applicationOf, MemorySource } from '../support/memory-source.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { around } from './around.ts';
import { FaultProxy } from './fault-proxy.ts';
import { inSoak, IS_SOAK } from './scale.ts';
import { simulatedContext, storedRuns } from './simulated-daemon.ts';
import { testSeed } from './test-seed.ts';

const NEVER = new AbortController().signal;
const RUNS = inSoak(4000, 300);
const NAMES = Array.from({ length: RUNS }, (_, number) => `app-${String(number).padStart(4, '0')}`);
const RESUMES_WITHIN_MS = 60_000;
const MOST_MEMORY = 64 * 1024 * 1024;

/** Longer than any pause or patience that a program might have. */
const OUTAGE_SECONDS = 1800;
/** Read and not yet acknowledged: two batches of 4 of which one is being written, and those being read or made. */
const MOST_WAITING = 24;

function sourceWithAll(): MemorySource {
  const source = new MemorySource();
  source.applications = NAMES.map((name, number) => applicationOf(name, { endsAt: number }));
  return source;
}

/** What a crawl through outages came to. */
interface Ending {
  readonly stored: readonly string[];
  /** The most runs that were read and not yet acknowledged by Elasticsearch. */
  readonly mostWaiting: number;
  readonly mostMemory: number;
  readonly longestUntilItWrites: number;
}

function complaintsAbout({ stored, mostWaiting, mostMemory, longestUntilItWrites }: Ending): readonly string[] {
  return [
    ...(stored.join() === NAMES.join() ? [] : ['runs are lost']),
    ...(mostWaiting <= MOST_WAITING ? [] : ['what waits is not bounded']),
    ...(mostMemory <= MOST_MEMORY ? [] : ['it takes too much memory']),
    ...(longestUntilItWrites <= RESUMES_WITHIN_MS ? [] : ['it is slow to go on']),
  ];
}

/** For the negative control: says that a batch is saved and sees to it later, and what is refused then is forgotten. */
function writesBehind(store: Store): Store {
  return around(store, {
    saveRuns: (runs) => {
      store.saveRuns(runs).catch(() => undefined);
      return Promise.resolve(runs.map(() => ({ status: 'saved' }) as const));
    },
  });
}

describeWithService('SPOT_TEST_ES_URL', 'faults: Elasticsearch goes away', function (url) {
  let suffix: string;
  beforeEach(() => {
    suffix = randomUUID();
  });

  /**
   * Crawls as the daemon does while `outages` come and go; each begins when called and ends with its promise. To the crawler each
   * lasts half an hour.
   */
  async function crawlThrough(
    storeUrl: string,
    outages: readonly (() => Promise<void>)[],
    asSeenBySpot: (store: Store) => Store = (store) => store,
  ): Promise<Ending> {
    await using store = await ElasticsearchStore.open(
      settingsFor(storeUrl, suffix, { retry_seconds: 1 }),
      silentLogger,
    );
    await store.prepare();
    const source = sourceWithAll();
    const stop = new AbortController();
    let [saved, acknowledged, mostWaiting, mostMemory, longestUntilItWrites] = [0, 0, 0, 0, 0];
    let onSaved = (): void => undefined;
    const observer = {
      runSaved: () => {
        saved += 1;
        onSaved();
        if (saved >= RUNS) stop.abort();
      },
    };
    const counted = around(store, {
      saveRuns: async (runs, options) => {
        const outcomes = await store.saveRuns(runs, options);
        acknowledged += runs.length;
        return outcomes;
      },
    });
    source.onCall = () => {
      mostWaiting = Math.max(mostWaiting, source.fetched.length - acknowledged);
    };
    const clock = { seconds: 10_000 };
    const context = { ...simulatedContext(source, asSeenBySpot(counted), clock, { batch_runs: 4 }), observer };
    const before = process.memoryUsage().heapUsed;
    const crawling = crawlForever([context], { signal: stop.signal }, () => undefined);
    for (const outage of outages) {
      clock.seconds += OUTAGE_SECONDS;
      await outage();
      mostMemory = Math.max(mostMemory, process.memoryUsage().heapUsed - before);
      const upAgain = performance.now();
      await Promise.race([new Promise<void>((resolve) => (onSaved = resolve)), crawling]);
      longestUntilItWrites = Math.max(longestUntilItWrites, performance.now() - upAgain);
    }
    await crawling;
    return { stored: await storedRuns(store), mostWaiting, mostMemory, longestUntilItWrites };
  }

  const outages = inSoak(20, 3);
  it(`R7: ${outages} times without any connection for half an hour in the middle of ${RUNS} runs: none lost, goes on within a minute, at most ${MOST_WAITING} runs and 64 MiB waiting`, async function () {
    this.timeout(inSoak(3_600_000, 90_000));
    const random = seededRandom(testSeed('outages'));
    await using proxy = await FaultProxy.start({ target: url, seed: 1, print: () => undefined });

    const ending = await crawlThrough(
      proxy.url,
      Array.from({ length: outages }, () => async () => {
        await proxy.whenCalled(1 + Math.floor(random() * 8));
        proxy.goDown();
        await sleep(200 + random() * 1000);
        proxy.comeUp();
      }),
    );

    expect(complaintsAbout(ending), JSON.stringify({ ...ending, stored: ending.stored.length })).to.deep.equal([]);
    await removeIndexes(url, suffix);
  });

  it('R7, negative control: a crawler that acknowledges before it writes is found out, for it loses runs and reads on without bound', async function () {
    this.timeout(inSoak(600_000, 90_000));
    await using proxy = await FaultProxy.start({ target: url, seed: 1, print: () => undefined });
    const outage = async (): Promise<void> => {
      await proxy.whenCalled(4);
      proxy.goDown();
      // Longer than the store itself tries again.
      await sleep(4000);
      proxy.comeUp();
    };

    const ending = await crawlThrough(proxy.url, [outage], writesBehind);

    expect(complaintsAbout(ending)).to.include.members(['runs are lost', 'what waits is not bounded']);
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

      const ending = await crawlThrough(
        proxy.url,
        Array.from({ length: 20 }, () => async () => {
          await proxy.whenCalled(1 + Math.floor(random() * 20));
          await node.process.kill();
          node = await startElasticsearch({ port, dataDir });
        }),
      );

      expect(complaintsAbout(ending), JSON.stringify({ ...ending, stored: ending.stored.length })).to.deep.equal([]);
      await node[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true });
    });
  }
});
