import { expect } from 'chai';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import type { Access } from '../../src/store/sqlite/config.ts';
import { toStoreError } from '../../src/store/sqlite/errors.ts';
import { integrityFindings } from '../../src/store/sqlite/integrity.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { StoreError } from '../../src/util/errors.ts';
import { sampleKey, sampleRun } from '../store/sample-runs.ts';
import { applicationOf, MemorySource } from '../support/memory-source.ts';
import { seededRandom } from '../support/seeded-random.ts';
import {
  contentsOf,
  contentsOfManifest,
  flipBits,
  manifestOfRealRuns,
  StoreFiles,
  type Manifest,
} from './flipped-bits.ts';
import { inSoak } from './scale.ts';
import { simulatedContext, storedRuns } from './simulated-daemon.ts';
import { testSeed } from './test-seed.ts';

const FILES = inSoak(1000, 50);
const IN_LOG = 6;
const ACCESSES: readonly Access[] = ['write', 'read', 'share'];
/** Whoever opens the file is told by one of these that it is not what it was; which one depends on which byte it is. */
const TELLING = ['STORE_CORRUPT', 'STORE_NOT_A_STORE', 'STORE_NEWER', 'STORE_OLDER', 'STORE_READ_ONLY'];

/**
 * `STORE_…`: told so. `same`: the bits mean nothing. `shorter`: the store as it was so many commits ago, so those runs are read again;
 * whether its writer says so.
 */
type Verdict = `STORE_${string}` | 'same' | { readonly shorterBy: number; readonly isTold: boolean };
/** Damage up to here cannot be told from a crash: in the last commit, or so wide that it takes the end of the one before. */
const UNTOLD_COMMITS = 2;
/** Without it nothing says that this is a log. */
const LOG_HEADER_BYTES = 32;

