import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AggregateDocument, RawDocument } from '../../src/documents/documents.ts';
import { differences } from '../documents/spot-parity-cases.ts';
import { runSpot, spotJson } from '../support/run-spot.ts';
import { service } from '../support/services.ts';

const LOGS = fileURLToPath(new URL('../fixtures/spark-corpus/logs/', import.meta.url));
/** The log without an end: the server lists it as running, so it is read from the log only. */
const UNFINISHED = 'app-20261121084052-0000';

/** When and from where a document was read; and `lastUpdated`, for which the server takes its own look at the file. */
const OF_THE_READING =
  /^(spot\/(time_processed|revision|fingerprint|cluster|history_host)|history_host|attempts?(\/0)?\/lastUpdated(Epoch)?)$/;

type Stored = AggregateDocument | RawDocument;

function runOf(document: Stored): string {
  const attempt = 'attempt' in document ? document.attempt : document.attempts[0];
  return `${document.id}/${attempt.attemptId ?? ''}`;
}

describe('e2e: the same run from its event log and from a real History Server', function () {
  this.timeout(180_000);
  let folder: string;
  let fromServer: string;
  let fromLogs: string;

  before(async function () {
    folder = await mkdtemp(join(tmpdir(), 'spot-logs-'));
    const url = service(this, 'SPOT_TEST_HISTORY_URL');
    [fromServer, fromLogs] = ['server', 'logs'].map((name) => `sqlite:${join(folder, name)}.sqlite`) as [
      string,
      string,
    ];
    const crawl = await runSpot(['crawl', '--once', '--store', fromServer], { SPOT_SPARK_HISTORY_API_BASE_URL: url });
    expect(crawl.code, crawl.stderr).to.equal(0);
    const collect = await runSpot(['collect', '--event-log-dir', LOGS, '--store', fromLogs]);
    expect(collect.code, collect.stderr).to.equal(0);
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  const documents = async (store: string, kind: 'agg' | 'raw'): Promise<Map<string, Stored>> => {
    const found = (await spotJson([
      'export',
      '--doc',
      kind,
      '--format',
      'json',
      '--store',
      store,
    ])) as readonly Stored[];
    return new Map(found.map((document) => [runOf(document), document]));
  };

  for (const kind of ['agg', 'raw'] as const) {
    it(`gives equal ${kind} documents, for every log of the corpus`, async () => {
      const [server, logs] = await Promise.all([documents(fromServer, kind), documents(fromLogs, kind)]);

      expect(server.size).to.equal(10);
      for (const [run, document] of server) {
        const different = differences(logs.get(run), document).filter((path) => !OF_THE_READING.test(path));
        // The log also tells of events that were dropped; the server does not say so.
        expect(
          different.filter((path) => !path.startsWith('spot/flags')),
          run,
        ).to.deep.equal([]);
      }
    });
  }

  it('reads a log without its end as far as it goes, and never calls it completed', async () => {
    const document = (await documents(fromLogs, 'agg')).get(`${UNFINISHED}/`) as AggregateDocument;

    expect(document.spot.status).to.equal('incomplete');
    expect(document.attempt).to.include({ completed: false }).and.not.have.property('endTime');
  });

  it('keeps the tasks of each run, and simulates it', async () => {
    const simulation = (await spotJson([
      'simulate',
      'app-20261121083643-0000',
      '--executors',
      '1,4',
      '--format',
      'json',
      '--store',
      fromLogs,
    ])) as {
      readonly points: readonly { readonly executors: number; readonly durationMs: number }[];
    };

    expect(simulation.points.map(({ executors }) => executors)).to.deep.equal([1, 4]);
    expect(simulation.points[0]!.durationMs).to.be.greaterThan(simulation.points[1]!.durationMs);
  });

  it('simulates a run known from the server alone, where its task quantiles were asked for, with a wider range', async function () {
    const store = `sqlite:${join(folder, 'quantiles')}.sqlite`;
    const crawl = await runSpot(['crawl', '--once', '--store', store], {
      SPOT_SPARK_HISTORY_API_BASE_URL: service(this, 'SPOT_TEST_HISTORY_URL'),
      SPOT_SPARK_HISTORY_TASK_QUANTILES: 'true',
    });
    expect(crawl.code, crawl.stderr).to.equal(0);

    const [rest, log] = (await Promise.all(
      [store, fromLogs].map((place) =>
        spotJson(['simulate', 'app-20261121083643-0000', '--executors', '4', '--format', 'json', '--store', place]),
      ),
    )) as {
      readonly precision: string;
      readonly points: { durationMs: number; durationLowMs: number; durationHighMs: number }[];
    }[];

    expect([rest!.precision, log!.precision]).to.deep.equal(['quantiles', 'log']);
    const width = ({ durationLowMs, durationHighMs }: (typeof rest & object)['points'][number]): number =>
      durationHighMs - durationLowMs;
    expect(width(rest!.points[0]!)).to.be.greaterThan(width(log!.points[0]!));
    // The same run: what is known of it from either side must not contradict.
    expect(rest!.points[0]!.durationMs).to.be.within(
      log!.points[0]!.durationMs * 0.8,
      log!.points[0]!.durationMs * 1.2,
    );
  });
});
