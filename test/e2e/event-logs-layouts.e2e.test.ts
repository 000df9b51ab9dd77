import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { AggregateDocument } from '../../src/documents/documents.ts';
import { encodeLz4Stream, encodeLzfStream, encodeSnappyStream } from '../eventlog/bytes/encoders.ts';
import { makeZip } from '../eventlog/bytes/make-zip.ts';
import { runSpot, spotJson, type SpotEnded } from '../support/run-spot.ts';

const LOG = readFileSync(new URL('../fixtures/event-logs/codecs/app', import.meta.url), 'utf8');
const LOG_ID = 'local-1426533911241';

/** That they write what Spark writes is shown with files of Spark's own, in test/eventlog/bytes. */
const ENCODERS = {
  zstd: zstdCompressSync,
  gz: gzipSync,
  lz4: encodeLz4Stream,
  snappy: encodeSnappyStream,
  lzf: encodeLzfStream,
};

describe('e2e: spot collect over every layout and codec', function () {
  this.timeout(180_000);
  let folder: string;
  let logs: string;
  let store: string;
  let ended: SpotEnded;
  let aggregates: ReadonlyMap<string, AggregateDocument>;

  const as = (id: string): string => LOG.replaceAll(LOG_ID, id);
  const linesOf = (id: string, from: number, to?: number): string => as(id).split('\n').slice(from, to).join('\n');

  async function write(path: string, content: string | Buffer): Promise<void> {
    await mkdir(dirname(join(logs, path)), { recursive: true });
    await writeFile(join(logs, path), content);
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-layouts-'));
    logs = join(folder, 'logs');
    store = `sqlite:${join(folder, 'spot.sqlite')}`;
    await write('single', as('single'));
    for (const [codec, encode] of Object.entries(ENCODERS)) {
      await write(`app.${codec}`, encode(Buffer.from(as(`in-${codec}`))));
    }
    // Databricks' log delivery: rollovers by time, and the file that is still open.
    await write(
      '0923-164208-meows279/eventlog/4321/eventlog-2026-11-21--10-00.gz',
      gzipSync(`${linesOf('databricks', 0, 9)}\n`),
    );
    await write(
      '0923-164208-meows279/eventlog/4321/eventlog-2026-11-21--11-00.gz',
      gzipSync(`${linesOf('databricks', 9, 15)}\n`),
    );
    await write('0923-164208-meows279/eventlog/4321/eventlog', linesOf('databricks', 15));
    // EMR on EC2 and EMR Serverless.
    await write('sparklogs/application_1_0001_1.zstd', zstdCompressSync(Buffer.from(as('emr'))));
    await write('applications/00f1/jobs/00f2/sparklogs/eventlog_v2_00f2/appstatus_00f2', '');
    await write('applications/00f1/jobs/00f2/sparklogs/eventlog_v2_00f2/events_1_00f2', as('emr-serverless'));
    // Rolled; and compacted, with the files that the compacted one stands for still there.
    await write('eventlog_v2_rolled/appstatus_rolled.inprogress', '');
    await write('eventlog_v2_rolled/events_1_rolled', `${linesOf('rolled', 0, 5)}\n`);
    await write('eventlog_v2_rolled/events_2_rolled', `${linesOf('rolled', 5, 12)}\n`);
    await write('eventlog_v2_rolled/events_3_rolled', linesOf('rolled', 12));
    await write('eventlog_v2_compacted/appstatus_compacted', '');
    await write('eventlog_v2_compacted/events_1_compacted', `${linesOf('compacted', 0, 5)}\n`);
    await write('eventlog_v2_compacted/events_2_compacted', `${linesOf('compacted', 5, 12)}\n`);
    await write('eventlog_v2_compacted/events_2_compacted.compact', `${linesOf('compacted', 0, 12)}\n`);
    await write('eventlog_v2_compacted/events_3_compacted', linesOf('compacted', 12));
    await write('download.zip', makeZip([{ name: 'zipped', content: Buffer.from(as('zipped')) }]));
    await write('live.inprogress', linesOf('live', 0, 12));

    ended = await runSpot(['collect', '--event-log-dir', logs, '--store', store]);
    const args = ['export', '--doc', 'agg', '--format', 'json', '--store', store];
    const documents = (await spotJson(args)) as readonly AggregateDocument[];
    aggregates = new Map(documents.map((document) => [document.id, document]));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** But for its own id, and the time of its file. */
  function attemptOf(id: string): unknown {
    const attempt = { ...aggregates.get(id)?.attempt, lastUpdated: '', lastUpdatedEpoch: '' };
    return JSON.parse(JSON.stringify(attempt).replaceAll(`"${id}"`, '"its id"'));
  }

  it('gives the same run for each, as it does for the single plain file', () => {
    expect(ended.code, ended.stderr).to.equal(0);
    const inCodecs = Object.keys(ENCODERS).map((codec) => `in-${codec}`);
    const ids = ['single', ...inCodecs, 'databricks', 'emr', 'emr-serverless', 'rolled', 'compacted', 'zipped'];
    expect([...aggregates.keys()]).to.have.members([...ids, 'live']);
    for (const id of ids) {
      expect(aggregates.get(id)!.spot.status, id).to.equal('completed');
      expect(attemptOf(id), id).to.deep.equal(attemptOf('single'));
    }
    expect(aggregates.get('compacted')!.spot.flags).to.include('compacted_log');
    expect(aggregates.get('live')!.spot.status).to.equal('incomplete');
  });

  it('tells how far it is', () => {
    expect(ended.stderr + ended.stdout).to.match(/^default: 13 runs to read, 0 stored already\.$/m);
    expect(ended.stderr + ended.stdout).to.match(/^ {2}\d+\/13 runs, [\d.]+ a second$/m);
    expect(ended.stderr + ended.stdout).to.match(/^13 runs stored, 0 could not be read\./m);
  });

  it('says what is wrong with a path at which nothing is, a file that is no log, and an empty folder', async () => {
    const text = join(folder, 'notes.txt');
    const empty = join(folder, 'empty');
    await writeFile(text, 'no log');
    await mkdir(empty);
    // One store has one writer: each has a store of its own.
    const collect = (path: string, index: number): Promise<SpotEnded> =>
      runSpot(['collect', '--event-log-dir', path, '--store', `${store}-${index}`]);

    const [nowhere, noLog, nothing] = await Promise.all([join(folder, 'nowhere'), text, empty].map(collect));

    expect(nowhere!.code).to.equal(69);
    expect(nowhere!.stderr).to.include(`There is no file and no folder at ${join(folder, 'nowhere')}`);
    expect(nowhere!.stderr).to.include('SOURCE_WRONG_ADDRESS');
    expect(noLog!.code).to.equal(1);
    expect(noLog!.stderr).to.match(/notes\.txt is left out: .* \(EVENT_LOG_CODEC\)/);
    expect(nothing!.code).to.equal(0);
    expect(nothing!.stderr).to.include(`No event log in ${empty}`);
  });
});
