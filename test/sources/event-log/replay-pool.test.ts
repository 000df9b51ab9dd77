import { expect } from 'chai';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { defaultsOf } from '../../../src/config/section.ts';
import { findLogs } from '../../../src/eventlog/bytes/layout.ts';
import { eventLogsSection } from '../../../src/sources/event-log/config.ts';
import { ReplayPool } from '../../../src/sources/event-log/replay-pool.ts';
import type { Growth, ReplayTask } from '../../../src/sources/event-log/replay-task.ts';

const FOLDER = fileURLToPath(new URL('../../fixtures/event-logs/codecs', import.meta.url));
const LOG = 'app';
const LIMITS = { maxLineBytes: 1 << 20, maxDecodedBytes: 1 << 30, maxRatio: 1000 };
const LONGEST_IDLE_MS = 1000;
/** A busy machine is given time. */
const LONGEST_WAIT_MS = 30_000;

describe('sources/event-log/replay-pool', function () {
  this.timeout(2 * LONGEST_WAIT_MS);
  let pool: ReplayPool;

  beforeEach(() => {
    const settings = { ...defaultsOf(eventLogsSection), path: FOLDER, threads: 2 };
    pool = new ReplayPool(settings, { longestIdleMs: LONGEST_IDLE_MS });
  });
  afterEach(() => pool[Symbol.asyncDispose]());

  async function replay(growth?: Growth): Promise<string | undefined> {
    const { size, mtimeMs } = await stat(join(FOLDER, LOG));
    const [layout] = findLogs([{ path: LOG, size, modified: mtimeMs, version: '' }]);
    const task: ReplayTask = { layout: layout!, modified: mtimeMs, limits: LIMITS, growth };
    return (await pool.replay(task)).run.application?.id;
  }

  async function threadsComeTo(number: number, meanwhile: () => Promise<unknown> = () => sleep(20)): Promise<void> {
    for (const endsAt = performance.now() + LONGEST_WAIT_MS; performance.now() < endsAt && pool.threads !== number;)
      await meanwhile();
    expect(pool.threads).to.equal(number);
  }

  it('ends threads that have had nothing to do for long, and starts one for the next log', async () => {
    await Promise.all([replay(), replay()]);
    expect(pool.threads).to.equal(2);

    await threadsComeTo(0);

    expect(await replay()).to.equal('local-1426533911241');
    expect(pool.threads).to.equal(1);
  });

  it('gives logs that come one after the other to one thread, so that the others end', async () => {
    await Promise.all([replay(), replay()]);

    await threadsComeTo(1, () => replay());
  });

  it('keeps the thread of a log that grows until that has ended', async () => {
    const growth = { key: 'growing', headMark: 'head', isLast: false };
    await replay(growth);

    await sleep(2 * LONGEST_IDLE_MS);
    expect(pool.threads).to.equal(1);

    await replay({ ...growth, isLast: true });
    await threadsComeTo(0);
  });
});
