import { expect } from 'chai';
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { crawlOnce } from '../../../src/crawler/crawler.ts';
import { fingerprintOf } from '../../../src/documents/fingerprint.ts';
import { silentLogger, type Logger } from '../../../src/logging/logger.ts';
import { rowChecksum } from '../../../src/store/sqlite/row-checksum.ts';
import { toStoreError } from '../../../src/store/sqlite/errors.ts';
import { MIGRATIONS } from '../../../src/store/sqlite/migrations/index.ts';
import { SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts';
import { StoreError } from '../../../src/util/errors.ts';
import { inSoak } from '../../faults/scale.ts';
import { simulatedContext } from '../../faults/simulated-daemon.ts';
import { applicationOf, MemorySource } from '../../support/memory-source.ts';
import { endAt, sampleError, sampleKey, sampleRun } from '../sample-runs.ts';
import { collect, failure } from '../store-contract.ts';

const WRITER = join(import.meta.dirname, 'writer-process.ts');
const FULL_DISK = join(import.meta.dirname, 'full-disk-process.ts');
const FULL_PAGES = inSoak(200, 20);

describe('store/sqlite/sqlite-store', () => {
  let folder: string;
  let path: string;
  const children: ChildProcessWithoutNullStreams[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spot-sqlite-'));
    path = join(folder, 'spot.sqlite');
  });

  afterEach(async () => {
    for (const child of children.splice(0)) await killed(child);
    rmSync(folder, { recursive: true });
  });

  const open = (access: 'read' | 'write' = 'write', logger = silentLogger): Promise<SqliteStore> =>
    SqliteStore.open({ path, access, busyTimeoutMs: 200 }, logger);
  const fill = async (count: number): Promise<void> => {
    await using store = await open();
    await store.saveRuns(Array.from({ length: count }, (_, index) => sampleRun({ appId: `app-${String(index)}` })));
  };
  const startWriter = (...args: string[]): ChildProcessWithoutNullStreams => {
    const child = spawn(process.execPath, [WRITER, path, ...args]);
    children.push(child);
    return child;
  };

  describe('beside other processes', () => {
    it('R10: refuses a second writer, naming the process that holds the store, and lets it in once that one is gone', async () => {
      const held = startWriter();
      await firstLine(held, 'ready');

      const error = (await failure(open())) as StoreError;

      expect(error).to.be.instanceOf(StoreError).with.property('code', 'STORE_LOCKED');
      expect(error.details['pid']).to.equal(String(held.pid));
      expect(error.message).to.match(
        /^Process \d+ on .+ has been writing to .+ since \d{4}-.+: stop that process, or name another store$/,
      );
      await killed(held);
      await (await open())[Symbol.asyncDispose]();
    });

    it('refuses a second writer in the same process too, and the first keeps its lock', async () => {
      await using first = await open();

      expect(await failure(open())).to.have.property('code', 'STORE_LOCKED');
      expect(await failure(open())).to.have.property('code', 'STORE_LOCKED');
      const outside = spawnSync(process.execPath, [WRITER, path, 'app', '1'], { encoding: 'utf8' });

      expect(outside.stdout).to.equal('error STORE_LOCKED false\n');
      expect(await first.saveRuns([sampleRun()])).to.deep.equal([{ status: 'saved' }]);
    });

    it('lets readers in while a batch is written: they see whole batches of 5 only', async () => {
      const writer = startWriter();
      await firstLine(writer, 'acknowledged');
      await using reader = await open('read');

      let last = 0;
      for (let look = 0; look < 50; look += 1) {
        const { agg } = await reader.stats();
        expect(agg % 5).to.equal(0);
        expect(agg).to.be.at.least(last);
        last = agg;
      }
      expect(last).to.be.at.least(5);
      expect(await failure(reader.saveRuns([sampleRun()]))).to.have.property('code', 'STORE_READ_ONLY');
      expect(await failure(reader.prepare())).to.have.property('code', 'STORE_READ_ONLY');
    });

    it('loses nothing that was acknowledged when the writer is killed, 10 times', async () => {
      const acknowledged: string[] = [];
      for (let round = 0; round < 10; round += 1) {
        const writer = startWriter(`round${String(round)}`);
        createInterface(writer.stdout).on('line', (line) => {
          if (line.startsWith('acknowledged ')) acknowledged.push(...line.split(' ').slice(1));
        });
        await firstLine(writer, 'acknowledged');
        await new Promise((resolve) => setTimeout(resolve, 7 * round));
        await killed(writer);
      }

      await using store = await open();
      const entries = await store.readLedger(acknowledged.map((appId) => sampleKey({ appId })));

      expect(acknowledged.length).to.be.at.least(50);
      expect(entries.size).to.equal(acknowledged.length);
      const stats = await store.stats();
      expect(stats.raw).to.equal(stats.agg);
      expect(await collect(store.findRaw({}))).to.have.lengthOf(stats.agg);
    }).timeout(60_000);

    it('waits for another program that holds the database, then fails with STORE_BUSY, which may be repeated', async () => {
      await using store = await open();
      const other = new DatabaseSync(path);
      other.exec('BEGIN IMMEDIATE');
      const started = performance.now();

      const error = await failure(store.saveRuns([sampleRun()]));

      expect(error).to.include({ code: 'STORE_BUSY', retryable: true });
      expect(performance.now() - started).to.be.at.least(190);
      other.exec('ROLLBACK');
      other.close();
      expect(await store.saveRuns([sampleRun()])).to.deep.equal([{ status: 'saved' }]);
    });
  });

  describe('opening', () => {
    it('makes the file and its companions readable by their owner only, and folders on the way', async () => {
      path = join(folder, 'deep', 'er', 'spot.sqlite');
      await using store = await open();
      await store.saveRuns([sampleRun()]);

      const modes = readdirSync(join(folder, 'deep', 'er')).map(
        (name) => `${name} ${(statSync(join(folder, 'deep', 'er', name)).mode & 0o777).toString(8)}`,
      );

      expect(modes.sort()).to.deep.equal([
        'spot.sqlite 600',
        'spot.sqlite-lock 600',
        'spot.sqlite-shm 600',
        'spot.sqlite-wal 600',
      ]);
      expect(statSync(join(folder, 'deep')).mode & 0o777).to.equal(0o700);
    });

    it('for reading creates nothing where there is nothing', async () => {
      expect(await failure(open('read'))).to.have.property('code', 'STORE_NOT_FOUND');
      expect(readdirSync(folder)).to.deep.equal([]);
    });

    const foreign: readonly (readonly [string, () => void, string])[] = [
      [
        'a text file',
        () => {
          writeFileSync(path, 'This is not a database, but it is long enough to look like one. '.repeat(20));
        },
        'STORE_NOT_A_STORE',
      ],
      [
        'the database of another program',
        () => {
          const database = new DatabaseSync(path);
          database.exec('CREATE TABLE t (x)');
          database.close();
        },
        'STORE_NOT_A_STORE',
      ],
      [
        'a folder',
        () => {
          path = folder;
        },
        'STORE_UNWRITABLE',
      ],
      [
        'a path below a file',
        () => {
          writeFileSync(path, '');
          path = join(path, 'spot.sqlite');
        },
        'STORE_UNWRITABLE',
      ],
    ];
    for (const [what, arrange, code] of foreign) {
      it(`refuses ${what} with ${code} and what to do`, async () => {
        arrange();

        const error = (await failure(open())) as StoreError;

        expect(error).to.be.instanceOf(StoreError).with.property('code', code);
        expect(error.message)
          .to.include(path)
          .and.to.match(/: .*(name|check)/);
      });
    }

    it('refuses a store of a newer Spot and leaves each byte of it as it is', async () => {
      await fill(3);
      const database = new DatabaseSync(path);
      database.exec('PRAGMA user_version = 99; PRAGMA journal_mode = DELETE');
      database.close();
      const before = digest(path);

      for (const access of ['write', 'read'] as const) {
        const error = (await failure(open(access))) as StoreError;
        expect(error).to.have.property('code', 'STORE_NEWER');
        expect(error.details).to.include({ version: 99, known: MIGRATIONS.length });
      }

      expect(digest(path)).to.equal(before);
    });

    it('R10: refuses a file that became empty, instead of taking it for a new store', async () => {
      await fill(3);
      truncateSync(path, 0);

      expect(await failure(open())).to.have.property('code', 'STORE_CORRUPT');
    });

    it('R10: finds every cut at the end of a page before the store is used', async () => {
      await fill(40);
      const whole = join(folder, 'whole');
      copyFileSync(path, whole);
      const pages = statSync(whole).size / 4096;
      expect(pages).to.be.above(20);

      for (let kept = 1; kept < pages; kept += 1) {
        copyFileSync(whole, path);
        truncateSync(path, kept * 4096);
        expect(await failure(open()), `${String(kept)} of ${String(pages)} pages`).to.have.property(
          'code',
          'STORE_CORRUPT',
        );
      }
    }).timeout(30_000);

    it('says at start when the last writer did not close the store, and checks it', async () => {
      await fill(1);
      const writer = startWriter();
      await firstLine(writer, 'acknowledged');
      await killed(writer);
      const said: string[] = [];
      const logger: Logger = {
        ...silentLogger,
        info: (message) => {
          said.push(message);
        },
      };

      await (await open('write', logger))[Symbol.asyncDispose]();
      await (await open('write', logger))[Symbol.asyncDispose]();

      expect(said).to.deep.equal(['The store was not closed in order the last time; checking it.']);
    });
  });

  it('finds a flipped bit in a document when it is read', async () => {
    await using store = await open();
    await store.saveRuns([sampleRun()]);
    const other = new DatabaseSync(path);
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

  describe('finds, when it is read, what changed in a row while the store was open:', () => {
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
        await using store = await open();
        await store.saveRuns([sampleRun()]);
        await store.saveErrors([sampleError()]);
        await store.keep([{ kind: 'model', id: 'm', revision: 1, savedAt: '2026-11-21', body: {} }]);
        await read(store);
        using other = new DatabaseSync(path);
        other.exec(change);

        expect(await failure(read(store))).to.have.property('code', 'STORE_CORRUPT');
        expect(await store.stats()).to.include({ agg: 1, raw: 1 });
      });
    }
  });

  it('knows its tables and indexes from others: one of them that is changed is damage, one that somebody added is not', async () => {
    await fill(1);
    using database = new DatabaseSync(path);
    database.exec('CREATE VIEW mine AS SELECT name FROM run');
    await (await open())[Symbol.asyncDispose]();

    database.exec('DROP INDEX run_by_tag; CREATE INDEX run_by_tag ON run (tag)');

    for (const access of ['read', 'write'] as const) {
      const error = (await failure(open(access))) as StoreError;
      expect(error).to.have.property('code', 'STORE_CORRUPT');
      expect(error.details['finding']).to.equal('The index run_by_tag is not as Spot makes it');
    }
  });

  describe('on a disk that', () => {
    // A mount of one's own needs a user namespace; where those are switched off the test cannot run.
    const inNamespace = (script: string): string | undefined => {
      const ran = spawnSync(
        'unshare',
        ['-rm', 'sh', '-ec', `mount -t tmpfs -o size=2m tmpfs "$0"; ${script}`, folder],
        { encoding: 'utf8' },
      );
      return ran.status === 0 ? ran.stdout : undefined;
    };

    it('R10: is full keeps what was acknowledged and says STORE_FULL, which may be repeated', function () {
      const output = inNamespace(
        `"${process.execPath}" "${WRITER}" "$0/spot.sqlite" > "$0/../$(basename "$0").log"; cat "$0/../$(basename "$0").log"; rm "$0/../$(basename "$0").log"; ` +
          `cp "$0/spot.sqlite" "$0/../$(basename "$0").copy" && cp "$0/spot.sqlite-wal" "$0/../$(basename "$0").copy-wal" 2>/dev/null || true`,
      );
      if (output === undefined) {
        skipWithReason(this, 'no user namespace for a small disk');
        return;
      }
      const copy = `${folder}.copy`;
      try {
        const lines = output.trim().split('\n');
        const acknowledged = lines
          .filter((line) => line.startsWith('acknowledged'))
          .flatMap((line) => line.split(' ').slice(1));

        expect(lines.at(-1)).to.equal('error STORE_FULL true');
        expect(acknowledged.length).to.be.at.least(20);
        const database = new DatabaseSync(copy);
        const stored = new Set(
          database
            .prepare('SELECT app_id FROM run')
            .all()
            .map((row) => String(row['app_id'])),
        );
        expect(database.prepare('PRAGMA integrity_check').get()).to.deep.include({ integrity_check: 'ok' });
        expect(acknowledged.filter((id) => !stored.has(id))).to.deep.equal([]);
        database.close();
      } finally {
        for (const suffix of ['', '-wal', '-shm']) rmSync(copy + suffix, { force: true });
      }
    }).timeout(30_000);

    it(`R10: is full at each of the first ${FULL_PAGES} pages that are written, in turn, loses nothing that was acknowledged, and goes on once there is room`, function () {
      const output = inNamespace(`"${process.execPath}" "${FULL_DISK}" "$0" ${String(FULL_PAGES)}`);
      if (output === undefined) {
        skipWithReason(this, 'no user namespace for a small disk');
        return;
      }

      const lines = output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(lines).to.have.lengthOf(FULL_PAGES);
      for (const line of lines)
        expect(line).to.deep.include({ code: 'STORE_FULL', retryable: true, lost: 0, findings: [] });
      // With more room more is taken: the disk was full at another write.
      expect(Number(lines.at(-1)?.['acknowledged'])).to.be.above(Number(lines[0]?.['acknowledged']));
    }).timeout(inSoak(600_000, 60_000));

    it('R10: is read-only is refused with a code that says so', function () {
      const output = inNamespace(
        `"${process.execPath}" "${WRITER}" "$0/spot.sqlite" app 1 >/dev/null; mount -o remount,ro "$0"; "${process.execPath}" "${WRITER}" "$0/spot.sqlite" app 1`,
      );
      if (output === undefined) {
        skipWithReason(this, 'no user namespace for a read-only disk');
        return;
      }

      expect(output.trim()).to.equal('error STORE_READ_ONLY false');
    }).timeout(30_000);
  });

  it('translates a full database of SQLite itself', () => {
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE t (x); PRAGMA max_page_count = 3');
    let error: unknown;
    try {
      database.exec('INSERT INTO t VALUES (randomblob(100000))');
    } catch (thrown) {
      error = thrown;
    }
    database.close();

    expect(toStoreError(error, path)).to.include({ code: 'STORE_FULL', retryable: true });
  });

  it('R23: with 1,000,000 runs it is ready within 3 seconds, after a clean end and after kill -9, and a first poll that lists 10,000 of them is through within 5', async () => {
    await fill(1);
    const database = new DatabaseSync(path);
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
      await using store = await open();
      await store.prepare();
      const newest = await collect(store.findKeys({ user: 'user 7' }, { limit: 20 }));
      timings.push(performance.now() - started);
      expect(newest[0]?.appId).to.equal('app-999907');
    };
    await ready();
    const writer = startWriter();
    await firstLine(writer, 'acknowledged');
    await killed(writer);
    await ready();
    const startedAt = performance.now();
    {
      await using store = await open();
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

  it('keeps its pages apart from what is written while they are read', async () => {
    await using store = await open();
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
});

function skipWithReason(context: Mocha.Context, reason: string): void {
  if (process.env['CI'] === 'true') throw new Error(`In CI this test must run: ${reason}`);
  console.log(`      skipped: ${reason}`);
  context.skip();
}

async function firstLine(child: ChildProcessWithoutNullStreams, start: string): Promise<void> {
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith(start)) return;
    if (line.startsWith('error')) throw new Error(line);
  }
  throw new Error(`The process ended before it said ${start}`);
}

async function killed(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function digest(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
