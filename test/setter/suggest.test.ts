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
import { GIB } from './sample-history.ts';

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

  it('asks for a size when it knows neither application nor size', async () => {
    expect(await failure(suggest(store, options()))).to.include({ code: 'SUGGESTION_NO_SIZE' });
  });

  it('says that no run of a tag is stored', async () => {
    expect(await failure(suggest(store, options({ filter: { tag: 'etl' } })))).to.include({
      code: 'SUGGESTION_NO_HISTORY',
    });
  });
});
