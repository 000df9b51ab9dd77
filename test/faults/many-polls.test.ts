import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { silentLogger } from '../../src/logging/logger.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { applicationOf } from '../support/memory-source.ts';
import { inSoak, IS_SOAK } from './scale.ts';
import { SimulatedDaemon, simulatedContext } from './simulated-daemon.ts';
import { SimulatedServer, type SimulatedClock } from './simulated-server.ts';

const POLL_SECONDS = 1;
/** What a server keeps; older applications are no longer listed. */
const RETAINED = 200;
const MOST_GROWTH = 1.05;
const MOST_LEDGER_BYTES = 1024;

/** What a process takes, in bytes. */
interface Memory {
  /** Alive after a collection: V8's heap and what it holds outside. */
  readonly used: number;
  /** Of the machine's. */
  readonly resident: number;
}

interface Day {
  readonly runs: number;
  readonly stored: number;
  readonly afterQuarter: Memory;
  readonly atEnd: Memory;
  /** Timers, sockets and files that were open, and how many more there were at the end. */
  readonly moreHandles: number;
  /** Of the table that says what is done, and its indexes. */
  readonly ledgerBytesPerRun: number;
}

describe('faults: a day of polls', function () {
  this.timeout(inSoak(14_400_000, 60_000));

  /** Polls once a second of a simulated clock; `afterPoll` is given what was listed. */
  async function pollFor(polls: number, every: number, afterPoll: (server: SimulatedServer) => void): Promise<Day> {
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
          afterPoll(server);
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

  const polls = inSoak(86_400, 1_200);
  const every = inSoak(1.5, 2);
  it(`R16: ${polls} polls, with a new run each ${every} s: all stored, memory flat within 5 % after the first quarter, at most 1 KiB of ledger for each`, async () => {
    const { runs, stored, afterQuarter, atEnd, moreHandles, ledgerBytesPerRun } = await pollFor(
      polls,
      every,
      () => undefined,
    );

    console.log(
      `      after a quarter ${inMegabytes(afterQuarter)}, at the end ${inMegabytes(atEnd)}, ledger ${Math.round(ledgerBytesPerRun)} bytes for each of ${runs} runs`,
    );
    expect(stored).to.equal(runs);
    expect(atEnd.used / afterQuarter.used, `${afterQuarter.used} bytes, then ${atEnd.used}`).to.be.below(MOST_GROWTH);
    // In a short run what V8 has not given back yet is more than what Spot takes.
    if (IS_SOAK) expect(atEnd.resident / afterQuarter.resident).to.be.below(MOST_GROWTH);
    expect(moreHandles).to.be.at.most(0);
    expect(ledgerBytesPerRun).to.be.within(1, MOST_LEDGER_BYTES);
  });

  it('negative control: remembering 60 runs of each list makes memory grow by more than 5 %', async () => {
    const remembered: unknown[] = [];

    const { afterQuarter, atEnd } = await pollFor(600, 2, (server) => {
      remembered.push(
        ...Array.from({ length: 60 }, () =>
          applicationOf(`app-${remembered.length}`, { endsAt: server.listings.length }),
        ),
      );
    });

    expect(atEnd.used / afterQuarter.used).to.be.above(MOST_GROWTH);
    expect(remembered).to.have.length(60 * 600);
  });
});

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

function inMegabytes({ used, resident }: Memory): string {
  const [usedMb, residentMb] = [used, resident].map((bytes) => (bytes / 1024 ** 2).toFixed(1));
  return `${usedMb} MiB in use (${residentMb} resident)`;
}
