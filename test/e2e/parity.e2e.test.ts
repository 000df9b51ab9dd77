import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aggregateRun } from '../../src/aggregations/aggregate-run.ts';
import type { AggregateDocument } from '../../src/documents/documents.ts';
import type { ApplicationInfo } from '../../src/spark/rest.ts';
import { differences, PARITY_CASES, parityFile, parityRaw } from '../documents/spot-parity-cases.ts';
import { FakeHistoryServer } from '../support/fake-history-server.ts';
import { runSpot, spotJson } from '../support/run-spot.ts';
import { service } from '../support/services.ts';

/** Spot's own marks, which tell when and from where a document was read. */
const MARKS = [
  'spot/time_processed',
  'spot/cluster',
  'spot/fingerprint',
  'spot/revision',
  'history_host',
  'spot/history_host',
];

/**
 * The recorded answers from which AbsaOSS Spot made test/fixtures/spot-parity/<case>/agg.json.
 * test/aggregations/spot-parity.test.ts holds the documents against the original's; here the whole command line makes them.
 */
describe('e2e: spot crawl over the answers that the original Spot read', function () {
  this.timeout(60_000);
  let folder: string;
  let server: FakeHistoryServer;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-parity-'));
    server = await FakeHistoryServer.start();
    for (const name of PARITY_CASES) {
      const [application] = parityFile(name, 'applications') as [ApplicationInfo];
      const answer = (part: string): string => JSON.stringify(parityFile(name, part));
      server.put(application, {
        allexecutors: answer('allexecutors'),
        stages: answer('stages'),
        environment: answer('environment'),
      });
    }
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function crawled(store: readonly string[], env: Record<string, string>): Promise<readonly AggregateDocument[]> {
    const { code, stderr } = await runSpot(['crawl', '--once', ...store], {
      ...env,
      SPOT_SPARK_HISTORY_API_BASE_URL: server.url,
    });
    expect(code, stderr).to.equal(0);
    return (await spotJson(
      ['export', '--doc', 'agg', '--format', 'json', ...store],
      env,
    )) as readonly AggregateDocument[];
  }

  function expectSameNumbers(documents: readonly AggregateDocument[]): void {
    expect(documents).to.have.length(PARITY_CASES.length);
    for (const name of PARITY_CASES) {
      const expected = aggregateRun(parityRaw(name));
      const document = documents.find(({ id }) => id === expected.id);
      expect(
        differences(document, expected).filter((path) => !MARKS.includes(path)),
        name,
      ).to.deep.equal([]);
    }
  }

  it('stores in SQLite the documents whose numbers are those of the original', async () => {
    expectSameNumbers(await crawled(['--store', `sqlite:${join(folder, 'parity.sqlite')}`], {}));
  });

  it('stores the same in Elasticsearch', async function () {
    const url = service(this, 'SPOT_TEST_ES_URL');
    const suffix = randomBytes(4).toString('hex');
    const indexes = Object.fromEntries(
      ['raw', 'agg', 'err', 'detail', 'kept'].map((kind) => [
        `SPOT_ELASTICSEARCH_${kind.toUpperCase()}_INDEX`,
        `spot_${kind}_parity_${suffix}`,
      ]),
    );

    expectSameNumbers(await crawled(['--store', `elasticsearch:${url}`], indexes));
  });
});
