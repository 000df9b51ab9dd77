import { expect } from 'chai';
import { applicationOf, sourceFault, START } from '../support/memory-source.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { inSoak } from './scale.ts';
import { memoryStore, SimulatedDaemon, simulatedContext, storedRuns } from './simulated-daemon.ts';
import { SimulatedServer, type SimulatedClock } from './simulated-server.ts';
import { testSeed } from './test-seed.ts';
import { WatermarkCrawler } from './watermark.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** `app-00042`, so that the order of names is the order of numbers. */
function name(number: number): string {
  return `app-${String(number).padStart(5, '0')}`;
}

describe('faults: lists that are partial, late or in another time', function () {
  this.timeout(inSoak(600_000, 60_000));

  const restarts = 10;
  const applications = 4000;
  it(`R2: ${applications} applications and ${restarts} restarts of a server that first lists the newest 2 %: all stored; a watermark loses 90 %`, async () => {
    const clock: SimulatedClock = { seconds: YEAR };
    const names = Array.from({ length: applications }, (_, number) => name(number));
    const serverWithAll = (): SimulatedServer => {
      const server = new SimulatedServer(clock);
      for (const [number, id] of names.entries()) server.put(applicationOf(id, { endsAt: number * HOUR }));
      server.restart(applications * 0.02, applications * 0.1);
      return server;
    };
    const server = serverWithAll();
    await using store = await memoryStore();
    const daemon = new SimulatedDaemon(simulatedContext(server, store, clock));

    for (let restart = 0; restart < restarts; restart++) {
      // In the middle of reading, the server goes away: first a run in flight fails, then the list.
      let callsLeft = applications / restarts / 2;
      server.onCall = () => {
        callsLeft -= 1;
        if (callsLeft <= 0 && callsLeft > -5) throw sourceFault('SOURCE_UNAVAILABLE');
      };
      for (let poll = 0; poll < 4; poll++, clock.seconds += 10) await daemon.poll();
      server.restart(applications * 0.02, applications * 0.1);
    }
    server.onCall = () => undefined;
    for (let poll = 0; poll < 30; poll++, clock.seconds += 10) await daemon.poll();
    await daemon.stop();
    const control = new WatermarkCrawler();
    const controlServer = serverWithAll();
    for (let poll = 0; poll < 40; poll++) await control.poll(controlServer);

    expect(await storedRuns(store)).to.deep.equal(names);
    expect((await store.stats()).err).to.equal(0);
    expect(control.stored.size).to.be.below(applications * 0.1);
  });

  const late = 1000;
  it(`R3: ${late} logs that arrive 1 min to 365 d after their end: stored at the next poll when 2 h late, within the hour when 7 d, within the day else`, async () => {
    const seed = testSeed('late logs');
    const random = seededRandom(seed);
    const clock: SimulatedClock = { seconds: YEAR };
    const server = new SimulatedServer(clock);
    const logs = Array.from({ length: late }, (_, number) => {
      const arrivesAt = YEAR + DAY + Math.floor(random() * 2 * DAY);
      // As many of minutes as of months: the logarithm of the delay is drawn.
      const delay = Math.floor(MINUTE * (YEAR / MINUTE) ** random());
      server.put(applicationOf(name(number), { endsAt: arrivesAt - delay }), arrivesAt);
      return { id: name(number), arrivesAt, delay };
    });
    await using store = await memoryStore();
    const storedAt = new Map<string, number>();
    const observer = { runSaved: ({ appId }: { appId: string }) => storedAt.set(appId, clock.seconds) };
    const daemon = new SimulatedDaemon({ ...simulatedContext(server, store, clock), observer });
    const control = new WatermarkCrawler();

    const every = 5 * MINUTE;
    for (; clock.seconds <= YEAR + 4 * DAY + HOUR; clock.seconds += every) {
      await daemon.poll();
      await control.poll(server);
    }
    await daemon.stop();

    expect(await storedRuns(store)).to.deep.equal(logs.map(({ id }) => id));
    for (const { id, arrivesAt, delay } of logs) {
      const longest = delay < 2 * HOUR - every ? every : delay < 7 * DAY - HOUR - every ? HOUR + every : DAY + every;
      expect(storedAt.get(id)! - arrivesAt, `seed ${seed}: ${id}, ${delay} s late`).to.be.at.most(longest);
    }
    expect(control.stored.size, 'a watermark loses them').to.be.below(late / 2);
  });

  it('R25: jumps of the clock by a day, ends in the future and in 1969 miss no run and make no poll busier', async () => {
    const clock: SimulatedClock = { seconds: YEAR };
    const server = new SimulatedServer(clock);
    server.put(applicationOf('in 400 days', { endsAt: YEAR + 400 * DAY }));
    server.put(applicationOf('in 1969', { startsAt: -57 * YEAR - 100, endsAt: -57 * YEAR }));
    await using store = await memoryStore();
    const daemon = new SimulatedDaemon(simulatedContext(server, store, clock));
    const control = new WatermarkCrawler();
    const truth = ['in 1969', 'in 400 days'];
    let number = 0;

    for (const jump of [0, DAY, -DAY, -DAY, DAY, HOUR, -HOUR, 0]) {
      // The clock of Spot jumps; the world, whose runs end, goes on from where it was.
      clock.seconds += jump;
      const id = name(number++);
      server.put(applicationOf(id, { endsAt: clock.seconds - jump }));
      truth.push(id);
      for (let poll = 0; poll < 12; poll++, clock.seconds += 10 * MINUTE) {
        await daemon.poll();
        await control.poll(server);
      }
    }
    await daemon.stop();

    expect(await storedRuns(store)).to.deep.equal(truth.sort());
    expect(server.fetched, 'each run is read once').to.have.length(truth.length);
    expect(control.stored.size, 'an end in the future blinds a watermark').to.be.below(truth.length);
  });

  it('R25: where clocks are put forward or back by an hour, the same windows are asked for and each run is read once', async () => {
    /** Six hours around a moment, a run each ten minutes, on a machine in this zone. */
    const pollAround = async (moment: string, zone: string) => {
      process.env['TZ'] = zone;
      const clock: SimulatedClock = { seconds: (Date.parse(moment) - START) / 1000 - 3 * HOUR };
      const server = new SimulatedServer(clock);
      await using store = await memoryStore();
      const daemon = new SimulatedDaemon(simulatedContext(server, store, clock));
      for (let poll = 0; poll < 36; poll++, clock.seconds += 10 * MINUTE) {
        server.put(applicationOf(name(poll), { endsAt: clock.seconds }));
        await daemon.poll();
      }
      await daemon.stop();
      const windows = server.listings.map(({ endedAfter }) => endedAfter?.getTime());
      return { windows, fetched: server.fetched, stored: await storedRuns(store) };
    };
    const zoneBefore = process.env['TZ'];
    try {
      // 2:00 becomes 3:00; 2:00 becomes 1:00.
      for (const moment of ['2027-03-14T07:00:00Z', '2027-11-07T06:00:00Z']) {
        const inNewYork = await pollAround(moment, 'America/New_York');
        expect(new Date(Date.parse(moment) + HOUR * 1000).getTimezoneOffset()).to.not.equal(
          new Date(Date.parse(moment) - HOUR * 1000).getTimezoneOffset(),
        );

        expect(inNewYork).to.deep.equal(await pollAround(moment, 'UTC'));
        expect(inNewYork.fetched).to.deep.equal(Array.from({ length: 36 }, (_, number) => name(number)));
        expect(inNewYork.stored).to.deep.equal(inNewYork.fetched);
      }
    } finally {
      if (zoneBefore === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zoneBefore;
    }
  });

  it('R25: a run that failed while the clock was a day ahead is tried again when it is right again', async () => {
    const clock: SimulatedClock = { seconds: YEAR + DAY };
    const server = new SimulatedServer(clock);
    server.put(applicationOf('unlucky', { endsAt: YEAR - HOUR }));
    server.onCall = (call) => {
      if (call === 'fetch') throw sourceFault('SOURCE_SERVER_ERROR');
    };
    await using store = await memoryStore();
    const daemon = new SimulatedDaemon(simulatedContext(server, store, clock));
    await daemon.poll();
    server.onCall = () => undefined;

    clock.seconds -= DAY;
    for (let poll = 0; poll < 10; poll++, clock.seconds += MINUTE) await daemon.poll();
    await daemon.stop();

    expect(await storedRuns(store)).to.deep.equal(['unlucky']);
  });
});
