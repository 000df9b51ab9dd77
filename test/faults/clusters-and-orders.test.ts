import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import type { CrawlContext } from '../../src/crawler/crawl-pass.ts';
import type { AttemptParts, RunSource } from '../../src/sources/run-source.ts';
import type { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { recordedRun } from '../support/fake-history-server.ts';
import { applicationOf, MemorySource } from '../support/memory-source.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { around } from './around.ts';
import { hashOfAggregates } from './hash-of-aggregates.ts';
import { inSoak } from './scale.ts';
import { memoryStore, simulatedContext, storedRuns } from './simulated-daemon.ts';
import { testSeed } from './test-seed.ts';

const NEVER = new AbortController().signal;

function names(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `local-${1_790_000_000_000 + number}`);
}

describe('faults: many clusters, any order', function () {
  this.timeout(inSoak(3_600_000, 30_000));

  /** Two servers that list the same ids, with other numbers, crawled into one store. */
  async function crawlTwo(clusters: readonly [string, string], ids: readonly string[]): Promise<SqliteStore> {
    const [north, south] = clusters.map((cluster) => new MemorySource(cluster)) as [MemorySource, MemorySource];
    north.applications = ids.map((id, number) => applicationOf(id, { endsAt: 100 + number }));
    south.applications = ids.map((id, number) => applicationOf(id, { startsAt: 0, endsAt: 200 + number }));
    const store = await memoryStore();
    const clock = { seconds: 10_000 };
    await crawlOnce(
      [north, south].map((source) => simulatedContext(source, store, clock)),
      { signal: NEVER },
    );
    return store;
  }

  it('R5: two servers with 500 identical application ids make 1,000 documents, each with the numbers of its own', async () => {
    const ids = names(500);
    await using store = await crawlTwo(['north', 'south'], ids);

    expect(await store.stats()).to.include({ raw: 1000, agg: 1000, err: 0 });
    expect(await storedRuns(store, 'north')).to.deep.equal(ids);
    expect(await storedRuns(store, 'south')).to.deep.equal(ids);
    const ends = async (cluster: string): Promise<(number | undefined)[]> =>
      (await Array.fromAsync(store.findAggregates({ cluster }, { order: 'oldest-first' }))).map(
        ({ attempt }) => attempt.duration,
      );
    expect(await ends('north')).to.deep.equal(ids.map(() => 100_000));
    expect(await ends('south')).to.deep.equal(ids.map((_, number) => (200 + number) * 1000));
  });

  it('negative control: under one name the two are one cluster, and half of the documents replace the others', async () => {
    await using store = await crawlTwo(['same', 'same'], names(500));

    expect((await store.stats()).agg).to.equal(500);
  });

  /** The hashes of what is stored after the same runs were listed in so many orders, and read 1 to 16 at a time. */
  async function hashesOf(
    orders: number,
    runs: number,
    random: () => number,
    changed: (order: number) => Partial<CrawlContext> = () => ({}),
  ): Promise<ReadonlySet<string>> {
    const { answers } = recordedRun('smoke-wordcount');
    const parts = Object.fromEntries(
      Object.entries(answers).map(([part, text]) => [part, JSON.parse(text as string) as unknown]),
    ) as unknown as AttemptParts;
    const applications = names(runs).map((id, number) => applicationOf(id, { endsAt: 100 + number }));
    const hashes = new Set<string>();
    for (let order = 0; order < orders; order++) {
      const source = new MemorySource();
      source.applications = applications
        .map((application) => ({ application, drawn: random() }))
        .sort((a, b) => a.drawn - b.drawn)
        .map(({ application }) => application);
      source.parts = () => parts;
      await using store = await memoryStore();
      // The crawler asks for the oldest first, whatever the list; what it gets first is drawn too.
      const unsteady = around<RunSource>(source, {
        async fetchAttempt(application, attempt) {
          for (let turns = Math.floor(random() * 8); turns > 0; turns--) await nextTurn();
          return await source.fetchAttempt(application, attempt);
        },
      });
      const context = simulatedContext(unsteady, store, { seconds: 10_000 }, { concurrency: 1 + (order % 16) });
      await crawlOnce([{ ...context, ...changed(order) }], { signal: NEVER });
      expect((await store.stats()).agg).to.equal(runs);
      hashes.add(await hashOfAggregates(store));
    }
    return hashes;
  }

  const [orders, runs] = [inSoak(100, 6), inSoak(500, 25)];
  it(`R19: ${orders} orders of listing ${runs} runs, read 1 to 16 at a time, make the same documents`, async () => {
    const random = seededRandom(testSeed('orders'));

    expect((await hashesOf(orders, runs, random)).size).to.equal(1);
  });

  it('negative control: one run of 25 that is told apart by when it was read makes other documents', async () => {
    const random = seededRandom(1);
    // Whoever comes fifth gets another tag: which run that is hangs on how many are read at a time.
    const fifthIsSpecial = (): Partial<CrawlContext> => {
      let read = 0;
      return {
        enrich: () => Promise.resolve({ classification: { app: 'a', type: 'a' }, tag: (read += 1) === 5 ? 'b' : 'a' }),
      };
    };

    expect((await hashesOf(6, 25, random, fifthIsSpecial)).size).to.be.above(1);
  });
});
