import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import type { ErrorDocument } from '../../src/documents/documents.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import type { ElasticsearchSettings } from '../../src/store/elasticsearch/config.ts';
import { ElasticsearchStore } from '../../src/store/elasticsearch/elasticsearch-store.ts';
import { mappingOf, settingsOf } from '../../src/store/elasticsearch/mappings/mappings.ts';
import type { Store } from '../../src/store/store.ts';
import { stringifyJson } from '../../src/util/lossless-json.ts';
import { ask, removeIndexes, settingsFor } from '../store/elasticsearch/test-server.ts';
import { describeWithService } from '../support/describe-with-service.ts';
import { applicationOf, MemorySource } from '../support/memory-source.ts';
import { around } from './around.ts';
import {
  NO_FIELD_NAMES,
  NO_NUMBER,
  poisonedParts,
  poisonOf,
  POISONS,
  TOO_LARGE,
  type Poison,
} from './poisoned-runs.ts';
import { inSoak, IS_SOAK } from './scale.ts';
import { memoryStore, simulatedContext, storedRuns } from './simulated-daemon.ts';

const RUNS = inSoak(10_000, 200);
const LIMIT = { max_document_bytes: 1_048_576 };
const { signal: NEVER } = new AbortController();
const MEBIBYTE = 1024 * 1024;

/** Runs by their number, one of a hundred of each kind of poison, but for the kind that is left out. */
function poisonedSource(
  runs: number,
  left?: Poison,
): {
  readonly source: MemorySource;
  readonly poisons: ReadonlyMap<string, Poison>;
} {
  const source = new MemorySource('main');
  const numbers = new Map<string, number>();
  const poisons = new Map<string, Poison>();
  source.applications = Array.from({ length: runs }, (_, number) => {
    const poison = poisonOf(number) === left ? undefined : poisonOf(number);
    const plain = `app-${String(number).padStart(5, '0')}`;
    const id = poison?.id?.(plain) ?? plain;
    numbers.set(id, number);
    if (poison !== undefined) poisons.set(id, poison);
    return { ...applicationOf(id, { endsAt: number }), name: poison?.name ?? 'nightly' };
  });
  source.parts = (id) => poisonedParts(numbers.get(id) ?? -1, poisons.get(id));
  return { source, poisons };
}

