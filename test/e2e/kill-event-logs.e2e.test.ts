import { expect } from 'chai';
import type { Context } from 'mocha';
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { AggregateDocument } from '../../src/documents/documents.ts';
import { FaultProxy } from '../faults/fault-proxy.ts';
import { inSoak } from '../faults/scale.ts';
import { testSeed } from '../faults/test-seed.ts';
import { cloneEventLogs, type ClonedAttempt } from '../support/clone-event-logs.ts';
import { plainEnvironment, runSpot, spotEnded, spotJson, startSpot, type SpotEnded } from '../support/run-spot.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { service } from '../support/services.ts';

const APPLICATIONS = inSoak(500, 100);
/** One application of ten has two. */
const ATTEMPTS = APPLICATIONS + APPLICATIONS / 10;
const LIVES = inSoak(100, 10);
/** So many logs a life reads at most: fewer than come for it, so that nearly all of the ends come in the middle of work. */
const MOST_LOGS = 4;
/** Share of the ends that come while the process starts: it opens the store, makes its tables, lists. */
const WHILE_STARTING = 0.15;
const LONGEST_START_MS = 1000;
/** Between two logs, where what was read is aggregated and written. */
const LONGEST_PAUSE_MS = 40;
/** A life that has nothing left to read ends all the same. */
const LONGEST_LIFE_MS = 15_000;
/** Of the ends; the others are kill -9. */
const SIGTERMS = 0.2;
/** Of the logs: they are first seen half written. */
const GROWING = 0.3;
const STORE_FAULTS = { reset: 0.02, 'lost-answer': 0.02, 'status-503': 0.03, 'status-429': 0.02, 'items-429': 0.1 };

const UNAVAILABLE = 69;
const NAIVE = fileURLToPath(new URL('../faults/naive-log-reader.ts', import.meta.url));

/** A store under fire may end a life before anybody does; it begins again, so often in a row. */
const MOST_STARTS = 10;

interface Place {
  readonly store: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly refresh: () => Promise<void>;
}

