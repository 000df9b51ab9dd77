import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { silentLogger, type Logger } from '../../../src/logging/logger.ts';
import { MIGRATIONS } from '../../../src/store/sqlite/migrations/index.ts';
import { StoreError } from '../../../src/util/errors.ts';
import { sampleRun } from '../sample-runs.ts';
import { failure } from '../store-contract.ts';
import { firstLine, killed, StoreInAFolder } from './store-in-a-folder.ts';

describe('store/sqlite, when it is opened', () => {
  const here = new StoreInAFolder();

  it('makes the file and its companions readable by their owner only, and folders on the way', async () => {
    here.path = join(here.folder, 'deep', 'er', 'spot.sqlite');
    await using store = await here.open();
    await store.saveRuns([sampleRun()]);

    const modes = readdirSync(join(here.folder, 'deep', 'er')).map(
      (name) => `${name} ${(statSync(join(here.folder, 'deep', 'er', name)).mode & 0o777).toString(8)}`,
    );

    expect(modes.sort()).to.deep.equal([
      'spot.sqlite 600',
      'spot.sqlite-lock 600',
      'spot.sqlite-shm 600',
      'spot.sqlite-wal 600',
    ]);
    expect(statSync(join(here.folder, 'deep')).mode & 0o777).to.equal(0o700);
  });

  it('for reading creates nothing where there is nothing', async () => {
    expect(await failure(here.open('read'))).to.have.property('code', 'STORE_NOT_FOUND');
    expect(readdirSync(here.folder)).to.deep.equal([]);
  });

  const foreign: readonly (readonly [string, () => void, string])[] = [
    [
      'a text file',
      () => {
        writeFileSync(here.path, 'This is not a database, but it is long enough to look like one. '.repeat(20));
      },
      'STORE_NOT_A_STORE',
    ],
    [
      'the database of another program',
      () => {
        const database = new DatabaseSync(here.path);
        database.exec('CREATE TABLE t (x)');
        database.close();
      },
      'STORE_NOT_A_STORE',
    ],
    [
      'a folder',
      () => {
        here.path = here.folder;
      },
      'STORE_UNWRITABLE',
    ],
    [
      'a here.path below a file',
      () => {
        writeFileSync(here.path, '');
        here.path = join(here.path, 'spot.sqlite');
      },
      'STORE_UNWRITABLE',
    ],
  ];
  for (const [what, arrange, code] of foreign) {
    it(`refuses ${what} with ${code} and what to do`, async () => {
      arrange();

      const error = (await failure(here.open())) as StoreError;

      expect(error).to.be.instanceOf(StoreError).with.property('code', code);
      expect(error.message)
        .to.include(here.path)
        .and.to.match(/: .*(name|check)/);
    });
  }

  it('refuses a store of a newer Spot and leaves each byte of it as it is', async () => {
    await here.fill(3);
    const database = new DatabaseSync(here.path);
    database.exec('PRAGMA user_version = 99; PRAGMA journal_mode = DELETE');
    database.close();
    const before = digest(here.path);

    for (const access of ['write', 'read'] as const) {
      const error = (await failure(here.open(access))) as StoreError;
      expect(error).to.have.property('code', 'STORE_NEWER');
      expect(error.details).to.include({ version: 99, known: MIGRATIONS.length });
    }

    expect(digest(here.path)).to.equal(before);
  });

  it('R10: refuses a file that became empty, instead of taking it for a new store', async () => {
    await here.fill(3);
    truncateSync(here.path, 0);

    expect(await failure(here.open())).to.have.property('code', 'STORE_CORRUPT');
  });

  it('R10: finds every cut at the end of a page before the store is used', async () => {
    await here.fill(40);
    const whole = join(here.folder, 'whole');
    copyFileSync(here.path, whole);
    const pages = statSync(whole).size / 4096;
    expect(pages).to.be.above(20);

    for (let kept = 1; kept < pages; kept += 1) {
      copyFileSync(whole, here.path);
      truncateSync(here.path, kept * 4096);
      expect(await failure(here.open()), `${String(kept)} of ${String(pages)} pages`).to.have.property(
        'code',
        'STORE_CORRUPT',
      );
    }
  }).timeout(30_000);

  it('says at start when the last writer did not close the store, and checks it', async () => {
    await here.fill(1);
    const writer = here.startWriter();
    await firstLine(writer, 'acknowledged');
    await killed(writer);
    const said: string[] = [];
    const logger: Logger = {
      ...silentLogger,
      info: (message) => {
        said.push(message);
      },
    };

    await here.openAndClose('write', logger);
    await here.openAndClose('write', logger);

    expect(said).to.deep.equal(['The store was not closed in order the last time; checking it.']);
  });

  it('knows its tables and indexes from others: one of them that is changed is damage, one that somebody added is not', async () => {
    await here.fill(1);
    using database = new DatabaseSync(here.path);
    database.exec('CREATE VIEW mine AS SELECT name FROM run');
    await here.openAndClose();

    database.exec('DROP INDEX run_by_tag; CREATE INDEX run_by_tag ON run (tag)');

    for (const access of ['read', 'write'] as const) {
      const error = (await failure(here.open(access))) as StoreError;
      expect(error).to.have.property('code', 'STORE_CORRUPT');
      expect(error.details['finding']).to.equal('The index run_by_tag is not as Spot makes it');
    }
  });
});

function digest(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