describeWithService('SPOT_TEST_ES_URL', 'faults: poison among what is written to Elasticsearch', function (url) {
  let suffix: string;
  let stores: ElasticsearchStore[];
  const agg = (): string => `spot_agg_test_${suffix}`;

  beforeEach(() => {
    suffix = randomUUID();
    stores = [];
  });

  afterEach(async () => {
    for (const store of stores) await store[Symbol.asyncDispose]();
    await removeIndexes(url, suffix);
  });

  const prepared = async (changes: Partial<ElasticsearchSettings> = LIMIT): Promise<ElasticsearchStore> => {
    const store = await ElasticsearchStore.open(settingsFor(url, suffix, changes), silentLogger);
    stores.push(store);
    await store.prepare();
    return store;
  };
  const crawled = async (source: MemorySource, store: Store, seconds = 100_000): Promise<void> => {
    await crawlOnce([simulatedContext(source, store, { seconds })], { signal: NEVER });
  };
  const idsOf = (poisons: ReadonlyMap<string, Poison>, ...kinds: readonly Poison[]): readonly string[] =>
    [...poisons].flatMap(([id, poison]) => (kinds.includes(poison) ? [id] : [])).sort();
  const parked = async (store: Store): Promise<ReadonlyMap<string, ErrorDocument['spot']>> =>
    new Map((await Array.fromAsync(store.findErrors({}))).map(({ spot }) => [spot.spark_app_id, spot]));

  it(`R8: of ${RUNS} runs, 1 % of each of ${POISONS.length} kinds of poison, each is stored as any other store has it; what is too large or no number is parked, and no other`, async function () {
    this.timeout(inSoak(3_600_000, 90_000));
    const { source, poisons } = poisonedSource(RUNS);
    const store = await prepared();

    await crawled(source, store);

    const tooLarge = idsOf(poisons, TOO_LARGE);
    const bad = idsOf(poisons, TOO_LARGE, NO_NUMBER);
    const errors = await parked(store);
    expect([...errors.keys()].sort()).to.deep.equal(bad);
    for (const [id, spot] of errors) {
      const isTooLarge = tooLarge.includes(id);
      const [stage, code] = isTooLarge ? ['store', 'STORE_DOCUMENT_TOO_LARGE'] : ['raw', 'DOCUMENT_INVALID_NUMBER'];
      expect(spot.error).to.include({ stage, code, count: 1, retryable: false });
      expect(spot.error.message).to.match(
        isTooLarge
          ? /^The document has 1\d{6} bytes, and max_document_bytes is 1048576: raise it/
          : /^The value of outputBytes is larger than anything Spark counts$/,
      );
      // Where the payload is: a source that still has it, and the run there.
      expect(spot).to.include({ cluster: 'main', history_host: 'localhost' });
      expect(spot.fingerprint).to.match(/^[0-9a-f]{16}$/);
    }
    const good = source.applications.map(({ id }) => id).filter((id) => !bad.includes(id));
    expect(await storedRuns(store)).to.deep.equal(good.sort());
    expect(await store.stats()).to.include({ raw: good.length, agg: good.length, err: bad.length });
    await expectAsInSqlite(
      source,
      store,
      good.filter((id) => poisons.has(id)),
    );

    const roomy = await prepared({ max_document_bytes: 8 * MEBIBYTE });
    await crawled(source, roomy, 200_000);
    expect(await storedRuns(roomy)).to.deep.equal([...good, ...tooLarge].sort());
    const [stored, left] = [good.length + tooLarge.length, bad.length - tooLarge.length];
    expect(await roomy.stats()).to.include({ raw: stored, agg: stored, err: left });
  });

  it(`R8: under a mapping that refuses 1 % of ${RUNS} runs these are parked with class, reason and where to read them, the others stored; once it is repaired each of them is`, async function () {
    this.timeout(inSoak(3_600_000, 90_000));
    const { source, poisons } = poisonedSource(RUNS, NO_NUMBER);
    // Somebody wanted to search in what Spot keeps unsearched: there, too, names are fields now.
    const { properties, ...mapping } = mappingOf('agg') as { readonly properties: object };
    const searched = { ...properties, spot_document: { type: 'object', dynamic: true } };
    await ask(url, 'PUT', `/${agg()}-000001`, {
      settings: settingsOf('agg'),
      mappings: { ...mapping, properties: searched },
      aliases: { [agg()]: { is_write_index: true } },
    });
    const store = await prepared({ max_document_bytes: 8 * MEBIBYTE });

    await crawled(source, store);

    const refused = idsOf(poisons, NO_FIELD_NAMES);
    const errors = await parked(store);
    expect([...errors.keys()].sort()).to.deep.equal(refused);
    for (const spot of errors.values()) {
      expect(spot.error).to.include({ stage: 'store', code: 'STORE_REJECTED', count: 1, retryable: false });
      expect(spot.error.message).to.match(/^Elasticsearch refused: .*field/);
      expect(spot).to.include({ cluster: 'main', history_host: 'localhost' });
    }
    expect((await store.stats()).agg).to.equal(RUNS - refused.length);

    // As an operator repairs it: the index goes, and Spot makes it anew with the mapping that it should have.
    await ask(url, 'DELETE', `/${agg()}-000001`);
    await crawled(source, store, 200_000);

    expect(await storedRuns(store)).to.deep.equal(source.applications.map(({ id }) => id).sort());
    expect(await store.stats()).to.include({ raw: RUNS, agg: RUNS, err: 0 });
    await expectAsInSqlite(source, store, refused);
  });

  it('R8, negative control: a store that goes by the status of the whole bulk, which is 200, loses what was refused, and that shows', async function () {
    this.timeout(90_000);
    const { source, poisons } = poisonedSource(100);
    const store = await prepared();
    const trusting = around(store, {
      saveRuns: async (runs, options) => {
        const outcomes = await store.saveRuns(runs, options);
        return outcomes.map(() => ({ status: 'saved' }));
      },
    });

    await crawled(source, trusting);

    const tooLarge = idsOf(poisons, TOO_LARGE);
    expect([...(await parked(store)).keys()])
      .to.have.lengthOf(1)
      .and.not.include.members([...tooLarge]);
    expect(await storedRuns(store)).to.have.lengthOf(98);
  });

  it('R8: a document of 100 MB is parked without being sent, one of 20 MB when a server with 512 MB of heap has no memory for it; one of 8 MB, more than a bulk holds, is stored, and so are the others', async function () {
    this.timeout(inSoak(600_000, 120_000));
    const source = new MemorySource('main');
    const sizes = new Map([
      ['a-8-mb', 8_000_000],
      ['b-20-mb', 20_000_000],
      ['c-100-mb', 100_000_000],
    ]);
    const good = Array.from({ length: 20 }, (_, index) => `good-${String(index).padStart(2, '0')}`);
    source.applications = [...sizes.keys(), ...good].map((id, index) => applicationOf(id, { endsAt: index }));
    source.parts = (id) => poisonedParts(0, { what: 'large', environment: { large: 'x'.repeat(sizes.get(id) ?? 1) } });
    const noMemory = /^The document is larger than Elasticsearch at \S+ can take with its memory/;
    const limits: readonly (readonly [limit: number, message: RegExp])[] = [
      [64 * MEBIBYTE, /^The document has 1000\d{5} bytes, and max_document_bytes is 67108864: raise it/],
      // Sending it takes a while.
      ...(IS_SOAK ? [[100 * MEBIBYTE, noMemory] as const] : []),
    ];

    for (const [limit, message] of limits) {
      const store = await prepared({ max_document_bytes: limit });
      await crawled(source, store, 100_000 + limit);

      const errors = await parked(store);
      expect([...errors.keys()].sort()).to.deep.equal(['b-20-mb', 'c-100-mb']);
      for (const { error } of errors.values())
        expect(error).to.include({ stage: 'store', code: 'STORE_DOCUMENT_TOO_LARGE', retryable: false });
      expect(errors.get('b-20-mb')?.error.message).to.match(noMemory);
      expect(errors.get('c-100-mb')?.error.message).to.match(message);
      expect(await storedRuns(store)).to.deep.equal(['a-8-mb', ...good]);
    }
  });

  /** What another store has of the same runs, field by field. */
  async function expectAsInSqlite(source: MemorySource, store: Store, ids: readonly string[]): Promise<void> {
    await using other = await memoryStore();
    const some = new MemorySource('main');
    some.applications = source.applications.filter(({ id }) => ids.includes(id));
    some.parts = source.parts;
    await crawled(some, other);
    for (const appId of ids) {
      const key = { cluster: 'main', appId };
      for (const read of ['readAggregate', 'readRaw'] as const)
        expect(comparable(await store[read](key)), appId.slice(0, 20)).to.equal(comparable(await other[read](key)));
    }
  }
});

/** Without the time of the crawl, and with half characters as UTF-8 has them. */
function comparable(document: unknown): string {
  const { spot, ...rest } = document as { readonly spot: object };
  const marks = { ...spot, time_processed: '', revision: 0 };
  return stringifyJson({ spot: marks, ...rest }).replaceAll(/\\ud[89a-f][0-9a-f]{2}/g, '\ufffd');
}
