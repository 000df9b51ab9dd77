import { expect } from 'chai';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { runSpot, spotEnded, startSpot, type SpotEnded } from '../support/run-spot.ts';

const LOGS = fileURLToPath(new URL('../fixtures/spark-corpus/logs/', import.meta.url));
const PLAIN = 'app-20261121084635-0000';

describe('cli: spot history', function () {
  this.timeout(60_000);
  let folder: string;
  let running: { readonly child: ChildProcessWithoutNullStreams; readonly ended: Promise<SpotEnded> }[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-cli-history-'));
    running = [];
  });
  afterEach(async () => {
    for (const { child, ended } of running) {
      child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** Starts it on a free port. @returns the address it prints */
  async function serve(
    ...args: readonly string[]
  ): Promise<{ api: string; child: ChildProcessWithoutNullStreams; ended: Promise<SpotEnded> }> {
    const child = startSpot(['history', '--port', '0', ...args]);
    const ended = spotEnded(child);
    running.push({ child, ended });
    const [api] = (await once(createInterface(child.stdout), 'line')) as [string];
    return { api, child, ended };
  }

  it('prints where it serves, says how many logs, and ends with 0 on SIGTERM', async () => {
    const { api, child, ended } = await serve('--event-log-dir', LOGS);
    const applications = (await (await fetch(`${api}/applications`)).json()) as readonly unknown[];
    const version: unknown = await (await fetch(`${api}/version`)).json();
    child.kill('SIGTERM');
    const { code, stdout, stderr } = await ended;

    expect(api).to.match(/^http:\/\/127\.0\.0\.1:\d+\/api\/v1$/);
    expect(applications).to.have.length(10);
    expect(version).to.deep.equal({ spark: '4.0.1' });
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: `${api}\n` });
    expect(stderr).to.contain('10 applications of 11 logs');
  });

  it('serves several folders as a 3.5 server, says what is no log, and finds a new log within seconds', async () => {
    await writeFile(join(folder, 'notes.txt'), 'no log');
    const single = join(LOGS, 'app-20261121083842-0000.zstd');
    const { api, child, ended } = await serve(
      ...['--event-log-dir', folder, single, '--spark-version', '3.5', '--poll-seconds', '1'],
    );
    const count = async (): Promise<number> =>
      ((await (await fetch(`${api}/applications`)).json()) as readonly unknown[]).length;
    expect(await count()).to.equal(1);
    expect(await (await fetch(`${api}/version`)).json()).to.deep.equal({ spark: '3.5.7' });

    await copyFile(join(LOGS, PLAIN), join(folder, PLAIN));
    while ((await count()) < 2) await new Promise((next) => setTimeout(next, 100));
    const executors = (await (await fetch(`${api}/applications/${PLAIN}/executors`)).json()) as readonly object[];
    child.kill('SIGINT');

    expect(executors.length).to.be.greaterThan(0);
    const { code, stderr } = await ended;
    expect(code).to.equal(0);
    expect(stderr).to.contain('1 files tell of no run');
  });

  it('ends with 69 when the port is taken, or the folder is not there', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { readonly port: number };
    const taken = await runSpot(['history', '--event-log-dir', LOGS, '--port', String(port)]);
    other.close();
    const missing = await runSpot(['history', '--event-log-dir', join(folder, 'nowhere')]);

    expect(taken).to.include({ code: 69, stdout: '' });
    expect(taken.stderr).to.contain(`127.0.0.1:${port} cannot be listened on`);
    expect(missing).to.include({ code: 69, stdout: '' });
    expect(missing.stderr).to.contain('SOURCE_WRONG_ADDRESS');
  });

  it('ends with 2 on a wrong command line, and says what is wrong', async () => {
    for (const [args, says] of [
      [[], '--event-log-dir'],
      [['--event-log-dir', LOGS, '--port', '70000'], 'write a whole number from 0 to 65535'],
      [['--event-log-dir', LOGS, '--spark-version', '2.4'], 'Allowed choices are 4.0, 3.5'],
    ] as const) {
      const { code, stderr } = await runSpot(['history', ...args]);

      expect({ code, says: stderr.includes(says) }, stderr).to.deep.equal({ code: 2, says: true });
    }
  });
});
