import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { plainEnvironment } from '../support/run-spot.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const LOGS = join(ROOT, 'test/fixtures/spark-corpus/logs');

interface PackedFile {
  readonly path: string;
}

/** As `npm install` does it, from packages that are here already: no registry is asked. */
describe('e2e: the published package', function () {
  this.timeout(180_000);
  let folder: string;
  let installed: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-package-'));
    // Compiled beside the checkout, so that a dist/ there is neither needed nor touched.
    const copy = join(folder, 'checkout');
    await mkdir(copy);
    for (const name of await readdir(ROOT)) {
      if (['.git', 'node_modules', 'dist', 'test', 'bench'].includes(name)) continue;
      await cp(join(ROOT, name), join(copy, name), { recursive: true });
    }
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--noCheck'], { cwd: copy });

    installed = join(folder, 'app/node_modules/spark-spot');
    await mkdir(installed, { recursive: true });
    for (const path of await packedFiles(copy)) await cp(join(copy, path), join(installed, path));
    for (const name of await productionPackages()) {
      await cp(join(ROOT, 'node_modules', name), join(folder, 'app/node_modules', name), { recursive: true });
    }
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  /** What `npm pack` would put into the archive. */
  async function packedFiles(cwd: string): Promise<readonly string[]> {
    const { stdout } = await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd,
      env: { ...plainEnvironment(), HOME: folder },
      maxBuffer: 16 * 1024 ** 2,
    });
    const packs = JSON.parse(stdout) as readonly { readonly files: readonly PackedFile[] }[];
    return packs.flatMap(({ files }) => files.map(({ path }) => path));
  }

  /** What `npm install --omit=dev --omit=optional` would bring, by the lock file. */
  async function productionPackages(): Promise<readonly string[]> {
    const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
    };
    return Object.entries(lock.packages)
      .filter(([path, { dev, optional }]) => path.startsWith('node_modules/') && dev !== true && optional !== true)
      .map(([path]) => path.slice('node_modules/'.length));
  }

  async function spot(...args: string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const launcher = join(installed, 'bin/spot.js');
    return await run(process.execPath, [launcher, ...args], { cwd: folder, env: plainEnvironment() });
  }

  it('has what was compiled, and neither sources nor tests', async () => {
    const names = await readdir(installed);
    expect(names).to.include.members(['bin', 'dist', 'package.json', 'config.ini.template']);
    expect(names).to.not.include.members(['src']).and.not.include.members(['test']);
    expect(await readdir(join(installed, 'dist/sources/event-log'))).to.include('replay-worker.js');
  });

  it('collects the 11 runs of the corpus, each in a thread of compiled code', async () => {
    const store = `sqlite:${join(folder, 'spot.sqlite')}`;

    const { stderr } = await spot('collect', '--event-log-dir', LOGS, '--store', store);
    const { stdout } = await spot('stats', '--format', 'json', '--store', store);

    expect(JSON.parse(stdout), stderr).to.include({ agg: 11 });
  });

  it('reads a configuration file of its own', async () => {
    const config = join(folder, 'config.ini');
    await writeFile(config, '[EVENT_LOGS]\nno_such_key = 1\n');

    const failure: unknown = await spot('stats', '--config', config).catch((error: unknown) => error);

    expect(failure).to.include({ code: 78 });
  });
});
