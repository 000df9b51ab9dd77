/**
 * A daemon that polls once a second of a simulated clock, in a process of its own, so that what is measured of the
 * process is nobody else's.
 *
 *     a-day-of-polls.ts POLLS SECONDS_BETWEEN_RUNS [leak]
 *
 * Prints a {@link Day} as JSON. With `leak` 60 runs of each list are remembered.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { silentLogger } from '../../src/logging/logger.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { applicationOf } from '../support/memory-source.ts';
import { SimulatedDaemon, simulatedContext } from './simulated-daemon.ts';
import { SimulatedServer, type SimulatedClock } from './simulated-server.ts';

const POLL_SECONDS = 1;
/** What a server keeps; older applications are no longer listed. */
const RETAINED = 200;
const LEAKED_RUNS = 60;

/** What a process takes, in bytes. */
export interface Memory {
  /** Alive after a collection: V8's heap and what it holds outside. */
  readonly used: number;
  /** Of the machine's. */
  readonly resident: number;
}

export interface Day {
  readonly runs: number;
  readonly stored: number;
  readonly afterQuarter: Memory;
  readonly atEnd: Memory;
  /** Timers, sockets and files that were open, and how many more there were at the end. */
  readonly moreHandles: number;
  /** Of the table that says what is done, and its indexes. */
  readonly ledgerBytesPerRun: number;
}

const [polls, every] = process.argv.slice(2, 4).map(Number) as [number, number];
const leaked: unknown[] = [];
const afterPoll = (): void => {
  if (process.argv[4] !== 'leak') return;
  for (let run = 0; run < LEAKED_RUNS; run++) leaked.push(applicationOf(`app-${leaked.length}`, { endsAt: run }));
};
console.log(JSON.stringify(await pollAllDay()));

async function pollAllDay(): Promise<Day> {
  const clock: SimulatedClock = { seconds: 0 };
  const server = new SimulatedServer(clock);
  const folder = mkdtempSync(join(tmpdir(), 'spot-polls-'));
  const path = join(folder, 'spot.sqlite');
  try {
    await using store = await SqliteStore.open({ path }, silentLogger);
    const daemon = new SimulatedDaemon(simulatedContext(server, store, clock));
    let runs = 0;
    const pollUntil = async (last: number): Promise<Memory> => {
      for (; clock.seconds < last; clock.seconds += POLL_SECONDS) {
        for (; runs * every <= clock.seconds; runs++) {
          const endsAt = Math.floor(runs * every);
          server.put(applicationOf(`app-${runs}`, { endsAt }), endsAt);
          server.remove(`app-${runs - RETAINED}`);
        }
        await daemon.poll();
        afterPoll();
        // The test's own memory is not Spot's.
        server.listings.length = server.fetched.length = 0;
      }
      return memoryAfterCollection();
    };

    const afterQuarter = await pollUntil(polls / 4);
    const handles = process.getActiveResourcesInfo().length;
    const atEnd = await pollUntil(polls);
    await daemon.stop();
    return {
      runs,
      stored: (await store.stats()).agg,
      afterQuarter,
      atEnd,
      moreHandles: process.getActiveResourcesInfo().length - handles,
      ledgerBytesPerRun: ledgerBytes(path) / runs,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Pages of the table that the ledger is read from, and of its indexes. */
function ledgerBytes(path: string): number {
  using database = new DatabaseSync(path, { readOnly: true });
  const row = database
    .prepare(
      `SELECT sum(pgsize) AS bytes FROM dbstat
       WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name = 'run')`,
    )
    .get();
  return Number(row?.['bytes']);
}

function memoryAfterCollection(): Memory {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { used: heapUsed + external, resident: rss };
}
