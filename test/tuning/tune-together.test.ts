import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Spot } from '../../src/app/spot.ts';
import { findTunings, nextTuning, startTuning, stopTuning, type TuningParts } from '../../src/app/tune.ts';
import { runSpot } from '../support/run-spot.ts';
import { GIB, NOW, SETTINGS, START } from './sessions.ts';
import { writeRunLog } from './write-run-log.ts';

const TARGET = { tag: 'etl' };

describe('app/tune, several at a time on one SQLite file', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spot-tune-together-'));
    const logDir = join(folder, 'logs');
    const run = { name: 'etl', endedAt: NOW, durationMs: 600_000, inputBytes: 10 * GIB, configuration: START };
    writeRunLog(logDir, { appId: 'app-20261121120000-0000', ...run });
    // Newer, quicker, and failed: no start.
    const newer = { ...run, endedAt: new Date(NOW.getTime() + 60_000), durationMs: 5000, fails: true };
    writeRunLog(logDir, { appId: 'app-20261121120100-0000', ...newer });
    const { code, stderr } = await runSpot(['collect', '--event-log-dir', logDir, '--store', store()]);
    expect(code, stderr).to.equal(0);
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const store = (): string => `sqlite:${join(folder, 'spot.sqlite')}`;

  async function open(stack: AsyncDisposableStack): Promise<TuningParts> {
    const spot = stack.use(new Spot({ store: store(), logLevel: 'none' }));
    return {
      store: await spot.openStore('share'),
      limits: { platform: 'yarn', maxExecutors: 16 },
      prices: { vcpu_hour: 0.05, gib_hour: 0.005, currency: 'USD' },
      now: () => NOW,
    };
  }

  it('proposes the same to four who ask at once, starts from the run that did not fail, and ends once', async () => {
    await using stack = new AsyncDisposableStack();
    const parts = await Promise.all([open(stack), open(stack), open(stack), open(stack)]);
    const [first] = parts;
    const started = await startTuning(first, TARGET, SETTINGS);
    expect(started.baseline.run).to.equal('app-20261121120000-0000');

    const asked = await Promise.all(parts.map(async (each) => (await nextTuning(each, TARGET)).session));
    for (const session of asked) expect(session.pending).to.deep.equal(asked[0]?.pending);
    expect(asked[0]?.pending?.round).to.equal(1);
    expect(asked[0]?.rounds).to.deep.equal([]);

    await Promise.all(parts.map((each) => stopTuning(each, TARGET)));
    const sessions = await Array.fromAsync(findTunings(first.store));
    expect(sessions.map(({ tag, stopped }) => [tag, stopped?.reason])).to.deep.equal([['etl', 'asked']]);
  });
});
