import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startHistoryServer } from '../../scripts/services/history-server.ts';
import { FaultProxy } from '../faults/fault-proxy.ts';
import { inSoak, IS_SOAK } from '../faults/scale.ts';
import { testSeed } from '../faults/test-seed.ts';
import { cloneEventLogs } from '../support/clone-event-logs.ts';
import { Daemon } from '../support/daemon.ts';
import { spotJson } from '../support/run-spot.ts';
import { service } from '../support/services.ts';

const SECONDS = inSoak(7200, 12);
/** A run ends so often, and its log is there at once. */
const SECONDS_BETWEEN_RUNS = 2;
/** While this still fills up, each poll lists and costs more than the one before: it is full when the first quarter ends. */
const HOT_WINDOW_SECONDS = inSoak(SECONDS / 4, 60);
const SAMPLE_SECONDS = inSoak(20, 1);
const MOST_GROWTH = 1.05;
/** What is open just now hangs on what is being read just now. */
const MORE_OPEN_BY_CHANCE = 3;
/** A run that met a login page twice is tried again after three minutes, then after six. */
const LONGEST_CATCHING_UP_MS = 900_000;

/** A run that met a login page waits for minutes, which only hours have. */
const SERVER_FAULTS = { reset: 0.05, 'status-503': 0.05, truncate: 0.02, 'login-page': inSoak(0.01, 0) };
const STORE_FAULTS = { reset: 0.02, 'lost-answer': 0.02, 'status-503': 0.03, 'status-429': 0.02, 'items-429': 0.1 };

/** Of a daemon that has just started it cannot be told. */
const ALSO = IS_SOAK
  ? '; after the first quarter memory is flat within 5 %, and no handle is left open; one that leaks is found'
  : '';

/** What a daemon tells of its process, in bytes and counts. */
interface Sample {
  readonly resident: number;
  readonly openFiles: number;
  readonly activeResources: number;
}

/** A third of what a daemon takes, spread over the test. */
const LEAKED_BYTES_PER_SECOND = Math.round(80_000_000 / SECONDS);
const LEAK = `const kept = []; setInterval(() => kept.push(Buffer.alloc(${LEAKED_BYTES_PER_SECOND}, 1)), 1000).unref()`;
const NODE_OPTIONS = `--import=data:text/javascript;base64,${Buffer.from(LEAK).toString('base64')}`;

