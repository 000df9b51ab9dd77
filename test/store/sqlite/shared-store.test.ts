import { expect } from 'chai';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { documentId } from '../../../src/documents/run-key.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { errorId } from '../../../src/store/error-id.ts';
import { encodeDocument } from '../../../src/store/sqlite/document-codec.ts';
import { APPLICATION_ID } from '../../../src/store/sqlite/migrate.ts';
import { runs as firstMigration } from '../../../src/store/sqlite/migrations/001-runs.ts';
import { kept as secondMigration } from '../../../src/store/sqlite/migrations/002-kept.ts';
import { MIGRATIONS } from '../../../src/store/sqlite/migrations/index.ts';
import type { Access } from '../../../src/store/sqlite/config.ts';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import type { KeptDocument } from '../../../src/store/store.ts';
import type { StoreError } from '../../../src/util/errors.ts';
import { sampleError, sampleKey, sampleRun } from '../sample-runs.ts';
import { collect, failure } from '../store-contract.ts';

const WRITER = join(import.meta.dirname, 'writer-process.ts');
const OLD = '2020-01-01T00:00:00.000000+00:00';

describe('store/sqlite opened to share', () => {
  let folder: string;
  let path: string;
  let writer: ChildProcessWithoutNullStreams | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spot-shared-'));
    path = join(folder, 'spot.sqlite');
  });

  afterEach(async () => {
    if (writer?.exitCode === null && writer.signalCode === null) {
      writer.kill('SIGKILL');
      await once(writer, 'exit');
    }
    rmSync(folder, { recursive: true });
  });

  const open = (access: Access): Promise<SqliteStore> => SqliteStore.open({ path, access }, silentLogger);
  const filled = async (count: number): Promise<void> => {
    await using store = await open('write');
    await store.saveRuns(Array.from({ length: count }, (_, index) => sampleRun({ appId: `old-${index}`, end: OLD })));
  };
  const alert = (id: string, revision = 1): KeptDocument => ({
    kind: 'alert',
    id,
    revision,
    savedAt: '2026-11-21T12:00:00.000Z',
    body: { text: 'x'.repeat(10_000) },
  });

  it('prunes 600 runs and keeps 40 documents while another process saves runs as fast as it can: neither waits in vain, nothing is lost', async () => {
    await filled(600);
    // It gives up with STORE_BUSY after 200 ms without the lock, and would say so.
    writer = spawn(process.execPath, [WRITER, path, 'new']);
    const acknowledged: string[] = [];
    const errors: string[] = [];
    createInterface(writer.stdout).on('line', (line) => {
      if (line.startsWith('acknowledged ')) acknowledged.push(...line.split(' ').slice(1));
      if (line.startsWith('error')) errors.push(line);
    });
    while (acknowledged.length === 0) await once(writer.stdout, 'data');
    const before = acknowledged.length;

    await using store = await open('share');
    const deleted = await store.prune({ endedBefore: new Date('2021-01-01') });
    const kept = [];
    for (let index = 0; index < 40; index += 1) kept.push(...(await store.keep([alert(`a-${index}`)])));
    await new Promise((resolve) => setTimeout(resolve, 100));
    writer.kill('SIGKILL');
    if (writer.exitCode === null) await once(writer, 'exit');

    expect(errors).to.deep.equal([]);
    expect(deleted).to.deep.equal({ agg: 600, raw: 600, detail: 0, err: 0 });
    expect(new Set(kept.map(({ status }) => status))).to.deep.equal(new Set(['saved']));
    expect(await collect(store.findKept('alert'))).to.have.lengthOf(40);
    expect(acknowledged.length - before, 'runs that were saved meanwhile').to.be.at.least(50);
    expect((await store.readLedger(acknowledged.map((appId) => sampleKey({ appId })))).size).to.equal(
      acknowledged.length,
    );
    const { agg, raw } = await store.stats();
    expect(agg).to.be.at.least(acknowledged.length);
    expect(raw).to.equal(agg);
  }).timeout(60_000);

  it('works where nobody writes, and leaves the store closed in order for its next writer', async () => {
    await filled(3);

    {
      await using store = await open('share');
      await store.keep([alert('a')]);
      expect(await store.prune({ endedBefore: new Date('2021-01-01'), keepAggregates: true })).to.include({ raw: 3 });
    }

    const said: string[] = [];
    const logger = { ...silentLogger, info: (message: string) => void said.push(message) };
    await using store = await SqliteStore.open({ path }, logger);
    expect((await store.readKept('alert', 'a'))?.revision).to.equal(1);
    expect(await store.stats()).to.include({ agg: 3, raw: 0 });
    expect(said).to.deep.equal([]);
  });

  it('takes no lock from a writer that starts later, and is refused none', async () => {
    await filled(1);
    await using shared = await open('share');

    await using store = await open('write');

    expect(await store.saveRuns([sampleRun()])).to.deep.equal([{ status: 'saved' }]);
    expect(await shared.keep([alert('a')])).to.deep.equal([{ status: 'saved' }]);
    await using second = await open('share');
    expect(await second.keep([alert('a', 2)])).to.deep.equal([{ status: 'saved' }]);
    expect(await store.readKept('alert', 'a')).to.deep.equal(alert('a', 2));
  });

  it('waits for a lock that is held for half a second', async () => {
    await filled(1);
    await using store = await open('share');
    // The holder must be another process: this one stands still while it waits.
    const script = `
      const { DatabaseSync } = require('node:sqlite');
      new DatabaseSync(${JSON.stringify(path)}).exec('BEGIN IMMEDIATE');
      console.log('held');
      setTimeout(() => process.exit(), 500);`;
    writer = spawn(process.execPath, ['-e', script]);
    await once(writer.stdout, 'data');
    const startedAt = performance.now();

    expect(await store.keep([alert('a')])).to.deep.equal([{ status: 'saved' }]);
    expect(performance.now() - startedAt).to.be.above(300);
  });

  it('creates nothing where there is nothing', async () => {
    expect(await failure(open('share'))).to.have.property('code', 'STORE_NOT_FOUND');
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('refuses a store of a newer Spot and the database of another program', async () => {
    await filled(1);
    change('PRAGMA user_version = 99');
    expect(await failure(open('share'))).to.have.property('code', 'STORE_NEWER');

    change('PRAGMA user_version = 1; PRAGMA application_id = 5');
    expect(await failure(open('share'))).to.have.property('code', 'STORE_NOT_A_STORE');
  });

  describe('when the store is of the first schema', () => {
    beforeEach(() => {
      // As the first Spot made it: its one step, its marks, a run and an error.
      change(`
        PRAGMA journal_mode = WAL; ${firstMigration.sql}
        PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = 1;
        INSERT INTO run VALUES (1, '${documentId(sampleKey())}', 'main', 'app-20261121081534-0000', NULL, 'n', 'u', 't', 5, 'f1', 3, 0, 0);
        INSERT INTO agg VALUES (1, x'${Buffer.from(encodeDocument(sampleRun().aggregate)).toString('hex')}');
        INSERT INTO error VALUES ('${errorId(sampleError())}', 'main', 'app-1', 5, '${JSON.stringify(sampleError())}');`);
    });

    it('brings it up to date and keeps its runs', async () => {
      await using store = await open('share');

      expect(await store.keep([alert('a')])).to.deep.equal([{ status: 'saved' }]);
      expect([...(await store.readLedger([sampleKey()])).values()]).to.deep.equal([{ fingerprint: 'f1', revision: 3 }]);
      expect(await collect(store.findKeys({}))).to.deep.equal([{ ...sampleKey(), fingerprint: 'f1', revision: 3 }]);
      expect(await store.readAggregate(sampleKey())).to.deep.equal(sampleRun().aggregate);
      expect(await collect(store.findErrors({}))).to.deep.equal([sampleError()]);
      await using writing = await open('write');
      expect(await writing.readKept('alert', 'a')).to.not.equal(undefined);
    });

    it('brings one of the second schema up to date too, with what it kept', async () => {
      change(`${secondMigration.sql} PRAGMA user_version = 2;
        INSERT INTO kept VALUES ('alert', 'a', 7, '${alert('a').savedAt}', x'${Buffer.from(encodeDocument(alert('a').body)).toString('hex')}')`);

      await using store = await open('write');

      expect(await store.readKept('alert', 'a')).to.deep.equal(alert('a', 7));
      expect((await store.readLedger([sampleKey()])).size).to.equal(1);
      expect(await store.keep([alert('a', 7), alert('a', 8)])).to.deep.equal([
        { status: 'superseded' },
        { status: 'saved' },
      ]);
    });

    it('is refused, unchanged, when it is damaged', async () => {
      change('UPDATE run SET has_raw = 1');

      for (const access of ['write', 'share'] as const)
        expect(await failure(open(access))).to.have.property('code', 'STORE_CORRUPT');
      expect(version()).to.equal(1);
    });

    it('leaves it to the process that holds the lock of the writer, which it names', async () => {
      change('BEGIN; COMMIT');
      // An older Spot that is running holds the same lock.
      writer = spawn(process.execPath, ['-e', holdLock(`${path}-lock`)]);
      await once(writer.stdout, 'data');

      const error = (await failure(open('share'))) as StoreError;

      expect(error).to.have.property('code', 'STORE_LOCKED');
      expect(error.details['pid']).to.equal('4711');
      expect(version()).to.equal(1);
    });

    it('is refused to a reader, unchanged', async () => {
      expect(await failure(open('read'))).to.have.property('code', 'STORE_OLDER');
      expect(version()).to.equal(1);
    });

    it('is brought up to date by its writer, and is then as a new one', async () => {
      await (await open('write'))[Symbol.asyncDispose]();

      expect(version()).to.equal(MIGRATIONS.length);
      const migrated = schema();
      path = join(folder, 'new.sqlite');
      await (await open('write'))[Symbol.asyncDispose]();
      expect(migrated).to.deep.equal(schema());
    });
  });

  function change(sql: string): void {
    using database = new DatabaseSync(path);
    database.exec(sql);
  }

  function version(): unknown {
    using database = new DatabaseSync(path, { readOnly: true });
    return database.prepare('PRAGMA user_version').get()?.['user_version'];
  }

  function schema(): unknown {
    using database = new DatabaseSync(path, { readOnly: true });
    return database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all();
  }
});

/** A program that holds the lock as the writer of the first Spot did: a transaction, with its owner told. */
function holdLock(lockPath: string): string {
  return `
    const { DatabaseSync } = require('node:sqlite');
    const database = new DatabaseSync(${JSON.stringify(lockPath)});
    database.exec(\`CREATE TABLE owner (only_row INTEGER PRIMARY KEY, pid INTEGER, host TEXT, since TEXT, closed_cleanly INTEGER);
      INSERT INTO owner VALUES (1, 4711, 'host', '2026-11-21T00:00:00Z', 0); BEGIN IMMEDIATE\`);
    console.log('held');
    setTimeout(() => {}, 60000);`;
}
