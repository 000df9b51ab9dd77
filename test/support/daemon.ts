import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { spotEnded, startSpot, type SpotEnded } from './run-spot.ts';

const LONGEST_START_MS = 60_000;

/** `spot crawl` in a process of its own, and what it tells of itself while it works. */
export class Daemon implements AsyncDisposable {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<SpotEnded>;
  #url: string | undefined;
  #log = '';

  /** @param config - path of its configuration */
  constructor(config: string, env: Readonly<Record<string, string>>) {
    this.#process = startSpot(['crawl', '--config', config], { ...env, SPOT_HEALTH_LISTEN: '127.0.0.1:0' });
    this.#ended = spotEnded(this.#process);
    const look = (chunk: string): void => {
      this.#log += chunk;
      this.#url = /url=(http:\S+)/.exec(this.#log)?.[1];
      if (this.#url !== undefined) this.#process.stderr.off('data', look);
    };
    this.#process.stderr.on('data', look);
  }

  async isUp(): Promise<void> {
    for (let waited = 0; this.#url === undefined; waited += 100) {
      if (waited > LONGEST_START_MS) throw new Error(`The daemon has not told its address: ${this.#log}`);
      await sleep(100);
    }
  }

  async metrics(): Promise<Metrics> {
    return new Metrics(await (await fetch(`${this.#url ?? ''}/metrics`)).text());
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }

  stopped(): Promise<SpotEnded> {
    this.signal('SIGTERM');
    return this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal('SIGKILL');
    await this.#ended;
  }
}

/** Metrics in Prometheus' text format. */
export class Metrics {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The sum over all labels. @throws Error where there is no such metric above 0 */
  valueOf(name: string): number {
    const values = [...this.#text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))];
    const sum = values.reduce((total, [, value]) => total + Number(value), 0);
    if (!(sum > 0)) throw new Error(`The metrics tell no ${name}`);
    return sum;
  }
}
