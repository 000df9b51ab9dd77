import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suggest, type SuggestOptions } from '../../src/app/suggest.ts';
import { defaultsOf } from '../../src/config/section.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { pricesSection } from '../../src/money/config.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { failure } from '../store/store-contract.ts';
import { learnAndKeep } from '../../src/app/application-models.ts';
import { GIB } from './sample-history.ts';
import { lawRuns, saveLawRuns } from './stored-history.ts';

/** What the optimizer's `POST /api/v1/recommend` answered with. */
const FIELDS = [
  'num_executors',
  'executor_cores',
  'executor_memory_mb',
  'driver_memory_mb',
  'driver_cores',
  'shuffle_partitions',
  'dynamic_allocation',
  'predicted_duration_ms',
  'predicted_cost',
  'confidence_score',
  'similar_jobs',
  'recommendation_method',
  'reasoning',
];

describe('app/suggest', () => {
  let folder: string;
  let store: SqliteStore;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spot-suggest-'));
    store = await SqliteStore.open({ path: join(folder, 'spot.sqlite'), access: 'write' }, silentLogger);
    await store.prepare();
  });
  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  const options = (change: Partial<SuggestOptions> = {}): SuggestOptions => ({
    filter: {},
    question: { priority: 'balanced', confidence: 0.9, limits: { platform: 'yarn', maxExecutors: 1000 } },
    prices: defaultsOf(pricesSection),
    ...change,
  });

  it('answers from rules when nothing is stored, with all 13 fields of the optimizer', async () => {
    const suggestion = await suggest(store, options({ inputBytes: 10 * GIB }));

    expect(suggestion).to.include.keys(FIELDS);
    expect(suggestion).to.include({ recommendation_method: 'rules', num_executors: 7 });
  });

  it('tells the overhead that YARN adds to 8 GiB: a tenth, 819 MiB', async () => {
    const { executor_memory_mb, executor_memory_overhead_mb } = await suggest(store, options({ inputBytes: 10 * GIB }));

    expect([executor_memory_mb, executor_memory_overhead_mb]).to.eql([8192, 819]);
  });

  it('goes down the ladder: model, similar applications, rules, as there is less to go by', async () => {
    const asked = (tag: string) => suggest(store, options({ filter: { tag }, inputBytes: 10 * GIB }));
    await saveLawRuns(store, lawRuns(24));
    expect((await asked('etl')).recommendation_method).to.equal('model');

    const few = lawRuns(2).map((run) => ({ ...run, application: 'few', run: `few-${run.run}` }));
    await saveLawRuns(store, few);
    // No model is kept that could teach, one application is no sample of others, and neither tasks nor stages are stored.
    expect((await asked('few')).recommendation_method).to.equal('rules');

    await learnAndKeep(store, 'etl', new Date(0));
    const carried = await asked('few');
    expect(carried.recommendation_method).to.equal('similar');
    expect(carried.similar_jobs.map(({ application }) => application)).to.include.members(['few', 'etl']);
    expect((await asked('never-run')).recommendation_method).to.equal('rules');
  });

  it('answers the same from a kept model, says what it gains and that the program is the same', async () => {
    await saveLawRuns(store, lawRuns(24));
    const asked = options({ filter: { tag: 'etl' }, inputBytes: 10 * GIB });
    const fitted = await suggest(store, asked);
    await learnAndKeep(store, 'etl', new Date(0));

    expect(await suggest(store, asked)).to.eql(fitted);
    const { usual, gain, predicted_duration_ms, validity } = fitted;
    expect(gain?.duration).to.be.closeTo(
      1 - (predicted_duration_ms ?? NaN) / (usual?.predicted_duration_ms ?? NaN),
      1e-12,
    );
    expect(validity).to.include({ status: 'current', runsSince: 24 });
  });

  it('asks for a size when it knows neither application nor size', async () => {
    expect(await failure(suggest(store, options()))).to.include({ code: 'SUGGESTION_NO_SIZE' });
  });

  it('says that no run of a tag is stored', async () => {
    expect(await failure(suggest(store, options({ filter: { tag: 'etl' } })))).to.include({
      code: 'SUGGESTION_NO_HISTORY',
    });
  });
});
