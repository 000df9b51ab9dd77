import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import type { Store } from '../../src/store/store.ts';
import { stringifyJson } from '../../src/util/lossless-json.ts';
import { recordedRun } from '../support/fake-history-server.ts';
import { applicationOf, MemorySource } from '../support/memory-source.ts';
import { seededRandom } from '../support/seeded-random.ts';
import type { AttemptParts } from '../../src/sources/run-source.ts';
import { inSoak } from './scale.ts';
import { memoryStore, simulatedContext, storedRuns } from './simulated-daemon.ts';
import { testSeed } from './test-seed.ts';

const NEVER = new AbortController().signal;

function names(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `local-${1_790_000_000_000 + number}`);
}

/** A hash over all agg documents, without the moment of their making. */
async function hashOf(store: Store): Promise<string> {
  const hash = createHash('sha256');
  for await (const document of store.findAggregates({}, { order: 'oldest-first' })) {
    const { time_processed: _time, revision: _revision, ...spot } = document.spot;
    hash.update(stringifyJson({ ...document, spot }));
  }
  return hash.digest('hex');
}

describe('faults: many clusters, any order', function () {
  this.timeout(inSoak(3_600_000, 30_000));

  it('R5: two servers with 500 identical application ids make 1,000 documents, each with the numbers of its own', async () => {
    const [north, south] = [new MemorySource('north'), new MemorySource('south')];
    const ids = names(500);
    north.applications = ids.map((id, number) => applicationOf(id, { endsAt: 100 + number }));
    south.applications = ids.map((id, number) => applicationOf(id, { startsAt: 0, endsAt: 200 + number }));
    await using store = await memoryStore();
    const clock = { seconds: 10_000 };

    await crawlOnce(
      [north, south].map((source) => simulatedContext(source, store, clock)),
      { signal: NEVER },
    );

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

  const [orders, runs] = [inSoak(100, 6), inSoak(500, 25)];
  it(`R19: ${orders} orders of listing ${runs} runs, read 1 to 16 at a time, make the same documents`, async () => {
    const random = seededRandom(testSeed('orders'));
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
      const context = simulatedContext(source, store, { seconds: 10_000 }, { concurrency: 1 + (order % 16) });
      await crawlOnce([context], { signal: NEVER });
      expect((await store.stats()).agg).to.equal(runs);
      hashes.add(await hashOf(store));
    }

    expect([...hashes]).to.have.length(1);
  });
});
