/**
 * Writes batches of runs to the store named by its argument until it is stopped, and prints the application ids of each batch once
 * it is acknowledged. An error ends it: its code is printed after `error`.
 */
import { silentLogger } from '../../../src/logging/logger.ts';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { StoreError } from '../../../src/util/errors.ts';
import { sampleRun } from '../sample-runs.ts';

const [path = '', prefix = 'app', batches = '1000000'] = process.argv.slice(2);

try {
  await using store = await SqliteStore.open({ path, busyTimeoutMs: 200 }, silentLogger);
  await store.prepare();
  console.log('ready');
  for (let batch = 0; batch < Number(batches); batch += 1) {
    const ids = Array.from({ length: 5 }, (_, index) => `${prefix}-${String(batch)}-${String(index)}`);
    const filler = Array.from({ length: 200 }, (_, index) => `${String(index)} ${String(Math.random())}`).join(' ');
    await store.saveRuns(ids.map((appId) => sampleRun({ appId, properties: { filler } })));
    console.log(`acknowledged ${ids.join(' ')}`);
  }
} catch (error) {
  console.log(`error ${error instanceof StoreError ? `${error.code} ${String(error.retryable)}` : String(error)}`);
}
