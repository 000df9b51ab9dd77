import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CORPUS_LOGS } from '../../../scripts/services/test-services.ts';
import type { AggregateDocument, RawDocument } from '../../../src/documents/documents.ts';
import { differences } from '../../documents/spot-parity-cases.ts';
import { describeWithService } from '../../support/describe-with-service.ts';
import { runSpot, spotJson } from '../../support/run-spot.ts';
import { serveLogs, type ServedHistory } from './support.ts';

type Stored = AggregateDocument | RawDocument;

/** When a document was made, and when the server looked at the log, which each does in its own time. */
const OF_THE_MOMENT = /^(spot\/(time_processed|revision|fingerprint)|attempts?(\/0)?\/lastUpdated(Epoch)?)$/;

function runOf(document: Stored): string {
  const attempt = 'attempt' in document ? document.attempt : document.attempts[0];
  return `${document.id}/${attempt.attemptId ?? ''}`;
}

describeWithService('SPOT_TEST_HISTORY_URL', 'api/history: a crawl of it', (realUrl) => {
  let folder: string;
  let served: ServedHistory;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-history-crawl-'));
    served = await serveLogs([CORPUS_LOGS]);
  });
  after(async () => {
    await served[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  async function crawl(url: string, name: string): Promise<Record<'agg' | 'raw', Map<string, Stored>>> {
    const store = ['--store', `sqlite:${join(folder, name)}.sqlite`];
    const { code, stderr } = await runSpot(['crawl', '--once', ...store], { SPOT_SPARK_HISTORY_API_BASE_URL: url });
    expect(code, stderr).to.equal(0);
    const documents = async (kind: string): Promise<Map<string, Stored>> => {
      const found = (await spotJson(['export', '--doc', kind, '--format', 'json', ...store])) as readonly Stored[];
      return new Map(found.map((document) => [runOf(document), document]));
    };
    return { agg: await documents('agg'), raw: await documents('raw') };
  }

  it('stores the same 10 raw and aggregate documents as a crawl of the real server', async function () {
    this.timeout(120_000);
    const real = await crawl(realUrl, 'real');
    const ours = await crawl(served.url, 'ours');

    for (const kind of ['agg', 'raw'] as const) {
      expect([...ours[kind].keys()].sort()).to.deep.equal([...real[kind].keys()].sort());
      expect(real[kind].size).to.equal(10);
      for (const [run, document] of real[kind]) {
        const different = differences(ours[kind].get(run), document).filter((path) => !OF_THE_MOMENT.test(path));
        expect(different, `${kind} ${run}`).to.deep.equal([]);
      }
    }
  });
});
