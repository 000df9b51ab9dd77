import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AggregateDocument } from '../../src/documents/documents.ts';
import { inSoak } from '../faults/scale.ts';
import { testSeed } from '../faults/test-seed.ts';
import { FakeHistoryServer, recordedRun } from '../support/fake-history-server.ts';
import { runSpot, spotEnded, spotJson, startSpot, type SpotEnded } from '../support/run-spot.ts';
import { seededRandom } from '../support/seeded-random.ts';

const RUNS = inSoak(4000, 400);
const ANSWER_MS = 15;
const LONGEST_LIFE_MS = 2500;
/** As `[CRAWLER] concurrency` has it. */
const READ_AT_A_TIME = 2;

interface Ending {
  readonly signal: NodeJS.Signals;
  /** Fulfilled when it is time; `reads` is how many runs the daemon has been told all of. */
  readonly moment: (reads: () => number) => Promise<void>;
  readonly judge: (ended: SpotEnded, tookMs: number) => void;
}

/** A server that takes its time, and counts who was told all of a run. */
async function slowServer(
  started: AsyncDisposableStack,
  ids: readonly string[],
): Promise<{ url: string; reads: Map<string, number> }> {
  const server = started.use(await FakeHistoryServer.start());
  const { application, answers } = recordedRun('smoke-wordcount');
  for (const id of ids) server.put({ ...application, id }, answers);
  const reads = new Map<string, number>();
  server.answerAll((request, response) => {
    const [, id] = /applications\/([^/]+)\/environment$/.exec(request.url ?? '') ?? [];
    // The last of the three answers of a run.
    if (id !== undefined) response.on('finish', () => reads.set(id, (reads.get(id) ?? 0) + 1));
    setTimeout(() => {
      server.answer(request, response);
    }, ANSWER_MS);
  });
  return { url: server.url, reads };
}

describe('e2e: SIGTERM in the middle of a crawl', function () {
  this.timeout(inSoak(3_600_000, 120_000));
  let started: AsyncDisposableStack;
  let store: readonly string[];

  beforeEach(async () => {
    started = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'spot-sigterm-'));
    started.defer(() => rm(folder, { recursive: true }));
    store = ['--store', `sqlite:${join(folder, 'spot.sqlite')}`];
  });

  afterEach(() => started.disposeAsync());

  /** Ends a daemon so many times, then reads what is left; tells how many runs were read again. */
  async function readAgain(
    runs: number,
    endings: readonly Ending[],
    settings: Readonly<Record<string, string>> = {},
  ): Promise<number> {
    const ids = Array.from({ length: runs }, (_, number) => `app-${String(number).padStart(4, '0')}`);
    const { url, reads } = await slowServer(started, ids);
    const env = { ...settings, SPOT_SPARK_HISTORY_API_BASE_URL: url };
    for (const { signal, moment, judge } of endings) {
      const child = startSpot(['crawl', ...store], env);
      const ended = spotEnded(child);
      await moment(() => reads.size);
      const asked = performance.now();
      child.kill(signal);
      judge(await ended, performance.now() - asked);
    }
    const last = await runSpot(['crawl', '--once', ...store], env);
    expect(last.code, last.stderr).to.equal(0);
    const documents = (await spotJson([
      'export',
      '--doc',
      'agg',
      '--format',
      'json',
      ...store,
    ])) as readonly AggregateDocument[];
    expect(documents.map(({ id }) => id).sort()).to.deep.equal(ids);
    return [...reads.values()].reduce((sum, times) => sum + times - 1, 0);
  }

  const stops = inSoak(100, 5);
  it(`R20: ${stops} times at random moments: ends within 10 s, with everything that was read; at most the ${READ_AT_A_TIME} runs being read are read again`, async () => {
    const random = seededRandom(testSeed('SIGTERM'));
    const ending: Ending = {
      signal: 'SIGTERM',
      moment: () => sleep(random() * LONGEST_LIFE_MS),
      judge({ code, signal, stderr }, tookMs) {
        expect(tookMs).to.be.below(10_000);
        // Node itself ends by the signal while it still loads the program.
        expect(signal === 'SIGTERM' || code === 0, `ended with ${code}: ${stderr}`).to.equal(true);
      },
    };

    const again = await readAgain(RUNS, new Array<Ending>(stops).fill(ending));

    expect(again, 'runs read twice').to.be.at.most(READ_AT_A_TIME * stops);
  });

  it('negative control: a daemon that is killed instead has read more than that in vain', async () => {
    const ending: Ending = {
      signal: 'SIGKILL',
      async moment(reads) {
        while (reads() < 20) await sleep(10);
      },
      judge: () => undefined,
    };

    // What was read waits for its batch.
    const again = await readAgain(40, [ending], { SPOT_CRAWLER_BATCH_RUNS: '100' });

    expect(again).to.be.above(READ_AT_A_TIME);
  });
});
