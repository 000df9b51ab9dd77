import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AggregateDocument } from '../../src/documents/documents.ts';
import { inSoak } from '../faults/scale.ts';
import { testSeed } from '../faults/test-seed.ts';
import { FakeHistoryServer, recordedRun } from '../support/fake-history-server.ts';
import { runSpot, spotEnded, spotJson, startSpot } from '../support/run-spot.ts';
import { seededRandom } from '../support/seeded-random.ts';

const RUNS = inSoak(4000, 400);
const ANSWER_MS = 15;
const LONGEST_LIFE_MS = 2500;

describe('e2e: SIGTERM in the middle of a crawl', function () {
  this.timeout(inSoak(3_600_000, 120_000));

  const stops = inSoak(100, 5);
  it(`R20: ${stops} times at random moments: ends within 10 s, with everything that was read; at most the 2 runs being read are read again`, async () => {
    const random = seededRandom(testSeed('SIGTERM'));
    const folder = await mkdtemp(join(tmpdir(), 'spot-sigterm-'));
    const store = ['--store', `sqlite:${join(folder, 'spot.sqlite')}`];
    await using server = await FakeHistoryServer.start();
    const { application, answers } = recordedRun('smoke-wordcount');
    const ids = Array.from({ length: RUNS }, (_, number) => `app-${String(number).padStart(4, '0')}`);
    for (const id of ids) server.put({ ...application, id }, answers);
    const wholeReads = new Map<string, number>();
    server.answerAll((request, response) => {
      const [, id] = /applications\/([^/]+)\/environment$/.exec(request.url ?? '') ?? [];
      // The last of the three answers of a run.
      if (id !== undefined) response.on('finish', () => wholeReads.set(id, (wholeReads.get(id) ?? 0) + 1));
      setTimeout(() => {
        server.answer(request, response);
      }, ANSWER_MS);
    });
    const env = { SPOT_SPARK_HISTORY_API_BASE_URL: server.url };

    for (let stop = 0; stop < stops; stop++) {
      const child = startSpot(['crawl', ...store], env);
      const ended = spotEnded(child);
      await sleep(random() * LONGEST_LIFE_MS);
      const asked = performance.now();
      child.kill('SIGTERM');
      const { code, signal, stderr } = await ended;

      expect(performance.now() - asked).to.be.below(10_000);
      // Node itself ends by the signal while it still loads the program.
      expect(signal === 'SIGTERM' || code === 0, `ended with ${code}: ${stderr}`).to.equal(true);
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
    const again = [...wholeReads.values()].reduce((sum, times) => sum + times - 1, 0);
    expect(again, 'runs read twice').to.be.at.most(2 * stops);
    await rm(folder, { recursive: true });
  });
});
