import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../support/seeded-random.ts';
import { spotEnded, type SpotEnded } from '../support/run-spot.ts';
import type { FaultProxy } from './fault-proxy.ts';

/** When a process is killed: so many milliseconds after it has made so many calls; without calls, after its start. */
export interface KillMoment {
  readonly calls: number;
  readonly thenMs: number;
}

export interface KillOptions {
  readonly seed: number;
  readonly kills: number;
  /** What the processes ask: it counts their calls. */
  readonly proxy: FaultProxy;
  /** No process gets further than this many calls: small enough, and all of the kills happen before the work is done. */
  readonly maxCalls: number;
  readonly start: () => ChildProcessWithoutNullStreams;
}

/** Share of the kills that come while the process starts: it opens the store, repairs, prepares. */
const WHILE_STARTING = 0.15;
const LONGEST_START_MS = 1000;
/** Between two calls, where what was read is aggregated and written. */
const LONGEST_PAUSE_MS = 40;

/** Moments of which the same seed gives the same ones. */
export function* killMoments(seed: number, maxCalls: number): Generator<KillMoment, never> {
  const random = seededRandom(seed);
  for (;;) {
    const isStarting = random() < WHILE_STARTING;
    const [where, when] = [random(), random()];
    yield isStarting
      ? { calls: 0, thenMs: when * LONGEST_START_MS }
      : { calls: 1 + Math.floor(where * maxCalls), thenMs: when * LONGEST_PAUSE_MS };
  }
}

/**
 * Starts a program, kills it with SIGKILL at a random moment, and starts it again, so many times.
 *
 * @returns how each of them ended: by the signal, unless its work was done before its moment came
 */
export async function killedAgainAndAgain(options: KillOptions): Promise<SpotEnded[]> {
  const { seed, kills, proxy, maxCalls, start } = options;
  const ends: SpotEnded[] = [];
  for (const moment of killMoments(seed, maxCalls).take(kills)) ends.push(await killedAt(moment, proxy, start()));
  return ends;
}

async function killedAt(
  { calls, thenMs }: KillMoment,
  proxy: FaultProxy,
  child: ChildProcessWithoutNullStreams,
): Promise<SpotEnded> {
  const ended = spotEnded(child);
  const moment = calls === 0 ? Promise.resolve() : proxy.whenCalled(calls);
  await Promise.race([moment.then(() => sleep(thenMs)), ended]);
  child.kill('SIGKILL');
  return await ended;
}
