import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { toStoreError } from '../../../src/store/sqlite/errors.ts';
import { inSoak } from '../../faults/scale.ts';
import { StoreInAFolder, WRITER } from './store-in-a-folder.ts';

const FULL_DISK = join(import.meta.dirname, 'full-disk-process.ts');
const FULL_PAGES = inSoak(200, 20);

describe('store/sqlite on a disk that', () => {
  const here = new StoreInAFolder();

  // A mount of one's own needs a user namespace; where those are switched off the test cannot run.
  const inNamespace = (script: string): string | undefined => {
    const ran = spawnSync(
      'unshare',
      ['-rm', 'sh', '-ec', `mount -t tmpfs -o size=2m tmpfs "$0"; ${script}`, here.folder],
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
    const copy = `${here.folder}.copy`;
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

  it('is full as SQLite itself says it: translates it', () => {
    const database = new DatabaseSync(here.path);
    database.exec('CREATE TABLE t (x); PRAGMA max_page_count = 3');
    let error: unknown;
    try {
      database.exec('INSERT INTO t VALUES (randomblob(100000))');
    } catch (thrown) {
      error = thrown;
    }
    database.close();

    expect(toStoreError(error, here.path)).to.include({ code: 'STORE_FULL', retryable: true });
  });
});

function skipWithReason(context: Mocha.Context, reason: string): void {
  if (process.env['CI'] === 'true') throw new Error(`In CI this test must run: ${reason}`);
  console.log(`      skipped: ${reason}`);
  context.skip();
}
