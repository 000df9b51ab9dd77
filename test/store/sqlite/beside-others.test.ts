import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../../src/util/errors.ts';
import { sampleKey, sampleRun } from '../sample-runs.ts';
import { collect, failure } from '../store-contract.ts';
import { firstLine, killed, StoreInAFolder, WRITER } from './store-in-a-folder.ts';

describe('store/sqlite beside other processes', () => {
  const here = new StoreInAFolder();

  it('R10: refuses a second writer, naming the process that holds the store, and lets it in once that one is gone', async () => {
    const held = here.startWriter();
    await firstLine(held, 'ready');

    const error = (await failure(here.open())) as StoreError;

    expect(error).to.be.instanceOf(StoreError).with.property('code', 'STORE_LOCKED');
    expect(error.details['pid']).to.equal(String(held.pid));
    expect(error.message).to.match(
      /^Process \d+ on .+ has been writing to .+ since \d{4}-.+: stop that process, or name another store$/,
    );
    await killed(held);
    await here.openAndClose();
  });

  it('refuses a second writer in the same process too, and the first keeps its lock', async () => {
    await using first = await here.open();

    expect(await failure(here.open())).to.have.property('code', 'STORE_LOCKED');
    expect(await failure(here.open())).to.have.property('code', 'STORE_LOCKED');
    const outside = spawnSync(process.execPath, [WRITER, here.path, 'app', '1'], { encoding: 'utf8' });

    expect(outside.stdout).to.equal('error STORE_LOCKED false\n');
    expect(await first.saveRuns([sampleRun()])).to.deep.equal([{ status: 'saved' }]);
  });

  it('lets readers in while a batch is written: they see whole batches of 5 only', async () => {
    const writer = here.startWriter();
    await firstLine(writer, 'acknowledged');
    await using reader = await here.open('read');

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
      const writer = here.startWriter(`round${String(round)}`);
      createInterface(writer.stdout).on('line', (line) => {
        if (line.startsWith('acknowledged ')) acknowledged.push(...line.split(' ').slice(1));
      });
      await firstLine(writer, 'acknowledged');
      await new Promise((resolve) => setTimeout(resolve, 7 * round));
      await killed(writer);
    }

    await using store = await here.open();
    const entries = await store.readLedger(acknowledged.map((appId) => sampleKey({ appId })));

    expect(acknowledged.length).to.be.at.least(50);
    expect(entries.size).to.equal(acknowledged.length);
    const stats = await store.stats();
    expect(stats.raw).to.equal(stats.agg);
    expect(await collect(store.findRaw({}))).to.have.lengthOf(stats.agg);
  }).timeout(60_000);

  it('waits for another program that holds the database, then fails with STORE_BUSY, which may be repeated', async () => {
    await using store = await here.open();
    const other = new DatabaseSync(here.path);
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
