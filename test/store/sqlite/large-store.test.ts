import { expect } from 'chai';
import { DatabaseSync } from 'node:sqlite';
import { crawlOnce } from '../../../src/crawler/crawler.ts';
import { fingerprintOf } from '../../../src/documents/fingerprint.ts';
import { rowChecksum } from '../../../src/store/sqlite/row-checksum.ts';
import { simulatedContext } from '../../faults/simulated-daemon.ts';
import { applicationOf, MemorySource } from '../../support/memory-source.ts';
import { endAt, sampleRun } from '../sample-runs.ts';
import { collect } from '../store-contract.ts';
import { firstLine, killed, StoreInAFolder } from './store-in-a-folder.ts';

describe('store/sqlite with many runs', () => {
  const here = new StoreInAFolder();

  it('keeps its pages apart from what is written while they are read', async () => {
    await using store = await here.open();
    await store.saveRuns(
      Array.from({ length: 120 }, (_, index) =>
        sampleRun({ appId: `app-${String(index).padStart(3, '0')}`, end: endAt(index) }),
      ),
    );
    const seen: string[] = [];

    for await (const { id } of store.findAggregates({}, { order: 'oldest-first' })) {
      if (seen.length === 0) await store.saveRuns([sampleRun({ appId: 'app-000', end: endAt(0), revision: 2 })]);
      seen.push(id);
    }

    expect(seen).to.have.lengthOf(120);
    expect(new Set(seen).size).to.equal(120);
  });

  it('R23: with 1,000,000 runs it is ready within 3 seconds, after a clean end and after kill -9, and a first poll that lists 10,000 of them is through within 5', async () => {
    await here.fill(1);
    const database = new DatabaseSync(here.path);
    // The columns are those of the schema; the documents are left out, for opening does not read them. Indexes are faster made at the end.
    const indexes = database
      .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
      .all();
    database.exec(indexes.map(({ name }) => `DROP INDEX ${String(name)};`).join(''));
    database.function('row_checksum', { varargs: true }, (...columns) => rowChecksum(columns));
    const source = new MemorySource('main');
    source.applications = Array.from({ length: 10_000 }, (_, index) =>
      applicationOf(`app-${index + 1}`, { endsAt: 1 }),
    );
    database.function('fingerprint', (number) => {
      const application = source.applications[Number(number) - 1];
      const [attempt] = application?.attempts ?? [];
      return application === undefined || attempt === undefined
        ? `f${String(number)}`
        : fingerprintOf(application, attempt);
    });
    database.exec(`
      PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
      INSERT INTO run (number, id, cluster, app_id, name, user, tag, end_ms, fingerprint, revision, has_raw, has_detail, checksum)
      SELECT 10 + i, id, 'main', 'app-' || i, 'name ' || (i % 1000), 'user ' || (i % 100), 'tag ' || (i % 1000), end_ms, fingerprint, 1, 0, 0,
        row_checksum(id, 'main', 'app-' || i, NULL, end_ms, fingerprint, 1)
      FROM (SELECT i, 'main~app-' || i || '-0' AS id, 1700000000000 + i * 1000 AS end_ms, fingerprint(i) AS fingerprint FROM n)`);
    database.exec(indexes.map(({ sql }) => `${String(sql)};`).join(''));
    database.close();
    const timings: number[] = [];
    const ready = async (): Promise<void> => {
      const started = performance.now();
      await using store = await here.open();
      await store.prepare();
      const newest = await collect(store.findKeys({ user: 'user 7' }, { limit: 20 }));
      timings.push(performance.now() - started);
      expect(newest[0]?.appId).to.equal('app-999907');
    };
    await ready();
    const writer = here.startWriter();
    await firstLine(writer, 'acknowledged');
    await killed(writer);
    await ready();
    const startedAt = performance.now();
    {
      await using store = await here.open();
      const context = simulatedContext(source, store, { seconds: 10_000 });
      await crawlOnce([context], { signal: new AbortController().signal });
    }
    const firstPollMs = performance.now() - startedAt;

    console.log(`      first poll after ${firstPollMs.toFixed(0)} ms`);
    expect(source.fetched).to.deep.equal([]);
    expect(firstPollMs).to.be.below(5000);
    console.log(`      ready after ${timings.map((milliseconds) => milliseconds.toFixed(0)).join(' and ')} ms`);
    for (const milliseconds of timings) expect(milliseconds).to.be.below(3000);
  }).timeout(120_000);
});