describe('e2e: kill -9 while event logs come in', function () {
  this.timeout(inSoak(14_400_000, 300_000));
  const started = new AsyncDisposableStack();
  let folder: string;
  let staged: string;
  let manifest: readonly ClonedAttempt[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-kill-logs-'));
    started.defer(() => rm(folder, { recursive: true }));
    staged = join(folder, 'staged');
    manifest = await cloneEventLogs({
      logDir: staged,
      count: APPLICATIONS,
      attempts: (number) => (number % 10 === 3 ? 2 : 1),
      // They end while the test runs: so the daemon looks for them at each poll.
      firstEnd: new Date(Date.now() - 3_600_000),
      everyMs: 1000,
    });
  });

  after(() => started.disposeAsync());

  async function exported(kind: string, { store, env }: Pick<Place, 'store' | 'env'>): Promise<AggregateDocument[]> {
    const documents = await spotJson(['export', '--doc', kind, '--format', 'json', ...store], env);
    return (documents as AggregateDocument[]).sort((a, b) => (runOf(a) < runOf(b) ? -1 : 1));
  }

  /** Writes the next logs into the folder, in the middle of others that are completed now. */
  async function bringLogs(
    logs: string,
    some: readonly ClonedAttempt[],
    random: () => number,
  ): Promise<() => Promise<void>> {
    const complete: (() => Promise<void>)[] = [];
    for (const { file, endTime } of some) {
      const whole = await readFile(join(staged, file));
      const put = async (name: string, bytes: Buffer): Promise<void> => {
        await writeFile(join(logs, name), bytes);
        if (endTime !== undefined) await utimes(join(logs, name), endTime, endTime);
      };
      if (random() >= GROWING) {
        await put(file, whole);
        continue;
      }
      const growing = `${file}.inprogress`;
      await writeFile(join(logs, growing), whole.subarray(0, Math.floor(whole.length * random())));
      complete.push(async () => {
        await put(growing, whole);
        await rename(join(logs, growing), join(logs, file));
      });
    }
    return async () => {
      for (const one of complete) await one();
    };
  }

  const suffix = randomBytes(4).toString('hex');
  const stores: Readonly<Record<string, (context: Context, seed: number) => Promise<Place>>> = {
    sqlite: () =>
      Promise.resolve({
        store: ['--store', `sqlite:${join(folder, 'killed.sqlite')}`],
        env: {},
        refresh: () => Promise.resolve(),
      }),
    elasticsearch: async (context, seed) => {
      const target = service(context, 'SPOT_TEST_ES_URL');
      const proxy = started.use(await FaultProxy.start({ target, seed, print: () => undefined }));
      proxy.follow({ shares: STORE_FAULTS });
      return {
        store: ['--store', `elasticsearch:${proxy.url}`],
        env: Object.fromEntries(
          ['raw', 'agg', 'err', 'detail', 'kept'].map((kind) => [
            `SPOT_ELASTICSEARCH_${kind.toUpperCase()}_INDEX`,
            `spot_${kind}_kill_logs_${suffix}`,
          ]),
        ),
        refresh: async () => {
          proxy.follow({});
          await fetch(`${target}/spot_*_kill_logs_${suffix}/_refresh`, { method: 'POST' });
        },
      };
    },
  };

  /** Lets logs come in while one process after the other is ended; tells how often in the midst of reading. */
  async function endedAgainAndAgain(
    logs: string,
    random: () => number,
    start: () => ChildProcessWithoutNullStreams,
    judge: (ended: SpotEnded, isAsked: boolean, tookMs: number) => void,
  ): Promise<{ readonly kills: number; readonly midways: number }> {
    let [kills, midways] = [0, 0];
    let completeOlder = (): Promise<void> => Promise.resolve();
    for (let life = 0; life < LIVES; life++) {
      const some = manifest.slice((life * ATTEMPTS) / LIVES, ((life + 1) * ATTEMPTS) / LIVES);
      const completeNewer = await bringLogs(logs, some, random);
      const [mostLogs, isStarting, where] = [1 + Math.floor(random() * MOST_LOGS), random() < WHILE_STARTING, random()];
      const isAsked = random() < SIGTERMS;
      for (let starts = 1; ; starts++) {
        const child = start();
        const ended = spotEnded(child);
        const logsRead = readByThen(child, mostLogs);
        await completeOlder();
        completeOlder = () => Promise.resolve();
        const isMidway = !isStarting && (await Promise.race([logsRead, endsOrIdles(ended)]));
        await sleep(where * (isMidway ? LONGEST_PAUSE_MS : isStarting ? LONGEST_START_MS : 0));
        const asked = performance.now();
        child.kill(isAsked ? 'SIGTERM' : 'SIGKILL');
        const end = await ended;
        judge(end, isAsked, performance.now() - asked);
        if (end.signal === null && end.code === UNAVAILABLE && starts < MOST_STARTS) continue;
        if (end.signal === 'SIGKILL') kills += 1;
        if (isMidway) midways += 1;
        break;
      }
      completeOlder = completeNewer;
    }
    await completeOlder();
    return { kills, midways };
  }

  for (const [name, open] of Object.entries(stores)) {
    it(`R1, R20 ${name}: ${LIVES} times while ${ATTEMPTS} logs come in, some half written at first, one in five by SIGTERM: each attempt is stored once, as of logs that are all there`, async function () {
      const seed = testSeed(`kills over event logs, ${name}`);
      const place = await open(this, seed);
      const { store, env, refresh } = place;
      const [logs, config] = [join(folder, `logs-${name}`), join(folder, `${name}.ini`)];
      await mkdir(logs);
      await writeFile(config, `[EVENT_LOGS]\npath = ${logs}\n[CRAWLER]\nsleep_seconds = 0.1\nbatch_runs = 4\n`);
      const configured = [...store, '--config', config];

      const { kills, midways } = await endedAgainAndAgain(
        logs,
        seededRandom(seed),
        () => startSpot(['crawl', ...configured, '--log-level', 'debug'], env),
        ({ code, signal, stderr }, isAsked, tookMs) => {
          if (isAsked) expect(tookMs, 'time to end').to.be.below(10_000);
          // Node itself ends by SIGTERM while it still loads the program; a store that cannot be asked at the start ends
          // a life before anybody does.
          const isFine = isAsked ? signal === 'SIGTERM' || code === 0 : signal === 'SIGKILL';
          expect(isFine || code === UNAVAILABLE, `ended with ${code}: ${stderr}`).to.equal(true);
        },
      );
      await refresh();
      const last = await runSpot(['crawl', '--once', ...configured], env);

      expect(last.code, last.stderr).to.equal(0);
      expect(kills).to.be.above(LIVES / 3);
      expect(midways, 'ends in the middle of reading').to.be.above(LIVES / 3);
      await refresh();
      const documents = await exported('agg', place);
      expect(documents.map(runOf)).to.deep.equal(
        manifest.map(({ id, attemptId }) => `${id}/${attemptId ?? ''}`).sort(),
      );
      expect(await spotJson(['stats', '--format', 'json', ...store], env)).to.include({
        raw: ATTEMPTS,
        agg: ATTEMPTS,
        detail: ATTEMPTS,
        err: 0,
      });
      const [report] = (await spotJson(['verify', '--format', 'json', ...configured], env)) as readonly unknown[];
      expect(report).to.deep.include({ listed: ATTEMPTS, stored: ATTEMPTS, findings: [] });
      // What a reading stores that nothing happens to.
      const undisturbed = { store: ['--store', `sqlite:${join(folder, `undisturbed-${name}.sqlite`)}`], env: {} };
      const once = await runSpot(['crawl', '--once', ...undisturbed.store, '--config', config]);
      expect(once.code, once.stderr).to.equal(0);
      expect(documents.map(withoutMoment)).to.deep.equal((await exported('agg', undisturbed)).map(withoutMoment));
    });
  }

  it(`negative control: a reader that remembers a log before it has stored it has all ${ATTEMPTS} when they are all there, and loses some that come in`, async () => {
    /** Reads to the end, and tells how many logs it has stored by then. */
    const storedBy = async (logs: string, place: string): Promise<number> => {
      await spotEnded(startNaive(logs, place));
      return new Set((await readFile(join(place, 'stored'), 'utf8')).trim().split('\n')).size;
    };
    const [calm, rough, logs] = [join(folder, 'calm'), join(folder, 'rough'), join(folder, 'logs-naive')];
    for (const one of [calm, rough, logs]) await mkdir(one);

    const start = (): ChildProcessWithoutNullStreams => startNaive(logs, rough);
    await endedAgainAndAgain(logs, seededRandom(testSeed('kills of a naive reader')), start, () => undefined);

    expect(await storedBy(staged, calm)).to.equal(ATTEMPTS);
    expect(await storedBy(logs, rough)).to.be.below(ATTEMPTS);
  });
});

/** Fulfilled with false when the process ends by itself, or has had enough time. */
function endsOrIdles(ended: Promise<unknown>): Promise<false> {
  return Promise.race([sleep(LONGEST_LIFE_MS, false as const, { ref: false }), ended.then(() => false as const)]);
}

function startNaive(logs: string, place: string): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, ['--no-warnings', NAIVE, logs, place], { env: plainEnvironment() });
  child.stdin.end();
  return child;
}

/** Fulfilled when Spot has said that it read so many logs. */
async function readByThen(child: ChildProcessWithoutNullStreams, logs: number): Promise<true> {
  let said = '';
  return await new Promise((resolve) => {
    child.stderr.on('data', (chunk: string) => {
      said += chunk;
      if (said.split('Event log replayed.').length > logs) resolve(true);
    });
  });
}

function runOf({ id, attempt }: AggregateDocument): string {
  return `${id}/${attempt.attemptId ?? ''}`;
}

/** What two readings of the same log cannot have in common. */
function withoutMoment(document: AggregateDocument): unknown {
  const { time_processed: _time, revision: _revision, ...spot } = document.spot;
  return { ...document, spot };
}
