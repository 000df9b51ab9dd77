import { silentLogger } from '../../src/logging/logger.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { aggregateRun, RUN_END, type RunSketch } from './aggregate-run.ts';

const DAY_MS = 86_400_000;

/** A real store in memory with these runs, a day apart unless they say otherwise; ids are `app-0`, `app-1`, …. */
export async function storeWith(runs: readonly RunSketch[]): Promise<Store> {
  const store = await SqliteStore.open({ path: ':memory:' }, silentLogger);
  await store.prepare();
  await addRuns(
    store,
    runs.map((sketch, i) => ({ id: `app-${i}`, endsAt: RUN_END + i * DAY_MS, ...sketch })),
  );
  return store;
}

export async function addRuns(store: Store, runs: readonly RunSketch[]): Promise<void> {
  const documents = runs.map((sketch) => aggregateRun(sketch));
  const outcomes = await store.saveRuns(
    documents.map((aggregate) => ({
      key: { cluster: aggregate.spot.cluster, appId: aggregate.id, attemptId: aggregate.attempt.attemptId },
      aggregate,
    })),
  );
  if (outcomes.some(({ status }) => status !== 'saved')) throw new Error(JSON.stringify(outcomes));
}
