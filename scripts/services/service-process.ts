import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ServiceProcessOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Everything the service prints goes here. */
  readonly logFile: string;
  /** Runs as this user and group; only root can ask for it. */
  readonly uid?: number | undefined;
}

/** Ends the process group $0 when the pipe to us breaks, that is when we end, however that happens. */
const WATCHDOG =
  'cat >/dev/null; kill -TERM -- "-$0"; for i in $(seq 20); do kill -0 -- "-$0" || exit; sleep 0.5; done; kill -KILL -- "-$0"';

/** A server that we started: a process group of its own, which ends with us at the latest. */
export class ServiceProcess implements AsyncDisposable {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #watchdog: ChildProcess;
  readonly #logFile: string;

  constructor(command: string, args: readonly string[], { env, logFile, uid }: ServiceProcessOptions) {
    const log = openSync(logFile, 'a');
    this.#logFile = logFile;
    this.#child = spawn(command, args, {
      env,
      detached: true,
      stdio: ['ignore', log, log],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    closeSync(log);
    if (this.#child.pid === undefined) throw new Error(`could not start ${command}`);
    this.pid = this.#child.pid;
    this.#watchdog = spawn('bash', ['-c', WATCHDOG, String(this.pid)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // Neither keeps a finished test run from ending: the watchdog then does its work.
    for (const child of [this.#child, this.#watchdog]) child.unref();
    (this.#watchdog.stdin as unknown as { unref(): void }).unref();
    this.#child.once('exit', () => this.#watchdog.kill('SIGKILL'));
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal to the whole group: `SIGKILL` for a crash, `SIGSTOP` and `SIGCONT` for a server that hangs. */
  signal(name: NodeJS.Signals): void {
    if (this.isRunning) process.kill(-this.pid, name);
  }

  /** As a crash: no chance to tidy up. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL', 10_000);
  }

  /** Asks the service to end, and insists after 20 s. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGTERM', 20_000);
    await this.#end('SIGKILL', 10_000);
  }

  /**
   * Waits until the service says that it is ready.
   *
   * @param isReady - asked twice a second; an exception means not yet
   * @throws Error with the end of the service's log when it ends before, or is not ready in time; it is stopped then
   */
  async waitUntil(isReady: () => Promise<boolean>, what: string, seconds = 180): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (this.isRunning && Date.now() < deadline) {
      if (await isReady().catch(() => false)) return;
      await sleep(500);
    }
    const why = this.isRunning ? `is not ready after ${seconds} s` : 'ended before it was ready';
    await this.kill();
    throw new Error(`${what} ${why}; the end of ${this.#logFile}:\n${this.logTail(20)}`);
  }

  /** The last lines of what the service printed. */
  logTail(lines: number): string {
    const text = readFileSync(this.#logFile, 'utf8').trimEnd();
    return text.split('\n').slice(-lines).join('\n');
  }

  async #end(signal: NodeJS.Signals, patienceMs: number): Promise<void> {
    if (!this.isRunning) return;
    const ended = once(this.#child, 'exit');
    this.#child.ref();
    // A stopped process takes no signal but SIGKILL until it goes on.
    this.signal('SIGCONT');
    this.signal(signal);
    const patience = new AbortController();
    await Promise.race([ended, sleep(patienceMs, undefined, { signal: patience.signal })]);
    patience.abort();
    this.#child.unref();
  }
}

/**
 * A port of 127.0.0.1 that nobody has at this moment.
 *
 * Below the range from which the system takes ports for outgoing connections: a server needs seconds until it listens,
 * and meanwhile a connection of somebody else could have taken it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => {
        resolve(false);
      });
      server.listen(port, '127.0.0.1', () => {
        resolve(true);
      });
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** @throws Error when somebody listens there already, whom a test would else take for its own server */
export async function checkPortIsFree(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  const isTaken = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => {
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
  socket.destroy();
  if (isTaken) throw new Error(`port ${port} is in use`);
}
