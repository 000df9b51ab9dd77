import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AggregateDocument } from '../../src/documents/documents.ts';
import { inSoak } from '../faults/scale.ts';
import { FakeHistoryServer, recordedRun, sendHtml } from '../support/fake-history-server.ts';
import { runSpot, spotJson } from '../support/run-spot.ts';
import { service } from '../support/services.ts';

const RUNS = 60;
const BATCH = 4;
const FAILPOINT = new URL('../faults/failpoint.ts', import.meta.url).href;

/** Reads, writes and acknowledgements of a store, first and later ones. */
const POINTS: Readonly<Record<string, readonly string[]>> = {
  sqlite: [
    'before SqliteStore.prepare 1',
    'before SqliteStore.readLedger 1',
    'before SqliteStore.saveRuns 1',
    'after SqliteStore.saveRuns 1',
    'after SqliteStore.saveRuns 2',
    // In the middle of a batch: the transaction is open.
    'after StatementSync.run 6',
    'before SqliteStore.saveErrors 1',
    'after SqliteStore.saveErrors 1',
    // The error document of a run that is stored by now still stands.
    'before SqliteStore.clearErrors 1',
    'after SqliteStore.clearErrors 1',
  ],
  elasticsearch: [
    'before ElasticsearchStore.prepare 1',
    'after ElasticsearchStore.prepare 1',
    'before ElasticsearchStore.saveRuns 1',
    // The first write is the check at the start; then come raw, agg, raw, agg.
    'after BulkWriter.write 2',
    'after BulkWriter.write 3',
    'before BulkWriter.write 5',
    'before ElasticsearchStore.saveErrors 1',
    'after ElasticsearchStore.saveErrors 1',
    'before ElasticsearchStore.clearErrors 1',
    'after ElasticsearchStore.clearErrors 1',
  ],
};

describe('e2e: kill -9 at named points', function () {
  this.timeout(inSoak(1_800_000, 180_000));
  let folder: string;
  let server: FakeHistoryServer;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-failpoints-'));
    server = await FakeHistoryServer.start();
  });

  afterEach(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  for (const [name, points] of Object.entries(POINTS)) {
    it(`${name}: killed at ${points.length} points in turn, a clean pass has each run once, all its documents, and no error left`, async function () {
      const suffix = randomBytes(4).toString('hex');
      const elasticsearchUrl = name === 'elasticsearch' ? service(this, 'SPOT_TEST_ES_URL') : '';
      const store = name === 'sqlite' ? `sqlite:${join(folder, 'spot.sqlite')}` : `elasticsearch:${elasticsearchUrl}`;
      const env: Record<string, string> = {
        SPOT_SPARK_HISTORY_API_BASE_URL: server.url,
        SPOT_CRAWLER_BATCH_RUNS: String(BATCH),
        ...Object.fromEntries(
          ['raw', 'agg', 'err', 'detail', 'kept'].map((kind) => [
            `SPOT_ELASTICSEARCH_${kind.toUpperCase()}_INDEX`,
            `spot_${kind}_fail_${suffix}`,
          ]),
        ),
      };
      const { application, answers } = recordedRun('smoke-wordcount');
      const ids = Array.from({ length: RUNS }, (_, number) => `app-${String(number).padStart(2, '0')}`);
      for (const id of ids) server.put({ ...application, id }, answers);

      for (const point of points) {
        // The first runs of the list fail until it is time to take their errors back.
        const isPoison = !point.includes('clearErrors');
        server.answerAll((request: IncomingMessage, response: ServerResponse) => {
          if (isPoison && /\/app-0[0-3]\//.test(request.url ?? '')) sendHtml(response, 404, 'no such app');
          else server.answer(request, response);
        });
        const { signal, code, stderr } = await runSpot(['crawl', '--once', '--store', store], {
          ...env,
          SPOT_FAIL_AT: point,
          NODE_OPTIONS: `--import=${FAILPOINT}`,
        });
        expect(signal, `${point}: ended with ${code}: ${stderr}`).to.equal('SIGKILL');
      }
      const last = await runSpot(['crawl', '--once', '--store', store], env);

      expect(last.code, last.stderr).to.equal(0);
      const documents = (await spotJson(
        ['export', '--doc', 'agg', '--format', 'json', '--store', store],
        env,
      )) as readonly AggregateDocument[];
      expect(documents.map(({ id }) => id).sort()).to.deep.equal(ids);
      if (elasticsearchUrl !== '')
        await fetch(`${elasticsearchUrl}/spot_*_fail_${suffix}/_refresh`, { method: 'POST' });
      expect(await spotJson(['stats', '--format', 'json', '--store', store], env)).to.include({
        raw: RUNS,
        agg: RUNS,
        err: 0,
      });
    });
  }
});
