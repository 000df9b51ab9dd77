import { expect } from 'chai';
import { applicationOf, sourceFault } from '../support/memory-source.ts';
import { inSoak } from './scale.ts';
import { memoryStore, SimulatedDaemon, simulatedContext, storedRuns } from './simulated-daemon.ts';
import { SimulatedServer, type SimulatedClock } from './simulated-server.ts';

const DAY = 24 * 60 * 60;
const DAYS = inSoak(3, 1.1);
const POLL_SECONDS = inSoak(60, 120);

describe('faults: runs that can never be read', function () {
  this.timeout(inSoak(3_600_000, 30_000));

  /** Polls for some days while runs end evenly; one of a hundred may be poison. Tells who was stored how late. */
  async function crawlForDays(runs: number, isPoisonous: (number: number) => boolean) {
    const clock: SimulatedClock = { seconds: 0 };
    const server = new SimulatedServer(clock);
    const good: string[] = [];
    const tries = new Map<string, number[]>();
    for (let number = 0; number < runs; number++) {
      const id = `${isPoisonous(number) ? 'bad' : 'good'}-${String(number).padStart(6, '0')}`;
      const endsAt = Math.floor((number * DAY) / runs);
      server.put(applicationOf(id, { endsAt }), endsAt);
      if (isPoisonous(number)) tries.set(id, []);
      else good.push(id);
    }
    server.onCall = (call, id) => {
      if (call === 'list' || !tries.has(id)) return;
      tries.get(id)?.push(clock.seconds);
      throw sourceFault('SOURCE_SERVER_ERROR');
    };
    const delays: number[] = [];
    const observer = {
      runSaved: (_key: unknown, endTimeEpoch: number) =>
        delays.push(simulatedContext(server, store, clock).now().getTime() - endTimeEpoch),
    };
    await using store = await memoryStore();
    const daemon = new SimulatedDaemon({ ...simulatedContext(server, store, clock), observer });
    for (; clock.seconds < DAYS * DAY; clock.seconds += POLL_SECONDS) await daemon.poll();
    await daemon.stop();
    const errors = await Array.fromAsync(store.findErrors({}));
    return { stored: await storedRuns(store), good, tries, errors, p95: percentile(delays, 0.95) };
  }

  const runs = inSoak(10_000, 500);
  it(`R13: 1 % of ${runs} runs answers 500 for ever: the others are stored as soon as without them, each bad one is tried at most 10 times a day and has one error document`, async () => {
    const clean = await crawlForDays(runs, () => false);
    const { stored, good, tries, errors, p95 } = await crawlForDays(runs, (number) => number % 100 === 50);

    expect(stored).to.deep.equal(good);
    expect(p95).to.be.at.most(1.2 * clean.p95);
    expect(errors.map(({ spot }) => spot.spark_app_id).sort()).to.deep.equal([...tries.keys()].sort());
    for (const [id, times] of tries) {
      const most = Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + DAY).length));
      expect(most, `tries of ${id} in the worst 24 hours`).to.be.within(1, 10);
      expect(errors.find(({ spot }) => spot.spark_app_id === id)?.spot.error).to.include({
        code: 'SOURCE_SERVER_ERROR',
        count: times.length,
      });
    }
  });
});

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}
