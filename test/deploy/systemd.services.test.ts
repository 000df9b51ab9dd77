import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { needCommand } from '../../scripts/services/install.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';

const FOLDER = fileURLToPath(new URL('../../deploy/systemd/', import.meta.url));
const UNIT = join(FOLDER, 'spot.service');
const LAUNCHER = fileURLToPath(new URL('../../bin/spot.js', import.meta.url));

describe('deploy/systemd/spot.service', () => {
  let unit: string;
  let folder: string;

  before(async function () {
    this.timeout(180_000);
    await needCommand('systemd-analyze', 'systemd').catch((error: unknown) => {
      if (process.env['CI'] !== undefined) throw error;
      console.log(`    skipped, systemd-analyze is missing: ${String(error)}`);
      this.skip();
    });
    unit = await readFile(UNIT, 'utf8');
    folder = await mkdtemp(join(tmpdir(), 'spot-systemd-'));
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('is exposed to at most 1.3 of 10, by systemd-analyze security', async () => {
    expect(await exposureOf(unit)).to.be.at.most(1.3);
  });

  it('would be exposed to more than 9 of 10 with nothing but its command, so the number means something', async () => {
    const bare = unit.split('\n').filter((line) => /^(\[Service\]|ExecStart=)/.test(line));

    expect(await exposureOf(bare.join('\n'))).to.be.above(9);
  });

  it('may write and run memory, which the compiler in Node needs', () => {
    expect(unit).not.to.match(/^MemoryDenyWriteExecute=/m);
  });

  it('has nothing that systemd does not know', async () => {
    expect(await complaintsAbout(unit)).to.equal('');
  });

  it('would be complained about with an unknown key, although systemd-analyze verify then still exits with 0', async () => {
    expect(await complaintsAbout(unit.replace('[Service]', '[Service]\nProtectEverything=yes'))).to.include(
      'ProtectEverything',
    );
  });

  it('is not started again after what a further start cannot mend: a wrong command line, a wrong configuration', () => {
    const codes = /^RestartPreventExitStatus=(.*)$/m.exec(unit)?.[1]?.split(' ').map(Number);

    expect(codes).to.deep.equal([EXIT.usage, EXIT.config]);
  });

  it('has the same walls around spot-prune.service, which is as little exposed and deletes with the same user and folder', async () => {
    const prune = await readFile(join(FOLDER, 'spot-prune.service'), 'utf8');
    const walls = (text: string): string[] =>
      text
        .split('\n')
        .filter((line) =>
          /^(Protect|Private|Restrict(?!art)|SystemCall|Capab|Ambient|NoNew|Lock|Keyring|Device|Proc|RemoveIPC|UMask|StateDir|LoadCred|DynamicUser)/.test(
            line,
          ),
        )
        .sort();

    expect(walls(prune)).to.deep.equal(walls(unit).filter((line) => !line.startsWith('RestartPrevent')));
    expect(walls(prune).length).to.be.above(25);
    expect(prune).to.match(/^User=spot$/m);
    expect(await exposureOf(prune)).to.be.at.most(1.3);
    expect(await complaintsAbout(prune, 'spot-prune.service')).to.equal('');
    const timer = await readFile(join(FOLDER, 'spot-prune.timer'), 'utf8');
    expect(await complaintsAbout(timer, 'spot-prune.timer', 'spot-prune.service')).to.equal('');
  });

  async function exposureOf(text: string): Promise<number> {
    const { output } = await systemdAnalyze(text, ['security', '--offline=true']);
    const [, exposure] = /Overall exposure level for spot\.service: ([\d.]+)/.exec(output) ?? [];
    expect(exposure, output).not.to.equal(undefined);
    return Number(exposure);
  }

  /** With a command that exists on this machine. */
  async function complaintsAbout(text: string, name?: string, beside?: string): Promise<string> {
    return (
      await systemdAnalyze(text.replaceAll('/usr/local/bin/spot', LAUNCHER), ['verify'], name, beside)
    ).output.trim();
  }

  /** @param beside - a file of deploy/systemd that it refers to */
  async function systemdAnalyze(
    text: string,
    args: readonly string[],
    name = 'spot.service',
    beside?: string,
  ): Promise<{ output: string }> {
    const own = await mkdtemp(join(folder, 'units-'));
    const file = join(own, name);
    await writeFile(file, text);
    if (beside !== undefined) {
      const other = await readFile(join(FOLDER, beside), 'utf8');
      await writeFile(join(own, beside), other.replaceAll('/usr/local/bin/spot', LAUNCHER));
    }
    return new Promise((resolve) => {
      execFile('systemd-analyze', [...args, file], (_error, stdout, stderr) => {
        resolve({ output: `${stdout}${stderr}` });
      });
    });
  }
});
