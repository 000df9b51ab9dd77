import { expect } from 'chai';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { silentLogger } from '../../src/logging/logger.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { applicationOf } from '../support/memory-source.ts';
import { inSoak } from './scale.ts';
import { SimulatedDaemon, simulatedContext } from './simulated-daemon.ts';
import { SimulatedServer, type SimulatedClock } from './simulated-server.ts';

const POLL_SECONDS = 1;
/** What a server keeps; older applications are no longer listed. */
const RETAINED = 200;

describe('faults: a day of polls', function () {
  this.timeout(inSoak(14_400_000, 60_000));

  const polls = inSoak(86_400, 1_200);
  const every = inSoak(1.5, 2);
  it(`R16: ${polls} polls, with a new run each ${every} s: all stored, memory flat within 5 % after the first quarter`, async () => {
    const clock: SimulatedClock = { seconds: 0 };
    const server = new SimulatedServer(clock);
    const folder = mkdtempSync(join(tmpdir(), 'spot-polls-'));
    const path = join(folder, 'spot.sqlite');
    {
      await using store = await SqliteStore.open({ path }, silentLogger);
      const daemon = new SimulatedDaemon(simulatedContext(server, store, clock));
      let runs = 0;
      const pollUntil = async (last: number): Promise<number> => {
        for (; clock.seconds < last; clock.seconds += POLL_SECONDS) {
          for (; runs * every <= clock.seconds; runs++) {
            const endsAt = Math.floor(runs * every);
            server.put(applicationOf(`app-${runs}`, { endsAt }), endsAt);
            server.remove(`app-${runs - RETAINED}`);
          }
          await daemon.poll();
          // The test's own memory is not Spot's.
          server.listings.length = server.fetched.length = 0;
        }
        return usedAfterCollection();
      };

      const afterQuarter = await pollUntil(polls / 4);
      const handles = process.getActiveResourcesInfo().length;
      const atEnd = await pollUntil(polls);
      await daemon.stop();

      expect((await store.stats()).agg).to.equal(runs);
      expect(atEnd / afterQuarter, `${afterQuarter} bytes, then ${atEnd}`).to.be.below(1.05);
      expect(process.getActiveResourcesInfo().length).to.be.at.most(handles);
    }
    expect(statSync(path).size).to.be.greaterThan(0);
    rmSync(folder, { recursive: true });
  });
});

/** Bytes that are alive: V8's heap and what it holds outside. */
function usedAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
