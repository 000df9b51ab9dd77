/**
 * On the small disk that its first argument names: leaves room for 0, 1, 2, … pages, and each time saves runs until the disk is full,
 * makes room, goes on, and looks at what is there. Prints a line of JSON for each.
 */
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { silentLogger } from '../../../src/logging/logger.ts';
import { integrityFindings } from '../../../src/store/sqlite/integrity.ts';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { StoreError } from '../../../src/util/errors.ts';
import { sampleKey, sampleRun } from '../sample-runs.ts';

const PAGE_BYTES = 4096;
const [folder = '', pages = '0'] = process.argv.slice(2);

for (let left = 0; left < Number(pages); left += 1) {
  const path = join(folder, 'spot.sqlite');
  const acknowledged: string[] = [];
  let failure: unknown;
  {
    await using store = await SqliteStore.open({ path }, silentLogger);
    const save = async (): Promise<void> => {
      const appId = `app-${acknowledged.length}`;
      const [outcome] = await store.saveRuns([sampleRun({ appId, properties: { filler: 'x'.repeat(2000) } })]);
      if (outcome?.status !== 'saved') throw new Error(JSON.stringify(outcome));
      acknowledged.push(appId);
    };
    await save();
    const { bavail, bsize } = statfsSync(folder);
    const filler = join(folder, 'filler');
    writeFileSync(filler, Buffer.alloc(Math.max(bavail * bsize - left * PAGE_BYTES, 0)));
    try {
      for (;;) await save();
    } catch (error) {
      failure = error;
    }
    rmSync(filler);
    await save();
  }
  await using store = await SqliteStore.open({ path }, silentLogger);
  const { size } = await store.readLedger(acknowledged.map((appId) => sampleKey({ appId })));
  await store[Symbol.asyncDispose]();
  const { code, retryable } = failure instanceof StoreError ? failure : { code: String(failure), retryable: false };
  const lost = acknowledged.length - size;
  console.log(
    JSON.stringify({
      left,
      code,
      retryable,
      acknowledged: acknowledged.length,
      lost,
      findings: integrityFindings(path),
    }),
  );
  for (const suffix of ['', '-wal', '-shm', '-lock']) rmSync(path + suffix, { force: true });
}
