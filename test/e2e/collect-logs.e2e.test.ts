import { expect } from 'chai';
import { copyFile, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AggregateDocument } from '../../src/documents/documents.ts';
import { runSpot, spotJson } from '../support/run-spot.ts';

const FIXTURES = fileURLToPath(new URL('../fixtures/event-logs/', import.meta.url));
const LOG = join(FIXTURES, 'codecs/app');

describe('e2e: spot collect --event-log-dir', function () {
  this.timeout(180_000);
  let folder: string;
  let store: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-collect-'));
    store = `sqlite:${join(folder, 'spot.sqlite')}`;
  });
  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function collect(...paths: string[]): Promise<string> {
    const { code, stdout, stderr } = await runSpot(['collect', '--store', store, '--event-log-dir', ...paths]);
    expect(code, stderr).to.equal(0);
    return stdout + stderr;
  }

  async function runs(): Promise<readonly AggregateDocument[]> {
    const args = ['export', '--doc', 'agg', '--format', 'json', '--store', store];
    return (await spotJson(args)) as readonly AggregateDocument[];
  }

  it('takes single logs and downloads of a History Server (.zip) for paths', async () => {
    const single = join(folder, 'single');
    await writeFile(single, (await readFile(LOG, 'utf8')).replaceAll('local-1426533911241', 'single'));
    await collect(single, join(FIXTURES, 'archives/two-attempts.zip'), join(FIXTURES, 'archives/rolling.zip'));

    const found = (await runs()).map(({ id, attempt }) => `${id}/${attempt.attemptId ?? ''}`);
    expect(found).to.have.members([
      'single/1',
      'local-1426533911241/1',
      'local-1426533911241/2',
      'application_1795250787152_0001/1',
    ]);
  });

  it('reads nothing twice, but a log that was rewritten under its name, size and time', async () => {
    const path = join(folder, 'app');
    await copyFile(LOG, path);
    await utimes(path, 1_700_000_000, 1_700_000_000);
    await collect(path);
    const { size, mtimeMs } = await stat(path);

    expect(await collect(path)).to.match(/^0 runs stored/m);
    const log = await readFile(path, 'utf8');
    // A millisecond of one task: nothing that a listing shows.
    const at = log.lastIndexOf(',"Result Size"') - 1;
    const rewritten = `${log.slice(0, at)}${(Number(log[at]) + 1) % 10}${log.slice(at + 1)}`;
    expect(rewritten).to.not.equal(log);
    await writeFile(path, rewritten);
    await utimes(path, 1_700_000_000, 1_700_000_000);

    expect(await stat(path)).to.include({ size, mtimeMs });
    expect(await collect(path)).to.match(/^1 run stored/m);
    expect(await collect(path)).to.match(/^0 runs stored/m);
  });

  it('skips a section without a path, and refuses such an option, saying so', async () => {
    const config = join(folder, 'config.ini');
    await writeFile(config, '[EVENT_LOGS]\npath =\n[EVENT_LOGS two]\npath = ' + LOG + '\n');

    const crawl = await runSpot(['crawl', '--once', '--config', config, '--store', store]);
    const empty = await runSpot(['collect', '--store', store, '--event-log-dir', '']);

    expect([crawl.code, empty.code], crawl.stderr).to.deep.equal([0, 78]);
    expect(crawl.stderr + crawl.stdout).to.match(/^1 run stored/m);
    expect(empty.stderr).to.match(/\[EVENT_LOGS\] path is not set/);
  });
});
