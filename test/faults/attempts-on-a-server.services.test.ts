import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startHistoryServer, type RunningHistoryServer } from '../../scripts/services/history-server.ts';
import type { CrawlContext } from '../../src/crawler/crawl-pass.ts';
import type { RunSource } from '../../src/sources/run-source.ts';
import type { ApplicationInfo } from '../../src/spark/rest.ts';
import type { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { describeWithService } from '../support/describe-with-service.ts';
import { openHistoryServer } from '../support/history-server-fixture.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { around } from './around.ts';
import { AttemptLogs } from './attempt-logs.ts';
import {
  actualRuns,
  END_ATTEMPT,
  END_OLD_ATTEMPT,
  expectedRuns,
  KILL_DRIVER,
  START_ATTEMPT,
  type Runs,
  type Truth,
} from './attempt-truth.ts';
import { IS_SOAK, inSoak } from './scale.ts';
import { memoryStore, SimulatedDaemon, simulatedContext } from './simulated-daemon.ts';
import type { SimulatedClock } from './simulated-server.ts';
import { testSeed } from './test-seed.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const HISTORIES = inSoak(200, 10);
const APPLICATIONS_OF_EACH = 2;
const ROUNDS = inSoak(16, 5);
/** The rounds at whose beginning the server is killed; its next start takes as long as all else here. */
const RESTARTS = new Set(IS_SOAK ? [4, 8, 12] : []);
/** Replaying one takes the server a tenth of the time when it keeps few of them in memory. */
const CONF = { 'spark.history.retainedApplications': '5' };
/** The server looks at its folder each second. */
const SCANNED_MS = 1300;

/** Each as likely as the others; starts and ends more often, as in life. */
const CHANGES = [START_ATTEMPT, START_ATTEMPT, END_ATTEMPT, END_ATTEMPT, KILL_DRIVER, END_OLD_ATTEMPT];
const LATE = [0, 0, 0, 0, 30 * MINUTE, 3 * DAY, 20 * DAY];

/** Spot's daemon on the server, what the server told it at its last poll, and which reading failed then. */
class WatchedDaemon {
  readonly store: SqliteStore;
  readonly #context: CrawlContext;
  readonly #told = new Map<string, ApplicationInfo>();
  readonly #failed = new Set<string>();
  #daemon: SimulatedDaemon;

  private constructor(
    source: RunSource,
    store: SqliteStore,
    clock: SimulatedClock,
    settings: Partial<CrawlContext['settings']>,
  ) {
    this.store = store;
    const told = this.#told;
    const watched = around(source, {
      async *listApplications(window, options) {
        for await (const application of source.listApplications(window, options)) {
          told.set(application.id, application);
          yield application;
        }
      },
    });
    const observer: CrawlContext['observer'] = {
      runFailed: ({ appId }) => {
        this.#failed.add(appId);
      },
    };
    this.#context = { ...simulatedContext(watched, store, clock, settings), observer };
    this.#daemon = new SimulatedDaemon(this.#context);
  }

  static async start(
    source: RunSource,
    clock: SimulatedClock,
    settings: Partial<CrawlContext['settings']> = {},
  ): Promise<WatchedDaemon> {
    return new WatchedDaemon(source, await memoryStore(), clock, settings);
  }

  /** One poll; after it no attempt counts as the final one of which Spot could know better. */
  async poll(): Promise<void> {
    this.#told.clear();
    this.#failed.clear();
    await this.#daemon.poll();
    for await (const { id, attempt, isFinalAttempt } of this.store.findAggregates({})) {
      const [newest] = this.#told.get(id)?.attempts ?? [];
      if (newest === undefined || !isFinalAttempt || !attempt.completed || this.#failed.has(id)) continue;
      expect(attempt.attemptId, `the final attempt of ${id}`).to.equal(newest.attemptId);
    }
  }

  /** With nothing but its store. */
  async restart(): Promise<void> {
    await this.#daemon.stop();
    this.#daemon = new SimulatedDaemon(this.#context);
  }

  async stop(): Promise<void> {
    await this.#daemon.stop();
    await this.store[Symbol.asyncDispose]();
  }
}

describeWithService('SPOT_TEST_SPARK_HOME', 'faults: attempts on a real History Server', function () {
  let opened: AsyncDisposableStack;
  let folder: string;
  let server: RunningHistoryServer;

  beforeEach(async function () {
    this.timeout(60_000);
    opened = new AsyncDisposableStack();
    folder = await mkdtemp(join(tmpdir(), 'spot-attempts-'));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    server = await startHistoryServer({ logDir: folder, conf: CONF });
    opened.defer(() => server[Symbol.asyncDispose]());
  });

  afterEach(() => opened.disposeAsync());

  it(`R4: after ${HISTORIES} random histories of attempts, ${RESTARTS.size > 0 ? `the server killed ${RESTARTS.size} times, ` : ''}the store holds what is true, each attempt once; a daemon without its daily sweep does not`, async function () {
    this.timeout(inSoak(3_600_000, 120_000));
    const random = seededRandom(testSeed('attempts on a server'));
    const drawn = <T>(some: readonly T[]): T => some[Math.floor(random() * some.length)]!;
    // Of the cluster and of Spot; the server only ever sees the times that stand in the logs.
    const clock: SimulatedClock = { seconds: 100 * DAY };
    const truth: Truth = { now: clock.seconds, applications: new Map() };
    const wait = (seconds: number): void => {
      truth.now += seconds;
      clock.seconds = truth.now;
    };
    const logs = new AttemptLogs(folder);
    const { source } = openHistoryServer(server.apiUrl, { retries: 1 });
    opened.use(source);
    const daemon = await WatchedDaemon.start(source, clock);
    opened.defer(() => daemon.stop());
    const never = { warm_every_seconds: 1e9, cold_every_seconds: 1e9 };
    const control = await WatchedDaemon.start(source, clock, never);
    opened.defer(() => control.stop());
    const poll = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time++) {
        await daemon.poll();
        await control.poll();
        wait(10);
      }
    };
    /** What happened to each application, for whoever has to find out why. */
    const told = new Map<string, string[]>();

    for (let round = 0; round < ROUNDS; round++) {
      if (RESTARTS.has(round)) {
        await server.process.kill();
        await poll(1);
        const { port } = server;
        await server[Symbol.asyncDispose]();
        // It answers while it is still reading its folder.
        server = await startHistoryServer({ logDir: folder, port, conf: CONF });
        await poll(2);
      }
      for (let app = 0; app < HISTORIES * APPLICATIONS_OF_EACH; app++) {
        const id = `app-${String(Math.floor(app / APPLICATIONS_OF_EACH)).padStart(3, '0')}-${app % APPLICATIONS_OF_EACH}`;
        const attempts = truth.applications.get(id) ?? [];
        const { title, applies, run } = drawn(CHANGES);
        const late = drawn(LATE);
        if (!applies(attempts)) continue;
        run(attempts, truth.now);
        truth.applications.set(id, attempts);
        logs.know(id, attempts, truth.now + late);
        told.set(id, [...(told.get(id) ?? []), `${truth.now}: ${title} it (late ${late} s)`]);
      }
      wait(drawn([1, MINUTE, HOUR, DAY, 8 * DAY]));
      await logs.write(truth);
      if (random() < 0.7) await sleep(SCANNED_MS);
      if (random() < 0.15) await daemon.restart();
      await poll(1 + Math.floor(random() * 2));
    }
    // What failed is read after all, and two lists are equal: what comes now comes late, and nothing else happens.
    await sleep(SCANNED_MS);
    wait(DAY);
    await poll(4);
    truth.applications.set('app-latest', [{ startsAt: truth.now - HOUR, endsAt: truth.now - 1, isKilled: false }]);
    logs.know('app-latest', truth.applications.get('app-latest') ?? [], truth.now + 20 * DAY);
    wait(21 * DAY);
    await logs.write(truth);
    await untilListed(source, truth);
    await poll(3);
    wait(DAY);
    await poll(3);

    const expected = expectedRuns(truth);
    const [actual, ofControl] = [await actualRuns(daemon.store), await actualRuns(control.store)];
    const wrong = differences(actual, expected).map(
      (run) => `${run}: ${told.get(run.replace(/\/.*/, ''))?.join(', ')}`,
    );
    expect(wrong, wrong.join('\n')).to.deep.equal([]);
    expect(actual).to.deep.equal(expected);
    expect(Object.keys(expected)).to.have.length.above(HISTORIES);
    expect(differences(ofControl, expected)).to.include('app-latest/1');
  });
});

/** The runs that one knows otherwise than the other, or not at all. */
function differences(actual: Runs, expected: Runs): string[] {
  const runs = new Set([...Object.keys(actual), ...Object.keys(expected)]);
  return [...runs].filter((run) => JSON.stringify(actual[run]) !== JSON.stringify(expected[run]));
}

/** The server has read all logs that there are: then what is missing in the end is not its fault. */
async function untilListed(source: RunSource, { applications }: Truth): Promise<void> {
  const wanted = [...applications]
    .filter(([, attempts]) => attempts.length > 0)
    .map(([id, attempts]) => `${id}: ${attempts.map(({ endsAt }) => endsAt !== undefined).join(' ')}`)
    .sort();
  const deadline = Date.now() + 60_000;
  for (;;) {
    const listed = (await Array.fromAsync(source.listApplications({}))).map(
      ({ id, attempts }) =>
        `${id}: ${attempts
          .map(({ completed }) => completed)
          .reverse()
          .join(' ')}`,
    );
    if (listed.sort().join() === wanted.join()) return;
    if (Date.now() > deadline) expect(listed.sort()).to.deep.equal(wanted);
    await sleep(200);
  }
}
