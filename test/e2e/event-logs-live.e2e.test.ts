import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { appendFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliDecompressSync } from 'node:zlib';
import type { AggregateDocument } from '../../src/documents/documents.ts';
import { runSpot, spotEnded, spotJson, startSpot } from '../support/run-spot.ts';

const RECORDED = brotliDecompressSync(
  readFileSync(new URL('../fixtures/replay/corpus/4.0.1-etl.log.br', import.meta.url)),
).toString();
const NOW = Date.now();
const RECORDED_END = 1_795_250_230_932;
/** With its times moved so that it ends now: the daemon looks for runs that ended lately more often than for others. */
const LOG = Buffer.from(RECORDED.replaceAll(/\b1795\d{9}\b/g, (time) => String(Number(time) - RECORDED_END + NOW)));
const PARTS = 4;

describe('e2e: a log that is still being written, followed by the daemon', function () {
  this.timeout(180_000);

  it(`is stored as far as it goes, ${PARTS} times, and completed by its end; no line of it is read twice`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spot-live-'));
    await using cleanup = new AsyncDisposableStack();
    cleanup.defer(() => rm(folder, { recursive: true, force: true }));
    const [config, path, store] = [join(folder, 'config.ini'), join(folder, 'logs'), join(folder, 'spot.sqlite')];
    await writeFile(config, `[EVENT_LOGS]\npath = ${path}\n[CRAWLER]\nsleep_seconds = 0.2\nlive_every_seconds = 0\n`);
    const stored = async (from = store): Promise<AggregateDocument | undefined> => {
      const args = ['export', '--doc', 'agg', '--format', 'json', '--store', `sqlite:${from}`];
      return ((await spotJson(args).catch(() => [])) as readonly AggregateDocument[])[0];
    };
    const storedWhen = async (is: (document: AggregateDocument) => boolean): Promise<AggregateDocument> => {
      for (;;) {
        const document = await stored();
        if (document !== undefined && is(document)) return document;
        await sleep(200);
      }
    };
    const cuts = Array.from({ length: PARTS }, (_, n) => Math.floor((LOG.length * (n + 2)) / (PARTS + 2)));
    const growing = join(path, 'app.inprogress');
    await mkdir(path);
    await writeFile(growing, LOG.subarray(0, cuts[0]));

    const child = startSpot(['crawl', '--config', config, '--store', `sqlite:${store}`, '--log-level', 'debug']);
    const ended = spotEnded(child);
    cleanup.defer(() => void child.kill('SIGKILL'));
    let before = '';
    for (const [n, cut] of cuts.entries()) {
      if (n > 0) await appendFile(growing, LOG.subarray(cuts[n - 1], cut));
      const document = await storedWhen(({ spot }) => spot.fingerprint !== before);
      expect(document.spot.status).to.equal('incomplete');
      expect(document.attempt).to.include({ completed: false }).and.not.have.property('endTime');
      before = document.spot.fingerprint;
    }
    await appendFile(growing, LOG.subarray(cuts.at(-1)));
    await rename(growing, join(path, 'app'));
    const final = await storedWhen(({ spot }) => spot.status === 'completed');
    child.kill('SIGTERM');
    const { code, stderr } = await ended;

    expect(code, stderr).to.equal(0);
    // The same as of the whole log, read once.
    const other = join(folder, 'once.sqlite');
    const collect = await runSpot(['collect', '--event-log-dir', path, '--store', `sqlite:${other}`]);
    expect(collect.code, collect.stderr).to.equal(0);
    expect(final.attempt).to.deep.equal((await stored(other))!.attempt);
    const readings = [...stderr.matchAll(/Event log replayed\..*?bytesRead\D+(\d+)/g)].map(([, bytes]) =>
      Number(bytes),
    );
    expect(readings.length).to.be.above(PARTS);
    // Each reading begins with the 256 bytes before its place; a line that was cut is read again as a whole.
    const cutLines = [...cuts, LOG.length].reduce((sum, cut) => sum + cut - (LOG.lastIndexOf(10, cut - 1) + 1), 0);
    const bytesRead = readings.reduce((sum, bytes) => sum + bytes, 0);
    expect(bytesRead).to.be.at.most(LOG.length + cutLines + readings.length * 256);
  });
});
