import { expect } from 'chai';
import type { Suite } from 'mocha';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { installPackages, needCommand } from '../../scripts/services/install.ts';
import { freePort } from '../../scripts/services/service-process.ts';
import { IS_SOAK } from '../faults/scale.ts';
import { FakeHistoryServer, recordedRun } from '../support/fake-history-server.ts';
import { readDockerfile } from './dockerfile.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const CONTAINER = join(ROOT, 'deploy/container');
const DEBIAN = 'bookworm';
const MOST_OUTPUT = 64 * 1024 * 1024;
/** As it is, so that `npm ci` reaches the registry that this machine reaches. */
const HOW_NPM_GETS_OUT = [
  join(homedir(), '.npmrc'),
  '/etc/ssl',
  '/usr/share/ca-certificates',
  '/usr/local/share/ca-certificates',
];
/** The flags of README.md beside the Dockerfile; `nofile` is what a machine without systemd cannot raise. */
const FLAGS = [
  ...['--read-only', '--tmpfs', '/tmp', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'],
  ...['--memory', '2g', '--pids-limit', '64', '--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1000:1000'],
];

// Takes minutes, and needs a builder and a base of its own; container.test.ts does the same steps by hand.
if (IS_SOAK) describe('deploy/container, built and run', builtAndRun);

function builtAndRun(this: Suite): void {
  this.timeout(1_200_000);
  const started = new AsyncDisposableStack();
  const name = `spot-test-${process.pid}`;
  let storage: string;
  let server: FakeHistoryServer;
  let port: number;

  async function runPodman(args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
    // Images of its own: what stands in for the image of Node must not be taken for it by anybody else.
    const own = ['--root', join(storage, 'root'), '--runroot', join(storage, 'run'), '--runtime', '/usr/sbin/runc'];
    return await run('podman', [...own, ...args], { maxBuffer: MOST_OUTPUT });
  }

  async function podman(...args: readonly string[]): Promise<string> {
    return (await runPodman(args)).stdout.trim();
  }

  before(async () => {
    await needCommand('podman', 'podman');
    // Not crun, which cannot do with control groups of both versions.
    await installPackages('runc', 'debootstrap');
    storage = await mkdtemp(join(tmpdir(), 'spot-podman-'));
    started.defer(() => rm(storage, { recursive: true, force: true }));
    const stages = readDockerfile(await readFile(join(CONTAINER, 'Dockerfile'), 'utf8'));
    await makeBase(stages[0]?.base ?? '');
    const volumes = HOW_NPM_GETS_OUT.filter((path) => existsSync(path)).flatMap((path) => [
      '--volume',
      `${path}:${path === HOW_NPM_GETS_OUT[0] ? '/root/.npmrc' : path}:ro`,
    ]);
    const { NODE_EXTRA_CA_CERTS: authorities } = process.env;
    await podman(
      ...['build', '--format', 'docker', '--network', 'host', '--pull=never', '--tag', name, ...volumes],
      ...(authorities === undefined ? [] : ['--env', `NODE_EXTRA_CA_CERTS=${authorities}`]),
      ...['--file', join(CONTAINER, 'Dockerfile'), '--ignorefile', join(CONTAINER, 'Dockerfile.dockerignore'), ROOT],
    );
    server = started.use(await FakeHistoryServer.start());
    const { application, answers } = recordedRun('smoke-wordcount');
    server.put(application, answers);
    port = await freePort();
    const env = {
      SPOT_SPARK_HISTORY_API_BASE_URL: server.url,
      SPOT_HEALTH_LISTEN: `127.0.0.1:${port}`,
      NODE_EXTRA_CA_CERTS: '',
    };
    const variables = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
    await podman(
      'run',
      '--detach',
      '--name',
      name,
      '--network',
      'host',
      ...FLAGS,
      '--volume',
      `${name}:/data`,
      ...variables,
      name,
    );
    started.defer(async () => {
      await podman('rm', '--force', name);
      await podman('volume', 'rm', '--force', name);
    });
  });

  after(() => started.disposeAsync());

  /** The image of Node that the Dockerfile starts from, of the same Node on the same Debian: no registry of images is at hand. */
  async function makeBase(image: string): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'spot-base-'));
    try {
      const base = join(folder, 'base');
      await run('debootstrap', ['--variant=minbase', DEBIAN, base], { maxBuffer: MOST_OUTPUT });
      const packages = join(base, 'usr/local/lib/node_modules');
      await mkdir(packages, { recursive: true });
      await copyFile(process.execPath, join(base, 'usr/local/bin/node'));
      const { stdout: npm } = await run('sh', ['-c', 'command -v npm']);
      await cp(dirname(dirname(await realpath(npm.trim()))), join(packages, 'npm'), { recursive: true });
      await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(base, 'usr/local/bin/npm'));
      const archive = join(folder, 'base.tar');
      await run('tar', ['-C', base, '-cf', archive, '.']);
      await podman('import', archive, `docker.io/library/${image}`);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  const inside = (...command: readonly string[]): Promise<string> => podman('exec', name, ...command);

  it('S12: crawls as user 65532 without any right, in a root that is read-only', async () => {
    const list = (): Promise<string> => inside('node', '/app/bin/spot.js', 'list', '--format', 'json');
    for (let waited = 0; (await list().catch(() => '[]')) === '[]' && waited < 60; waited++) await sleep(1000);

    expect(JSON.parse(await list())).to.have.length(1);
    const status = await readFile(
      `/proc/${await podman('inspect', '--format', '{{.State.Pid}}', name)}/status`,
      'utf8',
    );
    expect(status).to.match(/^Uid:\t65532\t65532\t65532\t65532$/m);
    for (const set of ['CapEff', 'CapBnd', 'CapPrm']) expect(status).to.match(new RegExp(`^${set}:\t0{16}$`, 'm'));
    expect(status).to.match(/^NoNewPrivs:\t1$/m);
    expect(status).to.match(/^Seccomp:\t2$/m);
    for (const path of ['/app/x', '/etc/x', '/usr/x', '/x'])
      expect(await inside('sh', '-c', `touch ${path} 2>&1 || true`), path).to.match(/Read-only file system/);
    expect(await inside('sh', '-c', 'command -v npm || echo none')).to.equal('none');
  });

  it('is ended in order by the signal that it names, within 10 s, and is healthy until then', async () => {
    expect((await fetch(`http://127.0.0.1:${port}/health/live`)).status).to.equal(200);
    const startedAt = performance.now();
    await podman('stop', '--time', '30', name);

    expect(performance.now() - startedAt).to.be.below(10_000);
    expect(await podman('inspect', '--format', '{{.State.ExitCode}}', name)).to.equal('0');
    // Spot logs to standard error, and podman keeps the two apart.
    const { stderr: logs } = await runPodman(['logs', name]);
    expect(logs).to.include('First sweep complete.').and.include('Stopped.');
    expect(logs).to.not.match(/ (warn|error) /);
  });
}
