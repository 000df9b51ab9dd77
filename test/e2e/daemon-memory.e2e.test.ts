import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startHistoryServer } from '../../scripts/services/history-server.ts';
import { inSoak } from '../faults/scale.ts';
import { cloneEventLogs } from '../support/clone-event-logs.ts';
import { Daemon } from '../support/daemon.ts';
import { service } from '../support/services.ts';

/** Runs before the first look, in which everything has been done at least once, and runs between it and the second. */
const WARM_UP_RUNS = inSoak(500, 60);
const RUNS = inSoak(1500, 100);
/** In a short run, code that V8 compiled in the meantime is a part of what is in use. */
const MOST_BYTES = inSoak(4096, 16_384);
const LEAKED_BYTES = 2 * MOST_BYTES;
const LONGEST_MS = inSoak(1_800_000, 300_000);

/**
 * In the daemon, before Spot: tells what is in use once all garbage is gone, whenever it gets SIGUSR2.
 */
const PROBE = `
  import { renameSync, writeFileSync } from 'node:fs';
  import { setFlagsFromString } from 'node:v8';
  import { runInNewContext } from 'node:vm';
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  process.on('SIGUSR2', () => {
    for (let i = 0; i < 4; i++) collect();
    const { heapUsed, external } = process.memoryUsage();
    writeFileSync(process.env.SPOT_TEST_IN_USE + '.part', String(heapUsed + external));
    renameSync(process.env.SPOT_TEST_IN_USE + '.part', process.env.SPOT_TEST_IN_USE);
  });`;
/** Of each document that is written it keeps something. */
const LEAK = `
  const { stringify } = JSON;
  const kept = [];
  JSON.stringify = (...args) => {
    const text = stringify(...args);
    if (text?.length > 10_000) kept.push(Buffer.alloc(${LEAKED_BYTES}, 1));
    return text;
  };`;

const preload = (...modules: readonly string[]): string =>
  modules.map((text) => `--import=data:text/javascript;base64,${Buffer.from(text).toString('base64')}`).join(' ');

describe('e2e: what a daemon keeps', function () {
  this.timeout(2 * LONGEST_MS);
  let started: AsyncDisposableStack;
  let folder: string;
  let logDir: string;
  let config: string;

  beforeEach(async () => {
    started = new AsyncDisposableStack();
    folder = await mkdtemp(join(tmpdir(), 'spot-keeps-'));
    started.defer(() => rm(folder, { recursive: true }));
    logDir = join(folder, 'logs');
    config = join(folder, 'config.ini');
  });
  afterEach(() => started.disposeAsync());

  /** Bytes that the daemon has more in use for each run that it stored. */
  async function bytesPerRun(sources: string, perLog: number, env: Readonly<Record<string, string>>): Promise<number> {
    await writeFile(config, `${sources}\n[CRAWLER]\nsleep_seconds = 1\n`);
    const inUse = join(folder, 'in-use');
    const daemon = started.use(new Daemon(config, { ...env, SPOT_TEST_IN_USE: inUse }));
    await daemon.isUp();
    const usedAfter = async (logs: number): Promise<number> => {
      await waitFor(async () => (await daemon.metrics()).valueOf('spot_runs_stored_total') >= logs * perLog);
      // What looks after what was stored has its turn, too.
      await sleep(3000);
      daemon.signal('SIGUSR2');
      let used = 0;
      await waitFor(async () => (used = Number(await readFile(inUse, 'utf8'))) > 0);
      await rm(inUse);
      return used;
    };
    const before = await usedAfter(WARM_UP_RUNS);
    await bringLogs(WARM_UP_RUNS, RUNS);
    const after = await usedAfter(WARM_UP_RUNS + RUNS);
    const { code, stderr } = await daemon.stopped();
    expect(code, stderr.slice(-2000)).to.equal(0);
    const bytes = (after - before) / (RUNS * perLog);
    console.log(`      ${(before / 1024 ** 2).toFixed(1)} MiB in use, ${bytes.toFixed(0)} bytes more for each run`);
    return bytes;
  }

  const bringLogs = (firstNumber: number, count: number): Promise<unknown> =>
    cloneEventLogs({ logDir, count, firstNumber, firstEnd: new Date(Date.now() - 600_000), everyMs: 1 });

  const stores = {
    SQLite: () => ({ SPOT_STORE_URL: `sqlite:${join(folder, 'spot.sqlite')}` }),
    Elasticsearch: (url: string) => ({
      SPOT_STORE_URL: `elasticsearch:${url}`,
      ...Object.fromEntries(
        ['raw', 'agg', 'err', 'detail', 'kept'].map((kind) => [
          `SPOT_ELASTICSEARCH_${kind.toUpperCase()}_INDEX`,
          `spot_${kind}_keeps_${randomBytes(4).toString('hex')}`,
        ]),
      ),
    }),
  };
  for (const [name, storeOf] of Object.entries(stores)) {
    it(`R16 ${name}: for each of ${RUNS} runs of a History Server and of its event logs, at most ${MOST_BYTES} bytes`, async function () {
      service(this, 'SPOT_TEST_SPARK_HOME');
      const env = storeOf(service(this, 'SPOT_TEST_ES_URL'));
      await bringLogs(0, WARM_UP_RUNS);
      const conf = { 'spark.history.retainedApplications': '5' };
      const server = started.use(await startHistoryServer({ logDir, expectApplications: WARM_UP_RUNS, conf }));
      const sources = `[SPARK_HISTORY served]\napi_base_url = ${server.url}/api/v1\n[EVENT_LOGS read]\npath = ${logDir}`;

      expect(await bytesPerRun(sources, 2, { ...env, NODE_OPTIONS: preload(PROBE) })).to.be.below(MOST_BYTES);
    });
  }

  it(`negative control: ${LEAKED_BYTES} bytes kept for each run are found`, async () => {
    await bringLogs(0, WARM_UP_RUNS);
    const env = { ...stores.SQLite(), NODE_OPTIONS: preload(PROBE, LEAK) };

    expect(await bytesPerRun(`[EVENT_LOGS read]\npath = ${logDir}`, 1, env)).to.be.above(MOST_BYTES);
  });
});

async function waitFor(isTrue: () => Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + LONGEST_MS;
  while (!(await isTrue().catch(() => false))) {
    if (performance.now() > endsAt) throw new Error('It has not come to that in time');
    await sleep(200);
  }
}