describe('e2e: hours of work', function () {
  this.timeout(SECONDS * 1000 + LONGEST_CATCHING_UP_MS + 300_000);
  let started: AsyncDisposableStack;

  beforeEach(() => {
    started = new AsyncDisposableStack();
  });

  afterEach(() => started.disposeAsync());

  it(`R16: in ${SECONDS} s of real time daemons store each run of a History Server and of its event logs, behind faults of the server and of Elasticsearch${ALSO}`, async function () {
    const target = service(this, 'SPOT_TEST_ES_URL');
    service(this, 'SPOT_TEST_SPARK_HOME');
    const seed = testSeed('hours');
    const folder = await mkdtemp(join(tmpdir(), 'spot-hours-'));
    started.defer(() => rm(folder, { recursive: true }));
    const logDir = join(folder, 'logs');
    const firstEnd = new Date();
    const bringLog = (firstNumber: number): Promise<unknown> =>
      cloneEventLogs({ logDir, count: 1, firstNumber, firstEnd, everyMs: SECONDS_BETWEEN_RUNS * 1000 });
    await bringLog(0);
    const conf = { 'spark.history.retainedApplications': '5' };
    const server = started.use(await startHistoryServer({ logDir, expectApplications: 1, conf }));
    const proxy = started.use(await FaultProxy.start({ target: server.url, seed, print: () => undefined }));
    const elasticsearch = started.use(await FaultProxy.start({ target, seed, print: () => undefined }));
    const config = join(folder, 'config.ini');
    await writeFile(
      config,
      `[SPARK_HISTORY served]\napi_base_url = ${proxy.url}/api/v1\n[EVENT_LOGS read]\npath = ${logDir}\n[CRAWLER]\nsleep_seconds = 1\nhot_window_seconds = ${HOT_WINDOW_SECONDS}\n`,
    );
    const suffix = randomBytes(4).toString('hex');
    const indexes = ['raw', 'agg', 'err', 'detail', 'kept'].map((kind) => [
      `SPOT_ELASTICSEARCH_${kind.toUpperCase()}_INDEX`,
      `spot_${kind}_hours_${suffix}`,
    ]);
    const [sqlite, leaking] = ['spot', 'leaking'].map((name) => `sqlite:${join(folder, `${name}.sqlite`)}`);
    const kept: Readonly<Record<string, Watched>> = {
      SQLite: new Watched(config, { SPOT_STORE_URL: sqlite ?? '' }),
      Elasticsearch: new Watched(config, {
        ...(Object.fromEntries(indexes) as Record<string, string>),
        SPOT_STORE_URL: `elasticsearch:${elasticsearch.url}`,
      }),
      'SQLite, leaking': new Watched(config, { SPOT_STORE_URL: leaking ?? '', NODE_OPTIONS }),
    };
    const daemons = Object.values(kept);
    for (const daemon of daemons) started.use(daemon);
    for (const daemon of daemons) await daemon.isUp();
    proxy.follow({ shares: SERVER_FAULTS });
    elasticsearch.follow({ shares: STORE_FAULTS });

    let logs = 1;
    const startedAt = performance.now();
    const passed = (): number => (performance.now() - startedAt) / 1000;
    for (let samples = 0; passed() < SECONDS;) {
      await sleep(100);
      for (; logs * SECONDS_BETWEEN_RUNS < passed(); logs++) await bringLog(logs);
      if (samples * SAMPLE_SECONDS > passed()) continue;
      for (const daemon of daemons) await daemon.sample();
      samples += 1;
    }
    proxy.follow({});
    elasticsearch.follow({});
    for (const [name, { samples }] of Object.entries(kept)) {
      const [before, after] = quartersOf(samples);
      console.log(`      ${name}: ${told(before)}, at the end ${told(after)}`);
    }

    for (const [name, daemon] of Object.entries(kept)) {
      const stored = await daemon.storedWithin(2 * logs, LONGEST_CATCHING_UP_MS);
      expect(stored, name).to.include({ agg: 2 * logs, raw: 2 * logs, err: 0 });
      const { code, stderr } = await daemon.stopped();
      expect(code, `${name}: ${stderr.slice(-2000)}`).to.equal(0);
      if (!IS_SOAK) continue;
      const [before, after] = quartersOf(daemon.samples);
      expect(after.openFiles, `${name}: open files`).to.be.at.most(before.openFiles + MORE_OPEN_BY_CHANCE);
      expect(after.activeResources, `${name}: resources`).to.be.at.most(before.activeResources + MORE_OPEN_BY_CHANCE);
      const growth = after.resident / before.resident;
      if (name.includes('leaking')) expect(growth, name).to.be.above(MOST_GROWTH);
      else expect(growth, name).to.be.below(MOST_GROWTH);
    }
  });
});

/** A daemon that is looked at while it works, and its store. */
class Watched extends Daemon {
  readonly samples: Sample[] = [];
  readonly #config: string;
  readonly #env: Readonly<Record<string, string>>;

  constructor(config: string, env: Readonly<Record<string, string>>) {
    super(config, env);
    const { NODE_OPTIONS: _leak, ...plain } = env;
    this.#config = config;
    this.#env = plain;
  }

  async sample(): Promise<void> {
    const metrics = await this.metrics();
    this.samples.push({
      resident: metrics.valueOf('process_resident_memory_bytes'),
      openFiles: metrics.valueOf('process_open_fds'),
      activeResources: metrics.valueOf('nodejs_active_resources_total'),
    });
  }

  /** What is stored once that are so many runs, or when the time is over. */
  async storedWithin(runs: number, longestMs: number): Promise<object> {
    const endsAt = performance.now() + longestMs;
    for (;;) {
      const stats = (await spotJson(['stats', '--format', 'json', '--config', this.#config], this.#env)) as {
        agg: number;
        err: number;
      };
      if ((stats.agg === runs && stats.err === 0) || performance.now() > endsAt) return stats;
      await sleep(2000);
    }
  }
}

/** Medians of the second quarter of the time, and of the last one. */
function quartersOf(samples: readonly Sample[]): readonly [Sample, Sample] {
  const quarter = Math.floor(samples.length / 4);
  return [medians(samples.slice(quarter, 2 * quarter)), medians(samples.slice(-quarter))];
}

function medians(samples: readonly Sample[]): Sample {
  const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
  return {
    resident: median(samples.map(({ resident }) => resident)),
    openFiles: median(samples.map(({ openFiles }) => openFiles)),
    activeResources: median(samples.map(({ activeResources }) => activeResources)),
  };
}

function told({ resident, openFiles, activeResources }: Sample): string {
  return `${(resident / 1024 ** 2).toFixed(0)} MiB resident, ${openFiles} files open, ${activeResources} resources`;
}
