import { expect } from 'chai';
import { learnAndKeep } from '../../src/app/application-models.ts';
import { ModelKeeper } from '../../src/app/model-keeper.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { modelOf, readApplication, readProfiles, toleratedRuns } from '../../src/setter/kept-models.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { failure } from '../store/store-contract.ts';
import { lawRuns, saveLawRuns } from './stored-history.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const QUESTION = {
  executors: 6,
  inputBytes: 8 * 2 ** 30,
  coresPerExecutor: 4,
  memoryMib: 8192,
  shufflePartitions: 200,
};

describe('setter/kept-models', () => {
  let store: Store;
  beforeEach(async () => {
    store = await SqliteStore.open({ path: ':memory:', access: 'write' }, silentLogger);
    await saveLawRuns(store, lawRuns(40));
  });
  afterEach(() => store[Symbol.asyncDispose]());
  const read = () => readApplication(store, { tag: 'etl' });

  it('answers from the stored model what the fitted one answers, to the last digit', async () => {
    const now = await modelOf(store, await read(), { minNewRuns: 1 });
    await learnAndKeep(store, 'etl', NOW);
    const stored = await modelOf(store, await read(), { minNewRuns: 1 });

    expect(now?.source).to.equal('fitted now');
    expect(stored).to.include({ source: 'stored', runsSinceFit: 0, savedAt: '2026-11-21T12:00:00.000Z' });
    expect(stored?.fitted.predict(QUESTION, 0.9)).to.eql(now?.fitted.predict(QUESTION, 0.9));
  });

  it('reads no document of a run once the history is kept', async () => {
    await learnAndKeep(store, 'etl', NOW);
    const before = await read();
    store.readAggregate = () => Promise.reject(new Error('a document was read'));
    store.findAggregates = () => {
      throw new Error('documents were read');
    };

    expect((await read()).runs).to.eql(before.runs);
    expect(before.runs).to.have.length(40);
  });

  it('reads a run again that was read anew', async () => {
    await learnAndKeep(store, 'etl', NOW);
    await saveLawRuns(store, [{ ...lawRuns(40)[7]!, durationMs: 987_654 }], 2);

    const { runs } = await read();
    expect(runs).to.have.length(40);
    expect(runs.filter(({ durationMs }) => durationMs === 987_654)).to.have.length(1);
    expect((await modelOf(store, await read(), { minNewRuns: 5 }))?.source).to.equal('fitted now');
  });

  it('uses a model of 40 runs that lacks 3 when a tenth may be lacking, and fits again when it lacks 4', async () => {
    await learnAndKeep(store, 'etl', NOW);
    await saveLawRuns(store, lawRuns(43).slice(40));
    expect(await modelOf(store, await read(), { minNewRuns: 5 })).to.include({ source: 'stored', runsSinceFit: 3 });

    await saveLawRuns(store, lawRuns(44).slice(43));
    expect((await modelOf(store, await read(), { minNewRuns: 5 }))?.source).to.equal('fitted now');
    expect([5, 20, 40, 400].map((known) => toleratedRuns(known, 5))).to.eql([0, 1, 3, 4]);
  });

  it('keeps models of core time too, and of what varies only', async () => {
    const learned = await learnAndKeep(store, 'etl', NOW);

    // Nobody measured heap, and none of them spilled.
    expect([...(learned?.models.keys() ?? [])]).to.eql(['durationMs', 'coreMs']);
    const model = await modelOf(store, await read(), { target: 'coreMs', minNewRuns: 1 });
    // The runs were given executors × cores × duration.
    const { value } = model?.fitted.predict(QUESTION, 0.9) ?? { value: NaN };
    expect(value / (6 * 4 * (20_000 + (240_000 * 8) / 24))).to.be.within(0.9, 1.1);
  });

  it('keeps a profile, by which others find it', async () => {
    await learnAndKeep(store, 'etl', NOW);

    expect((await readProfiles(store)).map(({ tag, runs }) => [tag, runs.length])).to.eql([['etl', 3]]);
  });

  it('is kept up to date while a crawl goes on: 4 new runs of 40 and the model knows 44', async () => {
    await using keeper = new ModelKeeper(store, {
      minNewRuns: 5,
      maxPerPass: 20,
      logger: silentLogger,
      now: () => NOW,
    });
    const crawl = async (from: number, to: number): Promise<void> => {
      for (const key of await saveLawRuns(store, lawRuns(to).slice(from))) keeper.runSaved(key);
      keeper.passEnded();
      await keeper.idle;
    };
    const known = async () =>
      ((await store.readKept('model', 'durationMs/etl'))?.body as { runs: number } | undefined)?.runs;

    await crawl(39, 40);
    expect(await known()).to.equal(40);
    await crawl(40, 42);
    expect(await known()).to.equal(40);
    await crawl(42, 44);
    expect(await known()).to.equal(44);
  });

  it('keeps nothing and complains of nothing when it is stopped in the middle', async () => {
    const warned: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => warned.push(message) } as typeof silentLogger;
    const stop = new AbortController();
    await using keeper = new ModelKeeper(store, {
      minNewRuns: 1,
      maxPerPass: 20,
      logger,
      now: () => NOW,
      signal: stop.signal,
    });
    for (const key of await saveLawRuns(store, lawRuns(40))) keeper.runSaved(key);
    keeper.passEnded();
    setTimeout(() => {
      stop.abort();
    }, 1);
    await keeper.idle;

    expect(await readProfiles(store)).to.eql([]);
    expect(warned).to.eql([]);
  });

  it('says so when the store does not take a model: a tag of 40,000 characters is too long for an id', async () => {
    const tag = 'x'.repeat(40_000);
    await saveLawRuns(
      store,
      lawRuns(3).map((run) => ({ ...run, application: tag, run: `long-${run.run}` })),
    );

    expect(await failure(learnAndKeep(store, tag, NOW))).to.include({ code: 'STORE_REJECTED' });
  });

  it('fits at most as many applications after a pass as it may, and the others after the next', async () => {
    await using keeper = new ModelKeeper(store, { minNewRuns: 1, maxPerPass: 1, logger: silentLogger, now: () => NOW });
    const other = lawRuns(6).map((run) => ({ ...run, application: 'other', run: `other-${run.run}` }));
    for (const key of [...(await saveLawRuns(store, lawRuns(1))), ...(await saveLawRuns(store, other))])
      keeper.runSaved(key);

    keeper.passEnded();
    await keeper.idle;
    expect((await readProfiles(store)).map(({ tag }) => tag)).to.eql(['etl']);
    keeper.passEnded();
    await keeper.idle;
    expect((await readProfiles(store)).map(({ tag }) => tag)).to.eql(['etl', 'other']);
  });
});
