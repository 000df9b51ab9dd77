import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CrawlHealth } from '../../src/api/health/crawl-health.ts';
import { CrawlMetrics } from '../../src/api/health/crawl-metrics.ts';
import { allOf, type CrawlObserver } from '../../src/crawler/observer.ts';
import type { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { StoreError } from '../../src/util/errors.ts';
import { applicationOf, sourceFault } from '../support/memory-source.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { inSoak } from './scale.ts';
import { memoryStore, SimulatedDaemon, simulatedContext, storedRuns } from './simulated-daemon.ts';
import { dateOf, SimulatedServer, type SimulatedClock } from './simulated-server.ts';
import { testSeed } from './test-seed.ts';

const CODES = [
  ...readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8').matchAll(/^### ((?:SOURCE|STORE)_\w+)$/gm),
].map(([, code = '']) => code);
const SOURCE_CODES = CODES.filter((code) => code.startsWith('SOURCE_'));
/** The others are about a store that is opened, or a single run. */
const STORE_CODES = CODES.filter(
  (code) => code.startsWith('STORE_') && !/BACKUP|KEPT|REJECTED|DOCUMENT_TOO_LARGE/.test(code),
);

/** A daemon that polls when it is told to, and what it tells of itself. */
class Watched {
  readonly clock: SimulatedClock = { seconds: 10_000 };
  readonly server = new SimulatedServer(this.clock);
  /** Thrown by the next calls of the store that write. */
  storeFault: (() => Error | undefined) | undefined;
  readonly #store: SqliteStore;
  readonly #metrics: CrawlMetrics;
  readonly #health: CrawlHealth;
  readonly #daemon: SimulatedDaemon;
  #runs = 0;

  constructor(store: SqliteStore, heard: (observer: CrawlObserver) => CrawlObserver = (observer) => observer) {
    const now = (): Date => dateOf(this.clock);
    const clusters = [this.server.cluster];
    this.#store = store;
    this.#health = new CrawlHealth({ clusters, silentAfterSeconds: 1800, now });
    this.#metrics = new CrawlMetrics({ clusters, health: this.#health, version: '1', now, withProcess: false });
    const observer = heard(allOf([this.#health, this.#metrics]));
    const context = simulatedContext(this.server, this.#failing(store), this.clock);
    this.#daemon = new SimulatedDaemon({ ...context, observer });
  }

  /** A run that has just ended: the next poll must find it. */
  addRun(): string {
    const id = `app-${String(this.#runs++).padStart(5, '0')}`;
    this.server.put(applicationOf(id, { endsAt: this.clock.seconds }));
    return id;
  }

  async poll(): Promise<void> {
    await this.#daemon.poll();
    this.clock.seconds += 10;
  }

  /** The codes for which `/health/ready` answers 503. */
  problems(): string[] {
    return this.#health.readiness().problems.map(({ code }) => code);
  }

  /** The sum of a metric over the label sets that have this text in them. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await this.#metrics.registry.metrics();
    return text
      .split('\n')
      .filter((line) => new RegExp(`^${name}(\\{|\\s)`).test(line) && line.includes(labels))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** Ready, and nothing parked or queued: whoever looks sees that all is well. */
  async isAllGreen(): Promise<boolean> {
    const [ready, parked, queued] = [
      await this.metric('spot_ready'),
      await this.metric('spot_runs_parked'),
      await this.metric('spot_runs_queued'),
    ];
    return ready === 1 && parked === 0 && queued === 0 && this.problems().length === 0;
  }

  /** Runs that ended and are not stored. */
  async missing(): Promise<string[]> {
    const stored = new Set(await storedRuns(this.#store));
    return Array.from({ length: this.#runs }, (_, number) => `app-${String(number).padStart(5, '0')}`).filter(
      (id) => !stored.has(id),
    );
  }

  stop(): Promise<void> {
    return this.#daemon.stop();
  }

  #failing(store: SqliteStore): Store {
    const writes = new Set(['saveRuns', 'readLedger', 'saveErrors', 'clearErrors']);
    return new Proxy<Store>(store, {
      get: (target, property) => {
        const value: unknown = Reflect.get(target, property, target);
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]): unknown => {
          const fault = writes.has(String(property)) ? this.storeFault?.() : undefined;
          return fault === undefined ? Reflect.apply(value, target, args) : Promise.reject(fault);
        };
      },
    });
  }
}

describe('R24: what the daemon tells of itself', function () {
  this.timeout(inSoak(1_800_000, 60_000));

  for (const code of SOURCE_CODES) {
    it(`${code}: shows within two polls by its code, and is over two polls after it is`, async () => {
      await using store = await memoryStore();
      const watched = new Watched(store);
      watched.addRun();
      await watched.poll();
      await watched.poll();
      expect(await watched.isAllGreen(), 'before').to.equal(true);

      watched.addRun();
      watched.server.onCall = (call) => {
        if (call === 'list') throw sourceFault(code);
      };
      await watched.poll();
      await watched.poll();
      expect(watched.problems()).to.deep.equal([code]);
      expect(await watched.metric('spot_ready')).to.equal(0);
      expect(await watched.metric('spot_source_up')).to.equal(0);
      expect(await watched.metric('spot_store_up')).to.equal(1);
      expect(await watched.metric('spot_source_errors_total', `code="${code}"`)).to.be.at.least(1);
      const [error] = await Array.fromAsync(store.findErrors({}));
      expect(error?.spot.error.code).to.equal(code);

      watched.server.onCall = () => undefined;
      await watched.poll();
      await watched.poll();
      expect(await watched.isAllGreen(), 'after').to.equal(true);
      expect(await watched.missing()).to.deep.equal([]);
      await watched.stop();
    });
  }

  for (const code of STORE_CODES) {
    it(`${code}: shows within two polls by its code, and is over two polls after it is`, async () => {
      await using store = await memoryStore();
      const watched = new Watched(store);
      watched.addRun();
      await watched.poll();
      await watched.poll();
      expect(await watched.isAllGreen(), 'before').to.equal(true);

      watched.addRun();
      watched.storeFault = () => new StoreError(code, 'made by the test');
      await watched.poll();
      await watched.poll();
      expect(watched.problems()).to.deep.equal([code]);
      expect(await watched.metric('spot_ready')).to.equal(0);
      expect(await watched.metric('spot_store_up')).to.equal(0);
      expect(await watched.metric('spot_source_up')).to.equal(1);
      expect(await watched.metric('spot_store_errors_total', `code="${code}"`)).to.be.at.least(1);

      watched.storeFault = undefined;
      await watched.poll();
      await watched.poll();
      expect(await watched.isAllGreen(), 'after').to.equal(true);
      expect(await watched.missing()).to.deep.equal([]);
      await watched.stop();
    });
  }

  it('a store that is waited for shows while the poll still waits', async () => {
    await using store = await memoryStore();
    const watched = new Watched(store);
    await watched.poll();
    await watched.poll();
    watched.addRun();
    watched.storeFault = () => new StoreError('STORE_UNAVAILABLE', 'made by the test', { retryable: true });

    const polling = watched.poll();
    while (watched.problems().length === 0) await sleep(10);
    expect(watched.problems()).to.deep.equal(['STORE_UNAVAILABLE']);
    expect(await watched.metric('spot_store_up')).to.equal(0);

    watched.storeFault = undefined;
    await polling;
    await watched.poll();
    expect(await watched.isAllGreen()).to.equal(true);
    await watched.stop();
  });

  for (const code of ['SOURCE_SERVER_ERROR', 'SOURCE_UNAUTHORIZED', 'EVENT_LOG_DAMAGED', 'EVENT_LOG_GAP']) {
    it(`${code} of one run: it is parked by this code within two polls, and no longer when it is stored`, async () => {
      await using store = await memoryStore();
      const watched = new Watched(store);
      const bad = watched.addRun();
      watched.addRun();
      watched.server.onCall = (call, id) => {
        if (call === 'fetch' && id === bad) throw sourceFault(code);
      };
      await watched.poll();
      await watched.poll();
      expect(await watched.metric('spot_runs_parked', `code="${code}"`)).to.equal(1);
      expect(await watched.metric('spot_run_errors_total', `code="${code}"`)).to.be.at.least(1);
      expect(await watched.isAllGreen()).to.equal(false);
      expect(await watched.missing()).to.deep.equal([bad]);

      watched.server.onCall = () => undefined;
      for (let poll = 0; poll < 400 && !(await watched.isAllGreen()); poll++) await watched.poll();
      expect(await watched.missing()).to.deep.equal([]);
      await watched.stop();
    });
  }

  /** Random faults, poll after poll. @returns polls after which all was green though a run was missing */
  async function greenWhileLosing(
    seed: number,
    polls: number,
    heard?: (observer: CrawlObserver) => CrawlObserver,
  ): Promise<{ lies: number; green: number }> {
    const random = seededRandom(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;
    await using store = await memoryStore();
    const watched = new Watched(store, heard);
    let [lies, green] = [0, 0];
    for (let poll = 0; poll < polls; poll++) {
      for (let ended = Math.floor(random() * 4); ended > 0; ended--) watched.addRun();
      const [isListFault, fetchFaults, isStoreFault] = [random() < 0.2, random() < 0.05 ? 0.3 : 0, random() < 0.2];
      watched.server.onCall = (call) => {
        if (call === 'list' ? isListFault : random() < fetchFaults) throw sourceFault(pick(SOURCE_CODES));
      };
      watched.storeFault = () =>
        isStoreFault && random() < 0.5 ? new StoreError(pick(STORE_CODES), 'made by the test') : undefined;
      await watched.poll();
      watched.storeFault = undefined;
      if (!(await watched.isAllGreen())) continue;
      green += 1;
      if ((await watched.missing()).length > 0) lies += 1;
    }
    await watched.stop();
    return { lies, green };
  }

  const polls = inSoak(10_000, 500);
  it(`is never all green while a run is missing, over ${polls} polls with random faults of source, runs and store`, async () => {
    // Ten daemons: one that has to wait for a run that failed often is not green again for hours.
    const seed = testSeed('signals');
    let green = 0;
    for (let daemon = 0; daemon < 10; daemon++) {
      const told = await greenWhileLosing(seed + daemon, polls / 10);
      expect(told.lies, `seed ${seed + daemon}`).to.equal(0);
      green += told.green;
    }

    // Else nothing was shown.
    expect(green).to.be.above(polls / 20);
  });

  it('negative control: where nobody hears of a store that failed, all is green while runs are missing', async () => {
    const { lies } = await greenWhileLosing(1, 300, (observer) => ({ ...observer, storeFailed: () => undefined }));

    expect(lies).to.be.above(0);
  });
});
