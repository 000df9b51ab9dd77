import { expect } from 'chai';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultsOf } from '../../src/config/section.ts';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import type { ErrorDocument } from '../../src/documents/documents.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { eventLogsSection } from '../../src/sources/event-log/config.ts';
import { EventLogSource } from '../../src/sources/event-log/event-log-source.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { hashOfAggregates } from './hash-of-aggregates.ts';
import { inSoak } from './scale.ts';
import { memoryStore, SimulatedDaemon, simulatedContext, storedRuns } from './simulated-daemon.ts';
import type { SimulatedClock } from './simulated-server.ts';
import { smallLog } from './small-log.ts';
import { testSeed } from './test-seed.ts';
import {
  complaintsAbout,
  MOST_TRIES_A_DAY,
  spotsDaemon,
  stubbornCrawler,
  watchDays,
  type Crawler,
  type Days,
} from './watched-days.ts';
import { WatermarkCrawler } from './watermark.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
const NEVER = new AbortController().signal;
function name(number: number): string {
  return `app-${String(number).padStart(5, '0')}`;
}

describe('faults: event logs of two clusters, late, damaged, in any order', function () {
  this.timeout(inSoak(3_600_000, 120_000));
  let folder: string;
  let opened: AsyncDisposableStack;

  beforeEach(async () => {
    opened = new AsyncDisposableStack();
    folder = await mkdtemp(join(tmpdir(), 'spot-late-logs-'));
    opened.defer(() => rm(folder, { recursive: true }));
  });

  afterEach(() => opened.disposeAsync());

  async function sourceOf(cluster: string, threads = 0): Promise<{ source: EventLogSource; path: string }> {
    const path = join(folder, cluster);
    await mkdir(path);
    const settings = { ...defaultsOf(eventLogsSection), path, cluster, threads };
    return { source: opened.use(await EventLogSource.open(settings, { logger: silentLogger })), path };
  }

  const both = inSoak(500, 50);
  it(`R5: two folders with ${both} identical application ids make ${2 * both} documents, each with the numbers of its own`, async () => {
    const [north, south] = [await sourceOf('north'), await sourceOf('south')];
    const ids = Array.from({ length: both }, (_, number) => name(number));
    for (const [number, id] of ids.entries()) {
      await writeFile(join(north.path, id), smallLog(id, { startsAt: 0, endsAt: 100 + number }));
      await writeFile(join(south.path, id), smallLog(id, { startsAt: 0, endsAt: 5000 + number }));
    }
    await using store = await memoryStore();

    await crawlOnce(
      [north, south].map(({ source }) => simulatedContext(source, store, { seconds: 10_000 })),
      { signal: NEVER },
    );

    expect(await store.stats()).to.include({ agg: 2 * both, err: 0 });
    for (const [cluster, first] of [
      ['north', 100],
      ['south', 5000],
    ] as const) {
      const documents = await Array.fromAsync(store.findAggregates({ cluster }, { order: 'oldest-first' }));
      expect(documents.map(({ id }) => id)).to.deep.equal(ids);
      expect(documents.map(({ attempt }) => attempt.duration)).to.deep.equal(ids.map((_, n) => (first + n) * 1000));
    }
  });

  const late = inSoak(1000, 60);
  it(`R3: ${late} logs that are uploaded 1 min to 365 d after their end: stored at the next poll when 2 h late, within the hour when 7 d, within the day else`, async () => {
    const seed = testSeed('late event logs');
    const random = seededRandom(seed);
    const clock: SimulatedClock = { seconds: YEAR };
    const { source, path } = await sourceOf('main');
    const logs = Array.from({ length: late }, (_, number) => {
      const arrivesAt = YEAR + DAY + Math.floor(random() * 2 * DAY);
      // As many of minutes as of months: the logarithm of the delay is drawn.
      const delay = Math.floor(MINUTE * (YEAR / MINUTE) ** random());
      return { id: name(number), arrivesAt, delay };
    });
    const waiting = logs.toSorted((a, b) => a.arrivesAt - b.arrivesAt);
    await using store = await memoryStore();
    const storedAt = new Map<string, number>();
    const observer = { runSaved: ({ appId }: { appId: string }) => storedAt.set(appId, clock.seconds) };
    const daemon = new SimulatedDaemon({ ...simulatedContext(source, store, clock), observer });
    const control = new WatermarkCrawler();

    const every = 5 * MINUTE;
    for (; clock.seconds <= YEAR + 4 * DAY + HOUR; clock.seconds += every) {
      for (let next = waiting[0]; next !== undefined && next.arrivesAt <= clock.seconds; next = waiting[0]) {
        waiting.shift();
        const endsAt = next.arrivesAt - next.delay;
        await writeFile(join(path, next.id), smallLog(next.id, { startsAt: endsAt - 100, endsAt }));
      }
      await daemon.poll();
      await control.poll(source);
    }
    await daemon.stop();

    // Each is the first attempt of its application.
    expect(await storedRuns(store)).to.deep.equal(logs.map(({ id }) => `${id}/1`));
    for (const { id, arrivesAt, delay } of logs) {
      const longest = delay < 2 * HOUR - every ? every : delay < 7 * DAY - HOUR - every ? HOUR + every : DAY + every;
      expect(storedAt.get(id)! - arrivesAt, `seed ${seed}: ${id}, ${delay} s late`).to.be.at.most(longest);
    }
    expect(control.stored.size, 'a watermark loses them').to.be.below(late / 2);
  });

  /** Logs come in for some days; one of fifty lacks a file in its middle, or none. */
  async function logsForDays(runs: number, share: 0.02 | 0, crawler: Crawler): Promise<Days> {
    const clock: SimulatedClock = { seconds: YEAR };
    const { source, path } = await sourceOf(`days-${(clusters += 1)}`);
    const bring = async (id: string, endsAt: number, isBad: boolean): Promise<void> => {
      const log = smallLog(id, { startsAt: endsAt - 100, endsAt });
      if (!isBad) {
        await writeFile(join(path, id), log);
        return;
      }
      const rolling = join(path, `eventlog_v2_${id}_1`);
      const middle = log.indexOf('\n', log.length / 2) + 1;
      await mkdir(rolling);
      await writeFile(join(rolling, `appstatus_${id}_1`), '');
      await writeFile(join(rolling, `events_1_${id}_1`), log.slice(0, middle));
      await writeFile(join(rolling, `events_3_${id}_1`), log.slice(middle));
    };
    const options = {
      runs,
      days: inSoak(3, 1.1),
      pollSeconds: 10 * MINUTE,
      isBad: (number: number) => share > 0 && number % 50 === 25,
      badAnswerSeconds: inSoak(20, 60),
    };
    return await watchDays({ clock, source, bring }, options, crawler);
  }
  let clusters = 0;

  const damaged = inSoak(1000, 100);
  it(`R13: 2 % of ${damaged} logs lack a file for ever: the others are stored as soon as without them, each bad one is tried at most ${MOST_TRIES_A_DAY} times a day and has one error document; whoever tries at each poll, or reads nothing past them, is found out`, async () => {
    const errors: ErrorDocument[] = [];
    const clean = await logsForDays(damaged, 0, spotsDaemon([]));
    const days = await logsForDays(damaged, 0.02, spotsDaemon(errors));
    const eager = await logsForDays(100, 0.02, spotsDaemon([], { retry_delay_seconds: 0 }));
    const stuck = await logsForDays(100, 0.02, stubbornCrawler);

    expect(complaintsAbout(days, clean)).to.deep.equal([]);
    expect(errors.map(({ spot }) => spot.spark_app_id).sort()).to.deep.equal([...days.tries.keys()]);
    for (const { spot } of errors) {
      const count = days.tries.get(spot.spark_app_id)?.length;
      expect(spot.error, spot.spark_app_id).to.include({ code: 'EVENT_LOG_GAP', count });
    }
    expect(complaintsAbout(eager, clean)).to.include('a bad one is tried too often');
    expect(complaintsAbout(stuck, clean)).to.include.members(['a bad one is tried too often', 'others are lost']);
  });

  const [orders, runs] = [inSoak(50, 4), inSoak(100, 20)];
  it(`R19: ${orders} orders in which ${runs} logs were written, under other names, read by 1 to 4 threads, make the same documents; one that ends a second later is noticed`, async () => {
    const random = seededRandom(testSeed('orders of event logs'));
    /** A hash of what is stored of the logs, written in an order that is drawn. */
    const hashOfOrder = async (order: number, endOf: (number: number) => number): Promise<string> => {
      const { source, path } = await sourceOf(`order-${order}`, 1 + (order % 4));
      const drawn = Array.from({ length: runs }, (_, number) => ({ number, at: random() })).sort((a, b) => a.at - b.at);
      for (const { number, at } of drawn) {
        const file = join(path, String(at).slice(2));
        await writeFile(file, smallLog(name(number), { startsAt: 0, endsAt: endOf(number) }));
        // The same log, whenever and under whichever name it was written.
        await utimes(file, YEAR, YEAR);
      }
      await using store = await memoryStore();
      await crawlOnce([simulatedContext(source, store, { seconds: 10_000 })], { signal: NEVER });
      expect((await store.stats()).agg).to.equal(runs);
      return await hashOfAggregates(store);
    };
    const hashes = new Set<string>();

    for (let order = 0; order < orders; order++) hashes.add(await hashOfOrder(order, (number) => 100 + number));
    const other = await hashOfOrder(orders, (number) => 100 + number + Number(number === 7));

    expect([...hashes]).to.have.length(1);
    expect([...hashes]).to.not.include(other);
  });
});
