import { expect } from 'chai';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startHistoryServer } from '../../scripts/services/history-server.ts';
import type { AggregateDocument, RawDocument } from '../../src/documents/documents.ts';
import { inSoak } from '../faults/scale.ts';
import { cloneEventLogs } from '../support/clone-event-logs.ts';
import { writeLargeEventLog } from '../support/large-event-log.ts';
import { watchPeakMemory } from '../support/peak-memory.ts';
import { spotEnded, spotJson, startSpot } from '../support/run-spot.ts';
import { service } from '../support/services.ts';

const MEBIBYTE = 1024 * 1024;
const MEGABYTES = inSoak(650, 24);
const OTHERS = 20;
const MOST_MEMORY = 512 * MEBIBYTE;

describe('e2e: a huge log', function () {
  this.timeout(inSoak(1_800_000, 180_000));

  it(`R14: a log of ${MEGABYTES} MB, the newest of a real History Server: the others are stored before, Spot takes at most 512 MiB, and in the end has what the log tells`, async function () {
    service(this, 'SPOT_TEST_SPARK_HOME');
    await using started = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'spot-huge-log-'));
    started.defer(() => rm(folder, { recursive: true }));
    const logDir = join(folder, 'logs');
    // The huge one ended in 2026 and is the first that the server lists.
    await cloneEventLogs({ logDir, count: OTHERS, firstEnd: new Date('2020-01-01T00:00:00Z') });
    const huge = join(logDir, 'huge');
    writeLargeEventLog(huge, MEGABYTES * 1e6);
    await utimes(huge, new Date(), new Date());
    const server = started.use(await startHistoryServer({ logDir, expectApplications: OTHERS + 1, heap: '6g' }));

    const store = ['--store', `sqlite:${join(folder, 'spot.sqlite')}`];
    const child = startSpot(['crawl', '--once', ...store], { SPOT_SPARK_HISTORY_API_BASE_URL: server.apiUrl });
    const memory = watchPeakMemory(child.pid ?? 0);
    const { code, stderr } = await spotEnded(child);
    const peak = memory.stop();

    expect(code, stderr).to.equal(0);
    const aggregates = await exported<AggregateDocument>('agg', store);
    expect(aggregates).to.have.length(OTHERS + 1);
    const { id, tasks } = await told(huge);
    const isHuge = (document: { readonly id: string }): boolean => document.id === id;
    const order = aggregates.toSorted((a, b) => a.spot.time_processed.localeCompare(b.spot.time_processed));
    expect(order.findIndex(isHuge), 'others stored before it').to.equal(OTHERS);
    const raw = (await exported<RawDocument>('raw', store)).find(isHuge);
    const counts = raw?.attempts[0].allexecutors.map(({ totalTasks }) => Number(totalTasks)) ?? [];
    expect(counts.reduce((sum, count) => sum + count, 0)).to.equal(tasks);
    console.log(`      at most ${Math.round(peak / MEBIBYTE)} MiB`);
    expect(peak).to.be.below(MOST_MEMORY);
  });
});

async function exported<T>(kind: string, store: readonly string[]): Promise<readonly T[]> {
  return (await spotJson(['export', '--doc', kind, '--format', 'json', ...store])) as readonly T[];
}

/** What stands in a log: whose it is, and how many tasks ended. */
async function told(log: string): Promise<{ readonly id: string; readonly tasks: number }> {
  let [id, tasks] = ['', 0];
  for await (const line of createInterface(createReadStream(log))) {
    if (line.startsWith('{"Event":"SparkListenerTaskEnd"')) tasks += 1;
    if (line.startsWith('{"Event":"SparkListenerApplicationStart"'))
      id = (JSON.parse(line) as Readonly<Record<'App ID', string>>)['App ID'];
  }
  return { id, tasks };
}
