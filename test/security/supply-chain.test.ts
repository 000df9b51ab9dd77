import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
/** S13. */
const MOST_PACKAGES = 40;

interface LockedPackage {
  readonly name?: string;
  readonly version?: string;
  readonly integrity?: string;
  readonly dev?: boolean;
  readonly cpu?: readonly string[];
  readonly hasInstallScript?: boolean;
}
interface Lock {
  readonly packages: Record<string, LockedPackage>;
}

describe('the packages that Spot brings', function () {
  this.timeout(120_000);
  let lock: Lock;
  /** Those that are there when Spot runs, by their path in the lock file. */
  let production: readonly (readonly [path: string, locked: LockedPackage])[];
  let folder: string;

  before(async () => {
    lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
    production = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
    folder = await mkdtemp(join(tmpdir(), 'spot-packages-'));
    // The lock file of an installation: what is for development alone is not there.
    const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Record<string, unknown>;
    delete manifest['devDependencies'];
    const own = { ...lock.packages[''] } as Record<string, unknown>;
    delete own['devDependencies'];
    const packages = { '': own, ...Object.fromEntries(production) };
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
    await writeFile(join(folder, 'package-lock.json'), JSON.stringify({ ...lock, packages }));
  });

  after(async () => {
    await rm(folder, { recursive: true });
  });

  const npm = (cwd: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    run('npm', args, { cwd, maxBuffer: 64 * 1024 ** 2 });

  it(`are at most ${MOST_PACKAGES} on one machine when it runs`, () => {
    const here = production.filter(([, { cpu }]) => cpu === undefined || cpu.includes(process.arch));

    expect(here.length).to.be.above(20);
    expect(here.map(([path]) => path)).to.have.lengthOf.at.most(MOST_PACKAGES);
  });

  it('run nothing when they are installed, those for development neither', () => {
    const withScripts = Object.entries(lock.packages).filter(([, { hasInstallScript }]) => hasInstallScript === true);

    expect(withScripts.map(([path]) => path)).to.deep.equal([]);
  });

  it('are each held to their hash', () => {
    const loose = Object.entries(lock.packages).filter(
      ([path, { integrity }]) => path !== '' && integrity?.startsWith('sha512-') !== true,
    );

    expect(loose.map(([path]) => path)).to.deep.equal([]);
  });

  it('are told by npm sbom, without a network, exactly as the lock file has them', async () => {
    const { stdout } = await npm(folder, 'sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--offline');

    const { components } = JSON.parse(stdout) as { components: readonly { name: string; version: string }[] };
    const told = components.map(({ name, version }) => `${name}@${version}`);
    const locked = production.map(([path, { name, version }]) => `${name ?? nameOf(path)}@${version ?? ''}`);
    expect(told.sort()).to.deep.equal([...new Set(locked)].sort());
  });

  it('agree with what package.json asks for, overrides too: npm has nothing to complain of', async () => {
    // It refuses with ESBOMPROBLEMS where the lock file and package.json do not agree.
    await npm(ROOT, 'sbom', '--sbom-format', 'spdx', '--package-lock-only', '--offline');
  });

  it('have no known vulnerability of weight, where the registry can be asked', async function () {
    const answer = await npm(folder, 'audit', '--omit=dev', '--json').catch(
      (error: unknown) => error as { stdout: string },
    );
    const report = JSON.parse(answer.stdout) as {
      readonly metadata?: { readonly vulnerabilities: Readonly<Record<string, number>> };
      readonly statusCode?: number;
    };
    if (report.metadata === undefined) {
      // Not asked is not the same as none: the table of docs/reliability.md does not count this as shown.
      console.log(`      skipped: the registry does not answer npm audit (status ${report.statusCode ?? 'none'})`);
      this.skip();
    }

    expect(report.metadata.vulnerabilities).to.include({ high: 0, critical: 0 });
  });
});

/** `node_modules/a/node_modules/@b/c` is `@b/c`. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}
