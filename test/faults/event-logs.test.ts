import { expect } from 'chai';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultsOf } from '../../src/config/section.ts';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { eventLogsSection } from '../../src/sources/event-log/config.ts';
import { EventLogSource } from '../../src/sources/event-log/event-log-source.ts';
import { START } from '../support/memory-source.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { inSoak } from './scale.ts';
import { memoryStore, SimulatedDaemon, simulatedContext, storedRuns } from './simulated-daemon.ts';
import type { SimulatedClock } from './simulated-server.ts';
import { testSeed } from './test-seed.ts';
import { WatermarkCrawler } from './watermark.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;
const NEVER = new AbortController().signal;
const LOG = readFileSync(new URL('../fixtures/event-logs/codecs/app', import.meta.url), 'utf8');

/** A log of a real Spark that says it is of this application, and when that was, in seconds after {@link START}. */
function logOf(appId: string, startsAt: number, endsAt: number): string {
  const at = (seconds: number): string => String(START + seconds * 1000);
  return LOG.replaceAll('local-1426533911241', appId)
    .replace(/("SparkListenerApplicationStart".*?"Timestamp":)\d+/, (_, before: string) => before + at(startsAt))
    .replace(/("SparkListenerApplicationEnd","Timestamp":)\d+/, (_, before: string) => before + at(endsAt));
}

function name(number: number): string {
  return `app-${String(number).padStart(5, '0')}`;
}

describe('faults: event logs of two clusters, and event logs that come late', function () {
  this.timeout(inSoak(3_600_000, 120_000));
  let folder: string;
  let opened: AsyncDisposableStack;

  beforeEach(async () => {
    opened = new AsyncDisposableStack();
    folder = await mkdtemp(join(tmpdir(), 'spot-late-logs-'));
    opened.defer(() => rm(folder, { recursive: true }));
  });

  afterEach(() => opened.disposeAsync());

  async function sourceOf(cluster: string): Promise<{ source: EventLogSource; path: string }> {
    const path = join(folder, cluster);
    await mkdir(path);
    const settings = { ...defaultsOf(eventLogsSection), path, cluster };
    return { source: opened.use(await EventLogSource.open(settings, { logger: silentLogger })), path };
  }

  const both = inSoak(500, 50);
  it(`R5: two folders with ${both} identical application ids make ${2 * both} documents, each with the numbers of its own`, async () => {
    const [north, south] = [await sourceOf('north'), await sourceOf('south')];
    const ids = Array.from({ length: both }, (_, number) => name(number));
    for (const [number, id] of ids.entries()) {
      await writeFile(join(north.path, id), logOf(id, 0, 100 + number));
      await writeFile(join(south.path, id), logOf(id, 0, 5000 + number));
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
        await writeFile(join(path, next.id), logOf(next.id, endsAt - 100, endsAt));
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
});
