import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import { verifySource } from '../../src/crawler/verify.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { ElasticsearchStore } from '../../src/store/elasticsearch/elasticsearch-store.ts';
import { ask, removeIndexes, settingsFor } from '../store/elasticsearch/test-server.ts';
import { describeWithService } from '../support/describe-with-service.ts';
import { applicationOf, MemorySource, sourceFault } from '../support/memory-source.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { inSoak } from './scale.ts';
import { SimulatedDaemon, simulatedContext, storedRuns } from './simulated-daemon.ts';
import { dateOf, SimulatedServer, type SimulatedClock } from './simulated-server.ts';
import { testSeed } from './test-seed.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
const NEVER = new AbortController().signal;

function name(number: number): string {
  return `app-${String(number).padStart(5, '0')}`;
}

/** What the tests beside this one show on SQLite, on the other store: the ledger is read by id there, and searched a second later. */
describeWithService('SPOT_TEST_ES_URL', 'faults: crawled into Elasticsearch', function (url) {
  let suffix: string;
  let store: ElasticsearchStore;

  beforeEach(async () => {
    suffix = randomUUID();
    store = await ElasticsearchStore.open(settingsFor(url, suffix), silentLogger);
    await store.prepare();
  });

  afterEach(async () => {
    await store[Symbol.asyncDispose]();
    await removeIndexes(url, suffix);
  });

  const refresh = (): Promise<unknown> => ask(url, 'POST', `/spot_*_${suffix}/_refresh`);

  const applications = inSoak(4000, 300);
  it(`R2: ${applications} applications and 10 restarts of a server that first lists the newest 2 %: all stored, once`, async function () {
    this.timeout(inSoak(1_800_000, 60_000));
    const clock: SimulatedClock = { seconds: YEAR };
    const names = Array.from({ length: applications }, (_, number) => name(number));
    const server = new SimulatedServer(clock);
    for (const [number, id] of names.entries()) server.put(applicationOf(id, { endsAt: number * HOUR }));
    const daemon = new SimulatedDaemon(simulatedContext(server, store, clock));

    for (let restart = 0; restart < 10; restart++) {
      server.restart(applications * 0.02, applications * 0.1);
      // In the middle of reading, the server goes away: first a run in flight fails, then the list.
      let callsLeft = applications / 20;
      server.onCall = () => {
        callsLeft -= 1;
        if (callsLeft <= 0 && callsLeft > -5) throw sourceFault('SOURCE_UNAVAILABLE');
      };
      for (let poll = 0; poll < 4; poll++, clock.seconds += 10) await daemon.poll();
    }
    server.onCall = () => undefined;
    for (let poll = 0; poll < 30; poll++, clock.seconds += 10) await daemon.poll();
    await daemon.stop();

    await refresh();
    expect(await storedRuns(store)).to.deep.equal(names);
    expect(await store.stats()).to.include({ agg: applications, raw: applications, err: 0 });
  });

  const late = inSoak(1000, 60);
  it(`R3: ${late} logs that arrive 1 min to 365 d after their end: all stored, within a day`, async function () {
    this.timeout(inSoak(1_800_000, 60_000));
    const random = seededRandom(testSeed('late logs, Elasticsearch'));
    const clock: SimulatedClock = { seconds: YEAR };
    const server = new SimulatedServer(clock);
    const arrivals = new Map<string, number>();
    for (let number = 0; number < late; number++) {
      const arrivesAt = YEAR + DAY + Math.floor(random() * DAY);
      const delay = Math.floor(MINUTE * (YEAR / MINUTE) ** random());
      server.put(applicationOf(name(number), { endsAt: arrivesAt - delay }), arrivesAt);
      arrivals.set(name(number), arrivesAt);
    }
    const storedAt = new Map<string, number>();
    const observer = { runSaved: ({ appId }: { appId: string }) => storedAt.set(appId, clock.seconds) };
    const daemon = new SimulatedDaemon({ ...simulatedContext(server, store, clock), observer });

    const every = 15 * MINUTE;
    for (; clock.seconds <= YEAR + 3 * DAY + HOUR; clock.seconds += every) await daemon.poll();
    await daemon.stop();

    await refresh();
    expect(await storedRuns(store)).to.deep.equal([...arrivals.keys()]);
    for (const [id, arrivesAt] of arrivals) expect(storedAt.get(id)! - arrivesAt, id).to.be.at.most(DAY + every);
  });

  const both = inSoak(500, 100);
  it(`R5: two servers with ${both} identical application ids make ${2 * both} documents, each with the numbers of its own`, async function () {
    this.timeout(inSoak(900_000, 60_000));
    const [north, south] = [new MemorySource('north'), new MemorySource('south')];
    const ids = Array.from({ length: both }, (_, number) => name(number));
    north.applications = ids.map((id, number) => applicationOf(id, { endsAt: 100 + number }));
    south.applications = ids.map((id, number) => applicationOf(id, { startsAt: 0, endsAt: 200 + number }));

    await crawlOnce(
      [north, south].map((source) => simulatedContext(source, store, { seconds: 10_000 })),
      { signal: NEVER },
    );

    await refresh();
    expect(await store.stats()).to.include({ raw: 2 * both, agg: 2 * both, err: 0 });
    const durations = async (cluster: string): Promise<(number | undefined)[]> =>
      (await Array.fromAsync(store.findAggregates({ cluster }, { order: 'oldest-first' }))).map(
        ({ attempt }) => attempt.duration,
      );
    expect(await durations('north')).to.deep.equal(ids.map(() => 100_000));
    expect(await durations('south')).to.deep.equal(ids.map((_, number) => (200 + number) * 1000));
  });

  it('R22: spot verify finds each of 20 losses among 400 runs, and nothing else', async function () {
    this.timeout(inSoak(900_000, 60_000));
    const random = seededRandom(testSeed('R22, Elasticsearch'));
    const clock = { seconds: YEAR };
    const source = new MemorySource('main');
    const all = Array.from({ length: 400 }, (_, number) => applicationOf(name(number), { endsAt: number + 1 }));
    const chosen = new Set<number>();
    while (chosen.size < 20) chosen.add(Math.floor(random() * all.length));
    const planted = [...chosen].map((index, position) => ({
      index,
      what: (['missing', 'stale', 'unreadable'] as const)[position % 3] ?? 'missing',
    }));
    const isPlanted = (number: number, what: string): boolean =>
      planted.some((one) => one.index === number && one.what === what);
    source.applications = all.filter((_, number) => !isPlanted(number, 'missing'));
    source.onCall = (_call, id) => {
      if (isPlanted(Number(id.slice(4)), 'unreadable')) throw sourceFault('SOURCE_SERVER_ERROR');
    };
    await crawlOnce([simulatedContext(source, store, clock)], { signal: NEVER });
    source.applications = all.map((application, number) =>
      isPlanted(number, 'stale')
        ? applicationOf(application.id, { endsAt: number + 1, lastUpdatedAt: number + 50 })
        : application,
    );
    await refresh();

    const report = await verifySource(source, store, { now: dateOf(clock), settleSeconds: 0, orphanAfterHours: 0 });

    expect(report.findings.map(({ discrepancy, run }) => `${discrepancy} ${run}`).sort()).to.deep.equal(
      planted.map(({ index, what }) => `${what} ${name(index)}`).sort(),
    );
  });
});
