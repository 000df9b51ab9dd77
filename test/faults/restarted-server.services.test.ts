import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../scripts/services/service-process.ts';
import { startHistoryServer, type RunningHistoryServer } from '../../scripts/services/history-server.ts';
import type { CrawlContext } from '../../src/crawler/crawl-pass.ts';
import { describeWithService } from '../support/describe-with-service.ts';
import { openHistoryServer } from '../support/history-server-fixture.ts';
import { IS_SOAK } from './scale.ts';
import { memoryStore, SimulatedDaemon, simulatedContext, storedRuns } from './simulated-daemon.ts';
import { smallLog } from './small-log.ts';
import { WatermarkCrawler } from './watermark.ts';

const HOUR = 60 * 60;
const DAY = 24 * HOUR;
const APPLICATIONS = 4000;
const KILLS = 10;
/** It takes its time to list them all, and little to replay one: it keeps few of them in memory. */
const CONF = { 'spark.history.fs.numReplayThreads': '1', 'spark.history.retainedApplications': '5' };
/** So many of them are stored between two kills. */
const STORED_BETWEEN = Math.floor(APPLICATIONS / (KILLS + 2));

describeWithService(
  'SPOT_TEST_SPARK_HOME',
  'faults: a real History Server that is killed while it is read',
  function () {
    // Of fewer logs a server that has just started lists all at once.
    if (!IS_SOAK) return;
    let opened: AsyncDisposableStack;

    beforeEach(() => {
      opened = new AsyncDisposableStack();
    });

    afterEach(() => opened.disposeAsync());

    it(`R2: ${APPLICATIONS} applications, the server killed ${KILLS} times and asked as soon as it answers again, while it still reads its folder: all stored; a watermark loses some`, async function () {
      this.timeout(3_600_000);
      const folder = await mkdtemp(join(tmpdir(), 'spot-restarted-'));
      opened.defer(() => rm(folder, { recursive: true, force: true }));
      const ids = Array.from({ length: APPLICATIONS }, (_, number) => `app-${String(number).padStart(5, '0')}`);
      for (const [number, id] of ids.entries())
        await writeFile(join(folder, id), smallLog(id, { startsAt: number * HOUR - 100, endsAt: number * HOUR }));
      const clock = { seconds: APPLICATIONS * HOUR };
      const port = await freePort();
      const start = async (): Promise<RunningHistoryServer> =>
        opened.use(await startHistoryServer({ logDir: folder, port, conf: CONF }));
      const { source } = openHistoryServer(`http://127.0.0.1:${port}/api/v1`, { retries: 0 });
      opened.use(source);
      const store = opened.use(await memoryStore());
      const saved = { count: 0, wanted: Infinity, reached: (): void => undefined };
      const observer: CrawlContext['observer'] = {
        runSaved() {
          if (++saved.count === saved.wanted) saved.reached();
        },
      };
      const daemon = new SimulatedDaemon({ ...simulatedContext(source, store, clock), observer });
      opened.defer(() => daemon.stop());
      const control = new WatermarkCrawler();

      for (let kill = 0; kill < KILLS; kill++) {
        const server = await start();
        await control.poll(source);
        const isTime = new Promise<void>((reached) => {
          Object.assign(saved, { wanted: saved.count + STORED_BETWEEN, reached });
        });
        const killed = isTime.then(() => server.process.kill());
        for (; server.process.isRunning; clock.seconds += 10) await daemon.poll();
        await killed;
        await server[Symbol.asyncDispose]();
      }
      await start();
      for (let poll = 0; poll < 3 || saved.count < APPLICATIONS; poll++, clock.seconds += 10) {
        await daemon.poll();
        await control.poll(source);
        // What failed waits for its next try.
        if (poll % 10 === 9) clock.seconds += DAY;
      }

      expect(await storedRuns(store)).to.deep.equal(ids.map((id) => `${id}/1`));
      expect(saved.count, 'each was read once').to.equal(APPLICATIONS);
      expect((await store.stats()).err).to.equal(0);
      expect(control.stored.size).to.be.below(APPLICATIONS);
    });
  },
);
