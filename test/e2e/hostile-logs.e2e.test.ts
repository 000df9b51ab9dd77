import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AggregateDocument, ErrorDocument } from '../../src/documents/documents.ts';
import { plainEnvironment, spotEnded, spotJson, type SpotEnded } from '../support/run-spot.ts';
import { BOMBS } from './hostile-bombs.ts';
import { FILLERS, type HostileFolder, NAMES_OUT_COUNT, writeHostileFolder } from './hostile-folder.ts';
import { watchPeakMemory } from './hostile-peak-memory.ts';

const MAX_RSS = 512 * 1024 ** 2;
/** A quiet machine needs a tenth of it. */
const MAX_SECONDS = 240;
const LAUNCHER = fileURLToPath(new URL('../../bin/spot.js', import.meta.url));
/** root reads what nobody may read: unless it gives up that right. */
const AS_ANYBODY = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];
const canBeAnybody =
  process.getuid?.() !== 0 || spawnSync(AS_ANYBODY[0]!, [...AS_ANYBODY.slice(1), 'true']).status === 0;

describe('e2e: spot collect over a folder that means harm', function () {
  this.timeout(MAX_SECONDS * 1000 + 60_000);
  let folder: string;
  let hostile: HostileFolder;
  let ended: SpotEnded;
  let seconds: number;
  let peakBytes: number;
  let aggregates: ReadonlyMap<string, AggregateDocument>;
  let errors: ReadonlyMap<string, ErrorDocument>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-hostile-'));
    hostile = await writeHostileFolder(folder);
    const store = `sqlite:${join(folder, 'spot.sqlite')}`;
    const byId = async <D extends AggregateDocument | ErrorDocument>(kind: string): Promise<ReadonlyMap<string, D>> => {
      const documents = await spotJson(['export', '--doc', kind, '--format', 'json', '--store', store]);
      const idOf = (document: D): string => ('id' in document ? document.id : document.spot.spark_app_id);
      return new Map((documents as readonly D[]).map((document) => [idOf(document), document]));
    };

    const node = [process.execPath, '--no-warnings', LAUNCHER];
    const asAnybody = canBeAnybody && process.getuid?.() === 0 ? AS_ANYBODY : [];
    const [command, ...args] = [...asAnybody, ...node, 'collect', '--event-log-dir', hostile.logs, '--store', store];
    const started = performance.now();
    const child = spawn(command, args, { env: plainEnvironment(), cwd: '/' });
    child.stdin.end();
    using memory = watchPeakMemory(child.pid!);
    ended = await spotEnded(child);
    seconds = (performance.now() - started) / 1000;
    ({ peakBytes } = memory);
    aggregates = await byId<AggregateDocument>('agg');
    errors = await byId<ErrorDocument>('err');
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** But for its own id, and the time of its file. */
  function attemptOf(id: string): unknown {
    const attempt = { ...aggregates.get(id)?.attempt, lastUpdated: '', lastUpdatedEpoch: '' };
    return JSON.parse(JSON.stringify(attempt).replaceAll(`"${id}"`, '"its id"'));
  }

  /** The code with which a file was left out, once and with a reason. */
  function codeOf(path: string): string | undefined {
    const lines = ended.stderr.split('\n').filter((line) => line.startsWith(`  ${path} is left out: `));
    expect(lines, path).to.have.length.at.most(1);
    return /is left out: .{20,} \(([A-Z_]+)\)$/.exec(lines[0] ?? '')?.[1];
  }

  it(`ends within ${MAX_SECONDS} s, says that all is well, and never has more than 512 MiB`, () => {
    expect(ended.code, ended.stderr).to.equal(0);
    expect(seconds).to.be.below(MAX_SECONDS);
    if (process.platform === 'linux') expect(peakBytes).to.be.within(1, MAX_RSS);
  });

  it('reads every good log as if nothing were beside it', () => {
    const complete = [...aggregates.values()].filter(({ spot }) => spot.status === 'completed').map(({ id }) => id);
    expect(complete).to.have.members(['good-1', 'good-2', 'good-3', 'in-archive', 'long', 'deep', 'polluting']);
    for (const id of ['good-2', 'good-3', 'in-archive']) expect(attemptOf(id), id).to.deep.equal(attemptOf('good-1'));
  });

  it('refuses or bounds each of 50 bombs, with a code and a reason', () => {
    for (const codec of Object.keys(BOMBS)) {
      for (const index of FILLERS.keys()) {
        const id = `bomb-${codec}-${index}`;
        const error = errors.get(id)?.spot.error.code;
        // zstd and gzip come to more than an honest log; the others only to a long log without an end.
        if (codec === 'zstd' || codec === 'gz') expect(error, id).to.equal('EVENT_LOG_BOMB');
        else expect(error ?? aggregates.get(id)?.spot.status, id).to.be.oneOf(['EVENT_LOG_BOMB', 'incomplete']);
        expect(aggregates.has(`no-${id}`)).to.equal(false);
        expect(codeOf(`no-${id}.${codec}`)).to.be.oneOf(['EVENT_LOG_BOMB', 'EVENT_LOG_NO_APPLICATION']);
      }
    }
    expect(codeOf('one-byte.zstd')).to.equal('EVENT_LOG_BOMB');
    expect(codeOf('bomb.zip/in-zip')).to.equal('EVENT_LOG_BOMB');
  });

  it('reads nothing through names that lead out of an archive, links, FIFOs and devices, and says so', async () => {
    const ids = [...aggregates.keys(), ...errors.keys()];
    expect(ids.filter((id) => id.startsWith('traversal-') || id === 'secret' || id === 'elsewhere')).to.deep.equal([]);
    expect(ids.filter((id) => id.startsWith('good-1'))).to.have.length(1);
    for (const link of ['link', 'linked', 'eventlog_v2_linked', 'circle', 'endless', 'broken', 'fifo']) {
      expect(codeOf(link), link).to.equal('SOURCE_REFUSED');
    }
    expect(codeOf('archive.zip')).to.equal('EVENT_LOG_ARCHIVE');
    expect(ended.stderr).to.include(`archive.zip has ${NAMES_OUT_COUNT} entries that Spot does not read`);
    expect(codeOf('archive.zip/elsewhere')).to.equal('EVENT_LOG_ARCHIVE');
    // Linux notes when a file is read, on most mounts.
    const read = await Promise.all(hostile.outside.map(async (path) => (await stat(path)).atime));
    for (const time of read) expect(time).to.deep.equal(hostile.notReadSince);
  });

  it('tells of what is empty, unreadable, too deep or no archive, and enters folders that are named like logs', () => {
    for (const path of ['empty', 'empty.zstd']) expect(codeOf(path)).to.equal('EVENT_LOG_NO_APPLICATION');
    expect(codeOf('no.zip')).to.equal('EVENT_LOG_CODEC');
    expect(ended.stderr).to.match(/^ {2}d0\/d1\/.* is left out: .* deeper than 16 folders \(SOURCE_REFUSED\)$/m);
    for (const path of ['app-1.zstd.inprogress', 'folder.zip', 'events_1_app'])
      expect(codeOf(path)).to.equal(undefined);
    if (canBeAnybody) expect(codeOf('unreadable')).to.equal('SOURCE_UNAUTHORIZED');
  });

  it('leaves out a line of 1 GB and nesting of 200,000, counts them, and reads what is behind', () => {
    for (const id of ['long', 'deep']) {
      expect(aggregates.get(id)!.spot.flags, id).to.include('skipped_lines');
      expect(attemptOf(id), id).to.deep.equal(attemptOf('good-1'));
    }
  });

  it('takes __proto__ and constructor for names like any other', () => {
    const { attempt, spot } = aggregates.get('polluting')!;
    expect(spot.status).to.equal('completed');
    expect(attempt.duration).to.equal(aggregates.get('good-1')!.attempt.duration);
    expect(JSON.stringify(attempt)).to.not.include('"polluted":"yes"');
    expect(Object.hasOwn(Object.prototype, 'polluted')).to.equal(false);
  });
});
