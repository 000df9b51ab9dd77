import { expect } from 'chai';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { needCommand } from '../../scripts/services/install.ts';
import type { AggregateDocument } from '../../src/documents/documents.ts';
import { FakeHistoryServer, recordedRun } from '../support/fake-history-server.ts';
import { spotJson } from '../support/run-spot.ts';
import { SystemdMachine } from './systemd-machine.ts';

const ROOT = join(import.meta.dirname, '../..');
const TOKEN = 'a-token-that-only-the-service-may-read';

describe('deploy/systemd, under a running systemd', function () {
  this.timeout(180_000);
  const started = new AsyncDisposableStack();
  let machine: SystemdMachine;
  let server: FakeHistoryServer;

  before(async function () {
    try {
      await needCommand('systemd-nspawn', 'systemd-container');
      machine = started.use(await SystemdMachine.create());
    } catch (error) {
      if (process.env['CI'] !== undefined) throw error;
      // A container without the right to mount cannot start a systemd.
      console.log(`    skipped: ${String(error)}`);
      this.skip();
    }
    server = started.use(await FakeHistoryServer.start());
    putRuns('before');
    const [etc, units, bin] = ['etc/spot', 'etc/systemd/system', 'usr/local/bin'].map((path) =>
      join(machine.root, path),
    ) as [string, string, string];
    await mkdir(join(etc, 'credentials'), { recursive: true, mode: 0o755 });
    await writeFile(join(etc, 'credentials/token'), TOKEN, { mode: 0o600 });
    await configure();
    for (const unit of ['spot.service', 'spot-prune.service'])
      await copyFile(join(ROOT, 'deploy/systemd', unit), join(units, unit));
    // As in the README, and not to wait so long for the start after a crash.
    await mkdir(join(units, 'spot.service.d'));
    await writeFile(join(units, 'spot.service.d/override.conf'), '[Service]\nRestartSec=1s\n');
    await symlink('/opt/spot/bin/spot.js', join(bin, 'spot'));
    await machine.boot({ '/opt/spot': ROOT });
  });

  after(() => started.disposeAsync());

  function putRuns(name: string): void {
    const { application, answers } = recordedRun('smoke-wordcount');
    for (let number = 0; number < 5; number++) server.put({ ...application, id: `${name}-${number}` }, answers);
  }

  async function configure(more = ''): Promise<void> {
    await writeFile(
      join(machine.root, 'etc/spot/config.ini'),
      `[SPARK_HISTORY]\napi_base_url = ${server.url}\nbearer_token_file = \${CREDENTIALS_DIRECTORY}/spot_token\n` +
        `[CRAWLER]\nsleep_seconds = 0.5\n[HEALTH]\nlisten = 127.0.0.1:0\n${more}`,
      { mode: 0o644 },
    );
  }

  async function stored(): Promise<readonly string[]> {
    const store = join(machine.root, 'var/lib/private/spot/spot.sqlite');
    const documents = await spotJson(['export', '--doc', 'agg', '--format', 'json', '--store', `sqlite:${store}`]);
    return (documents as readonly AggregateDocument[]).map(({ id }) => id).sort();
  }

  async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const endsAt = performance.now() + 30_000;
    while (performance.now() < endsAt) {
      if (await isSo()) return;
      await sleep(200);
    }
    throw new Error(`30 s, and not ${what}:\n${await machine.run('journalctl', '--unit', 'spot', '--no-pager')}`);
  }

  const sweeps = async (): Promise<number> =>
    (await machine.run('journalctl', '--unit', 'spot', '--no-pager')).split('First sweep complete.').length - 1;
  /** One of what `systemctl show` tells of the service. */
  const property = async (name: string): Promise<string> =>
    (await machine.run('systemctl', 'show', 'spot', '--property', name, '--value')).trim();
  const names = (...runs: readonly string[]): readonly string[] =>
    runs.flatMap((name) => Array.from({ length: 5 }, (_, number) => `${name}-${number}`)).sort();

  it('S12: crawls inside its sandbox: without rights, behind a filter of system calls, as a user of its own, with the token that only it may read', async () => {
    await machine.run('systemctl', 'start', 'spot');
    await until('a first sweep', async () => (await sweeps()) === 1);

    expect(await stored()).to.deep.equal(names('before'));
    expect(server.requests.every(({ headers }) => headers.authorization === `Bearer ${TOKEN}`)).to.equal(true);
    const status = await machine.run('cat', `/proc/${await property('MainPID')}/status`);
    expect(status).to.match(/^NoNewPrivs:\t1$/m);
    expect(status).to.match(/^Seccomp:\t2$/m);
    expect(status).to.match(/^CapEff:\t0{16}$/m);
    expect(status).to.match(/^CapBnd:\t0{16}$/m);
    const [user] = /^Uid:\t(\d+)/m.exec(status)?.slice(1) ?? [];
    // `DynamicUser=` takes from these.
    expect(Number(user)).to.be.within(61_184, 65_519);
    expect(await machine.run('stat', '--format=%a %u', '/var/lib/private/spot/spot.sqlite')).to.equal(`600 ${user}\n`);
  });

  it('goes on after a crash, and spot-prune.service beside it deletes without a word from either', async () => {
    putRuns('later');
    await machine.run('systemctl', 'kill', '--signal=SIGKILL', 'spot');
    await until('a sweep after the crash', async () => (await sweeps()) === 2);

    expect(await property('NRestarts')).to.equal('1');
    expect(await stored()).to.deep.equal(names('before', 'later'));
    await machine.run('systemctl', 'start', 'spot-prune');
    expect(await machine.run('systemctl', 'is-active', 'spot')).to.equal('active\n');
  });

  it('ends in order when it is stopped, and reads nothing again when it is started', async () => {
    const startedAt = performance.now();
    await machine.run('systemctl', 'stop', 'spot');
    expect(performance.now() - startedAt).to.be.below(10_000);
    expect(await property('Result')).to.equal('success');
    expect(await property('ExecMainStatus')).to.equal('0');

    const asked = server.requests.length;
    await machine.run('systemctl', 'start', 'spot');
    await until('a sweep after the start', async () => (await sweeps()) === 3);
    const again = server.requests.slice(asked).filter(({ path }) => path.includes('/stages'));
    expect(again).to.deep.equal([]);
  });

  it('is not started again with a wrong configuration, and says what is wrong with it', async () => {
    await machine.run('systemctl', 'stop', 'spot');
    await configure('[STORE]\nno_such_key = 1\n');
    await machine.run('systemctl', 'start', 'spot').catch(() => undefined);
    await until('failed', async () => (await property('ActiveState')) === 'failed');

    expect(await property('ExecMainStatus')).to.equal('78');
    await sleep(2000);
    expect(await property('ActiveState')).to.equal('failed');
    expect(await machine.run('journalctl', '--unit', 'spot', '--no-pager')).to.include('CONFIG_');
  });

  it('may write to its own folder, and nowhere else', async () => {
    const unit = await readFile(join(ROOT, 'deploy/systemd/spot.service'), 'utf8');
    expect(unit).to.match(/^ProtectSystem=strict$/m);
    const [walls] = [
      unit.split('\n').filter((line) => /^(Protect|Private|DynamicUser|StateDirectory|UMask)/.test(line)),
    ];
    const properties = walls.flatMap((line) => ['--property', line]);
    const write = (path: string): Promise<string> =>
      machine.run(
        'systemd-run',
        '--wait',
        '--pipe',
        '--quiet',
        ...properties,
        'sh',
        '-c',
        `echo x > ${path} && echo written`,
      );

    expect(await write('/var/lib/spot/probe')).to.equal('written\n');
    for (const path of ['/etc/spot/probe', '/usr/probe', '/var/log/probe', '/opt/probe'])
      expect(await write(path).catch(() => 'refused'), path).to.equal('refused');
  });
});
