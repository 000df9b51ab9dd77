import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '../../src/logging/logger.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { describeStoreContract } from './store-contract.ts';

describeStoreContract('store/sqlite shared with a writer that holds the lock', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spot-sqlite-'));
  const path = join(folder, 'spot.sqlite');
  const writer = await SqliteStore.open({ path }, silentLogger);
  return {
    open: () => SqliteStore.open({ path, access: 'share' }, silentLogger),
    remove: async () => {
      await writer[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
});

describeStoreContract('store/sqlite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spot-sqlite-'));
  const path = join(folder, 'spot.sqlite');
  return {
    open: () => SqliteStore.open({ path }, silentLogger),
    remove: () => rm(folder, { recursive: true }),
  };
});