describe('R10: bits of a store flip', function () {
  this.timeout(inSoak(3_600_000, 120_000));
  let folder: string;
  let path: string;
  let manifest: Manifest;
  let closed: StoreFiles;
  let killed: StoreFiles;
  /** What a store holds without the last `n` runs. */
  let contents: readonly Record<string, string>[];

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spot-bits-'));
    path = join(folder, 'copy', 'spot.sqlite');
    manifest = await manifestOfRealRuns();
    contents = Array.from({ length: IN_LOG + 1 }, (_, missing) => contentsOfManifest(manifest, missing));
    closed = await StoreFiles.closed(join(folder, 'closed.sqlite'), manifest);
    killed = await StoreFiles.killed(join(folder, 'killed.sqlite'), manifest, IN_LOG);
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  const open = (access: Access): Promise<SqliteStore> => SqliteStore.open({ path, access }, silentLogger);

  /** Opens the file, reads all there is in every way, and, as its writer, writes. Any other error than a `StoreError` goes on. */
  async function judge(access: Access): Promise<Verdict> {
    let isTold = false;
    const logger = { ...silentLogger, warn: () => (isTold = true) };
    try {
      await using store = await SqliteStore.open({ path, access }, logger);
      const found = JSON.stringify(await contentsOf(store, manifest));
      const missing = contents.findIndex((expected) => JSON.stringify(expected) === found);
      expect(missing, 'what was read is what was written').to.be.at.least(0);
      if (access === 'write') {
        expect(await store.saveRuns([sampleRun()])).to.deep.equal([{ status: 'saved' }]);
        expect((await store.readLedger([sampleKey()])).size).to.equal(1);
      }
      if (missing > 0) return { shorterBy: missing, isTold };
      expect(isTold).to.equal(false);
      return 'same';
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return error.code as Verdict;
    }
  }

  it(`and without one, ${ACCESSES.length} ways of opening give what was written, of a store that was closed and of one that was not`, async () => {
    for (const files of [closed, killed]) {
      for (const access of ACCESSES) {
        files.copyTo(path);
        expect(await judge(access)).to.equal('same');
      }
    }
  });

  it(`in ${FILES} files of real runs, here and there and in each table and index: Spot says so, or all it reads is what was written`, async () => {
    const random = seededRandom(testSeed('R10'));
    const verdicts = new Map<string, number>();
    for (let file = 0; file < FILES; file += 1) {
      // Of four, one in the log of a writer that was killed, one in its database.
      const files = file % 4 < 2 ? closed : killed;
      const inLog = file % 4 === 2;
      const access = ACCESSES[file % 3] ?? 'write';
      files.copyTo(path);
      const btrees = [...files.pages.values()];
      const pages = inLog || random() < 0.5 ? undefined : btrees[Math.floor(random() * btrees.length)];
      const flipped = flipBits(inLog ? `${path}-wal` : path, random, pages);

      const verdict = await judge(access).catch((error: unknown) => {
        throw new Error(`File ${file} (${inLog ? 'log' : 'database'}), ${flipped.text}, opened to ${access}`, {
          cause: error,
        });
      });

      const { text, at } = flipped;
      if (typeof verdict === 'object') {
        expect(inLog, `${text} of the database`).to.equal(true);
        const mustBeTold = access === 'write' && verdict.shorterBy > UNTOLD_COMMITS && at >= LOG_HEADER_BYTES;
        if (mustBeTold) expect(verdict.isTold, `${text}, ${verdict.shorterBy} commits are gone`).to.equal(true);
      } else if (verdict !== 'same') expect(verdict, text).to.be.oneOf(TELLING);
      const name = typeof verdict === 'string' ? verdict : verdict.isTold ? 'shorter and told' : 'shorter';
      verdicts.set(name, (verdicts.get(name) ?? 0) + 1);
    }
    console.log(`      ${[...verdicts].map(([verdict, count]) => `${verdict} ${count}`).join(', ')}`);
    expect(verdicts.get('STORE_CORRUPT')).to.be.above(FILES / 4);
  });

  it('and a store without checksums, that trusts what SQLite checks at every start, would give out wrong data', async () => {
    const random = seededRandom(testSeed('R10 control'));
    closed.copyTo(path);
    const before = trusted(path);
    const pages = ['run', 'error', 'kept'].flatMap((table) => closed.pages.get(table) ?? []);
    let [wrong, unnoticedBySpot] = [0, 0];
    for (let file = 0; file < 60; file += 1) {
      closed.copyTo(path);
      flipBits(path, random, pages);
      const found = trusted(path);
      if (found === undefined || found === before) continue;
      wrong += 1;
      if ((await judge('read')) === 'same') unnoticedBySpot += 1;
    }
    expect(wrong, 'files of which wrong data would be taken').to.be.above(5);
    expect(unnoticedBySpot).to.equal(0);
  });

  it('and spot doctor finds it in a file, wherever it is, that nobody has read yet', () => {
    const random = seededRandom(testSeed('R10 doctor'));
    let found = 0;
    for (let file = 0; file < 30; file += 1) {
      closed.copyTo(path);
      flipBits(path, random, closed.pages.get('raw'));
      if (findingsOf(path).length > 0) found += 1;
    }
    // Some bits lie where nothing is.
    expect(found).to.be.above(20);
  });

  it('and after the file was moved away, the next crawl makes it anew from the source: each run once', async () => {
    const source = new MemorySource('main');
    source.applications = Array.from({ length: 30 }, (_, index) =>
      applicationOf(`app-${String(index).padStart(2, '0')}`, { endsAt: index }),
    );
    const crawl = async (): Promise<readonly string[]> => {
      await using store = await open('write');
      await crawlOnce([simulatedContext(source, store, { seconds: 10_000 })], { signal: new AbortController().signal });
      return await storedRuns(store);
    };
    rmSync(join(folder, 'copy'), { recursive: true, force: true });
    await crawl();
    const random = seededRandom(testSeed('R10 again'));
    let code: Verdict;
    do {
      flipBits(path, random);
      code = await open('write').then(
        (store) => store[Symbol.asyncDispose]().then(() => 'same' as const),
        (error: unknown) => (error as StoreError).code as Verdict,
      );
    } while (code === 'same');
    expect(code).to.be.oneOf(TELLING);

    for (const suffix of ['', '-wal', '-lock'])
      if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.damaged${suffix}`);
    source.fetched = [];
    const stored = await crawl();

    expect(stored).to.deep.equal(source.applications.map(({ id }) => id));
    expect(source.fetched).to.have.lengthOf(30);
    await using store = await open('read');
    expect(await store.stats()).to.include({ raw: 30, agg: 30, err: 0 });
    expect(integrityFindings(path)).to.deep.equal([]);
  });

  it(`and a log that became shorter by it is filled up by the next crawl: each run once`, async () => {
    const source = new MemorySource('main');
    source.applications = Array.from({ length: 30 }, (_, index) =>
      applicationOf(`app-${String(index).padStart(2, '0')}`, { endsAt: index }),
    );
    rmSync(join(folder, 'copy'), { recursive: true, force: true });
    const live = join(folder, 'live', 'spot.sqlite');
    await using first = await SqliteStore.open({ path: live }, silentLogger);
    const context = simulatedContext(source, first, { seconds: 10_000 }, { batch_runs: 1 });
    await crawlOnce([context], { signal: new AbortController().signal });
    StoreFiles.at(live).copyTo(path);
    // Within the last third of the log.
    flipBits(`${path}-wal`, () => 0.8);

    await using store = await open('write');
    const left = (await storedRuns(store)).length;
    await crawlOnce([{ ...context, store }], { signal: new AbortController().signal });

    expect(left).to.be.above(0).and.below(30);
    expect(await storedRuns(store)).to.deep.equal(source.applications.map(({ id }) => id));
    expect(await store.stats()).to.include({ raw: 30, agg: 30, err: 0 });
  });
});

/** What a store would read that trusts its columns once SQLite's quick check is content; undefined where that is not, or SQLite fails. */
function trusted(path: string): string | undefined {
  try {
    using database = new DatabaseSync(path, { readOnly: true });
    if (database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] !== 'ok') return undefined;
    const rows = [
      'SELECT id, cluster, app_id, attempt_id, end_ms, fingerprint, revision FROM run ORDER BY number',
      'SELECT id, cluster, app_id, processed_ms, document FROM error',
      'SELECT kind, id, revision, saved_at FROM kept ORDER BY rowid',
    ].map((sql) => database.prepare(sql).all());
    return JSON.stringify(rows);
  } catch {
    return undefined;
  }
}

function findingsOf(path: string): readonly string[] {
  try {
    return integrityFindings(path);
  } catch (error) {
    return [toStoreError(error, path).message];
  }
}
