import { expect } from 'chai';
import { DatabaseSync } from 'node:sqlite';
import type { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { StoreError } from '../../../src/util/errors.ts';
import { sampleError, sampleKey, sampleRun } from '../sample-runs.ts';
import { collect, failure } from '../store-contract.ts';
import { StoreInAFolder } from './store-in-a-folder.ts';

describe('store/sqlite finds, when it is read, what changed in the file while the store was open:', () => {
  const here = new StoreInAFolder();

  it('a bit of a document', async () => {
    await using store = await here.open();
    await store.saveRuns([sampleRun()]);
    const other = new DatabaseSync(here.path);
    const { document } = other.prepare('SELECT document FROM agg').get() as { document: Uint8Array };
    let found = 0;
    for (let byte = 0; byte < document.length; byte += 1) {
      const flipped = Uint8Array.from(document);
      flipped[byte]! ^= 0x10;
      other.prepare('UPDATE agg SET document = ?').run(flipped);
      const ending = await store.readAggregate(sampleKey()).catch((error: unknown) => error);
      if (ending instanceof StoreError && ending.code === 'STORE_CORRUPT') found += 1;
      else expect(ending, `byte ${String(byte)}`).to.deep.equal(sampleRun().aggregate);
    }
    other.close();

    // A few bits of a frame's header mean nothing to what it holds.
    expect(found).to.be.above(document.length - 4);
  });

  const reading: readonly (readonly [change: string, what: string, (store: SqliteStore) => Promise<unknown>])[] = [
    ['UPDATE run SET fingerprint = upper(fingerprint)', 'a fingerprint', (store) => store.readLedger([sampleKey()])],
    ['UPDATE run SET revision = revision + 1', 'a revision', (store) => collect(store.findKeys({}))],
    ["UPDATE run SET cluster = 'maio'", 'a cluster', (store) => store.readLedger([sampleKey()])],
    ["UPDATE run SET attempt_id = ''", 'an attempt that none was', (store) => collect(store.findKeys({}))],
    ['UPDATE run SET revision = 1 << 60', 'a number too large', (store) => collect(store.findKeys({}))],
    [
      "UPDATE error SET document = replace(document, 'broke', 'brake')",
      'an error',
      (store) => collect(store.findErrors({})),
    ],
    ['UPDATE kept SET revision = 9', 'the revision of a model', (store) => store.readKept('model', 'm')],
    ["UPDATE kept SET saved_at = '2026-11-22'", 'the time of a model', (store) => collect(store.findKept('model'))],
    [
      'UPDATE run SET end_ms = 5',
      'an end by which it would be deleted',
      (store) => store.prune({ endedBefore: new Date(9) }),
    ],
    [
      'UPDATE run SET end_ms = 5',
      'an end by which its raw document would be',
      (store) => store.prune({ endedBefore: new Date(9), keepAggregates: true }),
    ],
  ];
  for (const [change, what, read] of reading) {
    it(what, async () => {
      await using store = await here.open();
      await store.saveRuns([sampleRun()]);
      await store.saveErrors([sampleError()]);
      await store.keep([{ kind: 'model', id: 'm', revision: 1, savedAt: '2026-11-21', body: {} }]);
      await read(store);
      using other = new DatabaseSync(here.path);
      other.exec(change);

      expect(await failure(read(store))).to.have.property('code', 'STORE_CORRUPT');
      expect(await store.stats()).to.include({ agg: 1, raw: 1 });
    });
  }
});
