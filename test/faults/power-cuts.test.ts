import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needCommand } from '../../scripts/services/install.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { sampleKey } from '../store/sample-runs.ts';
import { CarelessDisk, readTrace, STRACE_OPTIONS, type DiskEvent } from './disk-trace.ts';
import { inSoak } from './scale.ts';
import { testSeed } from './test-seed.ts';

const WRITER = join(import.meta.dirname, '../store/sqlite/writer-process.ts');
const CUTS = inSoak(200, 12);
/** So many pages that SQLite moves its log into the database on the way, in a soak. */
const BATCHES = inSoak(300, 30);
const FILES = ['spot.sqlite', 'spot.sqlite-wal'];

/** What a store had acknowledged, and what is in it afterwards. */
interface Outcome {
  readonly acknowledged: readonly string[];
  readonly lost: readonly string[];
}

describe('R11: the power is cut', function () {
  this.timeout(inSoak(7_200_000, 1_800_000));
  let folder = '';
  let events: readonly DiskEvent[];
  let random: () => number;

  before(async function () {
    await needCommand('strace', 'strace').catch(() => undefined);
    folder = mkdtempSync(join(tmpdir(), 'spot-power-'));
    const trace = join(folder, 'trace');
    const args = [
      ...STRACE_OPTIONS,
      '-o',
      trace,
      '--',
      process.execPath,
      WRITER,
      join(folder, 'spot.sqlite'),
      'app',
      String(BATCHES),
    ];
    const { status } = spawnSync('strace', args);
    if (status !== 0) {
      const reason = 'strace is missing, or may not look at another process';
      if (process.env['CI'] === 'true') throw new Error(`In CI this test must run: ${reason}`);
      console.log(`      skipped: ${reason}`);
      this.skip();
    }
    events = readTrace(readFileSync(trace, 'utf8'));
    random = seededRandom(testSeed('R11'));
  });

  after(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  /** Cuts the power behind each of these events, in turn, and each time opens what the disk has kept. */
  async function* cuts(
    behind: readonly number[],
    all: readonly DiskEvent[],
    isKept: () => boolean,
  ): AsyncGenerator<Outcome> {
    const disk = new CarelessDisk();
    const acknowledged: string[] = [];
    let next = 0;
    for (const index of [...behind].sort((one, other) => one - other)) {
      for (; next <= index; next += 1) {
        const event = all[next];
        if (event === undefined) break;
        disk.apply(event);
        if (event.what === 'said') acknowledged.push(...acknowledgedIn(event.text));
      }
      const contents = FILES.map((file) => [file, disk.after(file, isKept)] as const);
      yield { acknowledged: [...acknowledged], lost: await lostIn(contents, acknowledged) };
    }
  }

  async function lostIn(
    contents: readonly (readonly [file: string, content: Buffer | undefined])[],
    acknowledged: readonly string[],
  ): Promise<string[]> {
    const place = mkdtempSync(join(folder, 'after-'));
    for (const [file, content] of contents) if (content !== undefined) writeFileSync(join(place, file), content);
    copyFileSync(join(folder, 'spot.sqlite-lock'), join(place, 'spot.sqlite-lock'));
    try {
      await using store = await SqliteStore.open({ path: join(place, 'spot.sqlite') }, silentLogger);
      const lost: string[] = [];
      for (const appId of acknowledged) {
        const key = sampleKey({ appId });
        const isWhole = (await store.readAggregate(key)) !== undefined && (await store.readRaw(key)) !== undefined;
        if (!isWhole) lost.push(appId);
      }
      return lost;
    } finally {
      rmSync(place, { recursive: true });
    }
  }

  const anywhere = (): readonly number[] => Array.from({ length: CUTS }, () => Math.floor(random() * events.length));

  it('and all that was written is seen: the trace holds each write, sync and acknowledgement', () => {
    const count = (what: string): number => events.filter((event) => event.what === what).length;

    expect(count('sync')).to.be.above(BATCHES);
    expect(count('write')).to.be.above(3 * BATCHES);
    expect(events.filter((event) => event.what === 'said' && event.text.includes('acknowledged'))).to.have.lengthOf(
      BATCHES,
    );
  });

  it(`${CUTS} times, and everything that was not synced is gone: each run that was acknowledged is there, whole`, async () => {
    const told: number[] = [];
    for await (const { acknowledged, lost } of cuts(anywhere(), events, () => false)) {
      expect(lost, `cut ${told.length}`).to.deep.equal([]);
      told.push(acknowledged.length);
    }
    expect(told).to.have.lengthOf(CUTS);
    // Some cuts come late enough to lose something.
    expect(Math.max(...told)).to.be.above(BATCHES / 2);
  });

  it(`${CUTS} times, and of what was not synced any part is there: the same`, async () => {
    let count = 0;
    for await (const { lost } of cuts(anywhere(), events, () => random() < 0.5))
      expect(lost, `cut ${count++}`).to.deep.equal([]);
    expect(count).to.equal(CUTS);
  });

  it('would lose runs with a store that syncs only when it opens, so the above means something', async () => {
    const careless = events.filter(
      (event, index) => event.what !== 'sync' || index < events.findIndex(({ what }) => what === 'said'),
    );

    const [outcome] = await Array.fromAsync(cuts([careless.length - 1], careless, () => false));

    expect(outcome?.acknowledged).to.have.lengthOf(5 * BATCHES);
    expect(outcome?.lost.length).to.be.above(4 * BATCHES);
  });
});

function acknowledgedIn(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('acknowledged '))
    .flatMap((line) => line.split(' ').slice(1));
}
