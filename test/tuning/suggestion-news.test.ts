import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Spot } from '../../src/app/spot.ts';
import { suggestionNews } from '../../src/app/suggestion-news.ts';
import type { Observation } from '../../src/alerts/observation.ts';
import { runSpot } from '../support/run-spot.ts';
import { GIB, START } from './sessions.ts';
import { trueMs, type Truth } from './simulated-application.ts';
import { writeRunLog } from './write-run-log.ts';

const TRUTH: Truth = {
  serialMs: 5000,
  workMs: 2_000_000,
  taskMs: 20,
  memoryNeed: 0,
  spillFactor: 1,
  leastMib: 0,
  noise: 0,
};

describe('app/suggestion-news', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spot-suggestion-news-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** The application was run twice on each number of executors, the last one newest. */
  async function newsAfter(executors: readonly number[]): Promise<Observation | undefined> {
    const store = `sqlite:${join(folder, 'spot.sqlite')}`;
    const logDir = join(folder, 'logs');
    for (const [i, count] of [...executors, ...executors].entries()) {
      const configuration = { ...START, executors: count };
      const minute = String(i).padStart(2, '0');
      writeRunLog(logDir, {
        appId: `app-2026112112${minute}-0000`,
        name: 'etl',
        endedAt: new Date(`2026-11-01T12:${minute}:00Z`),
        durationMs: Math.round(trueMs(TRUTH, configuration, 10 * GIB) * (1 + 0.02 * (i % 2))),
        inputBytes: 10 * GIB,
        configuration,
      });
    }
    const { code, stderr } = await runSpot(['collect', '--event-log-dir', logDir, '--store', store]);
    expect(code, stderr).to.equal(0);
    await using spot = new Spot({ store, logLevel: 'none' });
    return await suggestionNews(spot, await spot.openStore('share'))?.({ tag: 'etl', cluster: 'default' });
  }

  // Work of 2000 s shared by 2 slots each: 1 executor takes 1007 s, 8 take 132 s. Cost is nearly the same, so time is what is saved.
  it('tells of an application whose newest run has 1 executor, when runs on 8 took an eighth', async () => {
    const seen = await newsAfter([8, 6, 4, 3, 2, 1]);

    expect(seen?.status).to.equal('firing');
    expect(Number(seen?.words.facts['share'])).to.be.above(0.5);
  });

  it('is silent about one with 3 settings: no model of it is sure enough', async () => {
    expect((await newsAfter([4, 2, 1]))?.status).to.not.equal('firing');
  });
});
