import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installPackages, needCommand } from '../../scripts/services/install.ts';
import { FakeHistoryServer, recordedRun } from '../support/fake-history-server.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const UNIT = join(ROOT, 'deploy/systemd/spot.service');
/** Debian's, which has libseccomp's module; not one that stands before it in the PATH. */
const PYTHON = '/usr/bin/python3';

describe('deploy/systemd/spot.service SystemCallFilter=', () => {
  let folder = '';

  before(async function () {
    this.timeout(180_000);
    try {
      await needCommand('systemd-analyze', 'systemd');
      await run(PYTHON, ['-c', 'import seccomp']).catch(() => installPackages('python3', 'python3-seccomp'));
    } catch (error) {
      if (process.env['CI'] !== undefined) throw error;
      console.log(`    skipped: ${String(error)}`);
      this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), 'spot-filter-'));
  });

  after(async () => {
    if (folder !== '') await rm(folder, { recursive: true });
  });

  it('is in force here: what it leaves out, such as another priority, is refused', async () => {
    const renice = ['sh', '-c', 'renice -n 1 -p $$'];
    await run(renice[0]!, renice.slice(1));

    const refused: unknown = await underFilter(renice).catch((error: unknown) => error);

    expect(refused).to.have.property('stderr').that.includes('Operation not permitted');
  });

  it('lets spot crawl: a recorded run is fetched, aggregated and stored under it', async function () {
    this.timeout(60_000);
    await using server = await FakeHistoryServer.start();
    const { application, answers } = recordedRun('smoke-wordcount');
    server.put(application, answers);
    const config = join(folder, 'config.ini');
    await writeFile(config, `[SPARK_HISTORY]\napi_base_url = ${server.url}\n`);
    const store = `sqlite:${join(folder, 'spot.sqlite')}`;

    await underFilter([process.execPath, 'bin/spot.js', 'crawl', '--once', '--config', config, '--store', store]);

    const list = ['bin/spot.js', 'list', '--format', 'json', '--config', config, '--store', store];
    const { stdout } = await run(process.execPath, list, { cwd: ROOT });
    expect((JSON.parse(stdout) as { run: string }[]).map((row) => row.run)).to.deep.equal([application.id]);
  });

  function underFilter(command: readonly string[]): Promise<unknown> {
    return run(PYTHON, [join(ROOT, 'test/deploy/under-syscall-filter.py'), UNIT, ...command], { cwd: ROOT });
  }
});
