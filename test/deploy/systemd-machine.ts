import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LONGEST_BOOT_MS = 60_000;
/** Everything of the machine but its network. */
const NAMESPACES = ['--mount', '--pid', '--uts', '--ipc', '--cgroup'];

/**
 * A real systemd: the programs of this machine, with files of its own above them (overlayfs), booted by systemd-nspawn. It shares
 * this machine's network, so that it reaches the servers of a test.
 *
 * Needs root and the rights to mount.
 */
export class SystemdMachine implements AsyncDisposable {
  /** Its root as it is seen from here; what is written there is gone with the machine. */
  readonly root: string;
  readonly #folder: string;
  #booted: ChildProcess | undefined;
  /** Number of its systemd among the processes of this machine. */
  #systemd = '';

  private constructor(folder: string) {
    this.#folder = folder;
    this.root = join(folder, 'root');
  }

  /** @throws Error when this machine does not let anybody mount */
  static async create(): Promise<SystemdMachine> {
    const machine = new SystemdMachine(await mkdtemp(join(tmpdir(), 'spot-systemd-')));
    try {
      await machine.#layFiles();
      return machine;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #layFiles(): Promise<void> {
    const [upper, work] = ['upper', 'work'].map((name) => join(this.#folder, name)) as [string, string];
    for (const folder of [upper, work, this.root]) await mkdir(folder);
    const layers = `lowerdir=/,upperdir=${upper},workdir=${work}`;
    await run('mount', ['-t', 'overlay', 'overlay', '-o', layers, this.root]);
    // Of what this machine runs it shall run nothing.
    const units = join(this.root, 'etc/systemd/system');
    for (const name of await readdir(units))
      if (name.endsWith('.wants')) await rm(join(units, name), { recursive: true });
    await writeFile(join(this.root, 'etc/machine-id'), '');
  }

  /** @param shown - folders of this machine that are to be seen in the other one, read-only, by their paths there */
  async boot(shown: Readonly<Record<string, string>>): Promise<void> {
    const binds = Object.entries(shown).map(([there, here]) => `--bind-ro=${here}:${there}`);
    const args = ['--directory', this.root, ...binds, '--register=no', '--keep-unit', '--boot', '--console=read-only'];
    const booted = spawn('systemd-nspawn', args, {
      env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#booted = booted;
    let said = '';
    for (const stream of [booted.stdout, booted.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()));
    for (const endsAt = performance.now() + LONGEST_BOOT_MS; performance.now() < endsAt;) {
      if (booted.exitCode !== null) break;
      this.#systemd = await childNamed(booted.pid ?? 0, 'systemd');
      const state = this.#systemd === '' ? '' : await this.run('systemctl', 'is-system-running').catch(told);
      // Degraded: some unit of this machine's does not like to be there twice.
      if (/^(running|degraded)$/m.test(state)) return;
      await sleep(200);
    }
    throw new Error(`systemd has not started: ${said.slice(-2000)}`);
  }

  /** Runs a command in the machine, as root, and gives what it printed. @throws Error with its output, when it fails */
  async run(...command: readonly string[]): Promise<string> {
    const { stdout } = await run('nsenter', ['--target', this.#systemd, ...NAMESPACES, '--', ...command]);
    return stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#booted?.exitCode === null) {
      // Its systemd is the first process of its namespace: all others end with it.
      if (this.#systemd !== '') process.kill(Number(this.#systemd), 'SIGKILL');
      else this.#booted.kill('SIGKILL');
      await once(this.#booted, 'exit');
    }
    await run('umount', ['--lazy', this.root]).catch(() => undefined);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Number of the first process of this name below another one; empty while there is none. */
async function childNamed(parent: number, name: string): Promise<string> {
  const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8').catch(() => '');
  for (const child of children.trim().split(' ').filter(Boolean)) {
    if ((await readFile(`/proc/${child}/comm`, 'utf8').catch(() => '')).trim() === name) return child;
    const below = await childNamed(Number(child), name);
    if (below !== '') return below;
  }
  return '';
}

/** What a command that failed printed all the same. */
function told(error: unknown): string {
  return (error as { readonly stdout?: string }).stdout ?? '';
}
