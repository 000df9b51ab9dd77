import { expect } from 'chai';
import { batchesOf, BulkWriter, type BulkItem } from '../../../src/store/elasticsearch/bulk.ts';
import type { Connection } from '../../../src/store/elasticsearch/connection.ts';
import { failure } from '../store-contract.ts';
import { ScriptedElasticsearch, type Script } from './scripted-elasticsearch.ts';

const item = (id: string, source = '{}'): BulkItem => ({ action: JSON.stringify({ index: { _id: id } }), source });

describe('store/elasticsearch/bulk', () => {
  describe('batchesOf', () => {
    // An action of 22 bytes, a document of 76, and two line ends: 100 bytes an item.
    const hundred = item('aa', `"${'x'.repeat(74)}"`);

    it('fills a body up to its bytes: 5 items of 100 bytes in bodies of 300 are 3 and 2', () => {
      expect(hundred.action).to.have.lengthOf(22);
      expect(batchesOf(Array(5).fill(hundred) as BulkItem[], 300)).to.deep.equal([
        [0, 1, 2],
        [3, 4],
      ]);
      expect(batchesOf(Array(5).fill(hundred) as BulkItem[], 299)).to.deep.equal([[0, 1], [2, 3], [4]]);
    });

    it('counts bytes, not characters, and sends a larger item alone', () => {
      const wide = item('aa', `"${'☃'.repeat(100)}"`);

      expect(batchesOf([hundred, wide, hundred, hundred], 300)).to.deep.equal([[0], [1], [2, 3]]);
      expect(batchesOf([], 300)).to.deep.equal([]);
    });
  });

  describe('write, against answers that are scripted', () => {
    let server: ScriptedElasticsearch;
    let connection: Connection;
    let script: Script;
    let bodies: readonly (readonly string[])[];

    beforeEach(async () => {
      server = await ScriptedElasticsearch.start((...asked) => script(...asked));
      ({ connection, bodies } = server);
    });

    afterEach(() => server[Symbol.asyncDispose]());

    const writer = (retryMs = 20_000): BulkWriter =>
      new BulkWriter(connection, { bulkBytes: 1_000_000, retryMs, random: () => 0 });
    const statuses = (...codes: readonly number[]): string =>
      JSON.stringify({
        items: codes.map((status) => ({
          index: status < 300 ? { status } : { status, error: { type: 'x', reason: `because ${String(status)}` } },
        })),
      });
    const idsOf = (lines: readonly string[]): string[] =>
      lines.flatMap((line) => /"_id":"(\w+)"/.exec(line)?.[1] ?? []);

    it('reads each status: 201 and 200 are done, 409 is a conflict, 400 and 413 are refused with the reason', async () => {
      script = () => ({ status: 200, body: statuses(201, 400, 409, 200, 413) });

      const outcomes = await writer().write(['a', 'b', 'c', 'd', 'e'].map((id) => item(id)));

      expect(outcomes.map(({ status }) => status)).to.deep.equal(['done', 'refused', 'conflict', 'done', 'refused']);
      expect(outcomes[1]).to.have.nested.property('error.message', 'Elasticsearch refused: because 400');
      expect(outcomes[4]).to.have.nested.property('error.code', 'STORE_DOCUMENT_TOO_LARGE');
      expect(bodies).to.have.lengthOf(1);
    });

    it('sends again only the items that were not taken: 429 and 503', async () => {
      script = (_, request) => ({
        status: 200,
        body: request === 1 ? statuses(201, 429, 400, 503) : request === 2 ? statuses(429, 200) : statuses(201),
      });

      const outcomes = await writer().write(['a', 'b', 'c', 'd'].map((id) => item(id)));

      expect(bodies.map(idsOf)).to.deep.equal([['a', 'b', 'c', 'd'], ['b', 'd'], ['b']]);
      expect(outcomes.map(({ status }) => status)).to.deep.equal(['done', 'done', 'refused', 'done']);
    });

    for (const [what, status, body] of [
      ['429', 429, '{"error":{"type":"circuit_breaking_exception","reason":"too much"},"status":429}'],
      ['503', 503, '{}'],
      ['an answer cut in the middle', 200, '{"items":[{"index":{"sta'],
      ['an answer that misses an item', 200, statuses(201)],
    ] as const) {
      it(`sends the whole body again after ${what}, for items are written by id`, async () => {
        script = (lines, request) =>
          request === 1 ? { status, body } : { status: 200, body: statuses(...idsOf(lines).map(() => 200)) };

        const outcomes = await writer().write([item('a'), item('b')]);

        expect(outcomes).to.deep.equal([{ status: 'done' }, { status: 'done' }]);
        expect(bodies).to.have.lengthOf(2);
      });
    }

    // The reasons are those of Elasticsearch 9.5 with a heap of 512 MB, for documents of 20 and 60 MB.
    const pressure = (bytes: number): { status: number; error: object } => ({
      status: 429,
      error: {
        type: 'es_rejected_execution_exception',
        reason: `rejected execution of primary operation [coordinating_and_primary_bytes=20000164, replica_bytes=0, all_bytes=20000164, primary_operation_bytes=${bytes}, max_primary_bytes=51897958]`,
      },
    });

    it('halves what is more than the memory of the server holds, and refuses the one document that is so alone; what only has to wait is sent again', async () => {
      const tooLarge = pressure(80_000_048);
      script = (lines, request) => {
        const ids = idsOf(lines);
        const answerTo = (id: string): object =>
          id === 'w' && request === 1
            ? pressure(40_000_000)
            : ids.includes('c') && 'abcd'.includes(id)
              ? tooLarge
              : { status: 201 };
        return { status: 200, body: JSON.stringify({ items: ids.map((id) => ({ index: answerTo(id) })) }) };
      };

      const outcomes = await writer().write(['a', 'b', 'c', 'd', 'w'].map((id) => item(id)));

      expect(bodies.map(idsOf)).to.deep.equal([['a', 'b', 'c', 'd', 'w'], ['a', 'b'], ['c', 'd'], ['c'], ['d'], ['w']]);
      expect(outcomes.map(({ status }) => status)).to.deep.equal(['done', 'done', 'refused', 'done', 'done']);
      expect(outcomes[2]).to.have.nested.property('error.code', 'STORE_DOCUMENT_TOO_LARGE');
      expect(outcomes[2]).to.have.nested.property('error.message').that.includes('give it more heap');
    });

    it('takes a body that is refused as a whole for its size alike: in halves, and a single document is refused', async () => {
      const { error } = pressure(0) as { error: { type: string } };
      const reason =
        'rejected execution of coordinating operation [coordinating_and_primary_bytes=0, replica_bytes=0, all_bytes=0, coordinating_operation_bytes=60000164, max_coordinating_bytes=51897958]';
      script = (lines) =>
        idsOf(lines).includes('a')
          ? { status: 429, body: JSON.stringify({ error: { type: error.type, reason }, status: 429 }) }
          : { status: 200, body: statuses(...idsOf(lines).map(() => 201)) };

      const outcomes = await writer().write([item('a'), item('b')]);

      expect(outcomes.map(({ status }) => status)).to.deep.equal(['refused', 'done']);
      expect(bodies).to.have.lengthOf(3);
    });

    it('gives up after retryMs with an error that may be repeated', async () => {
      script = () => ({ status: 200, body: statuses(429) });
      const started = performance.now();

      const error = await failure(writer(600).write([item('a')]));

      expect(error).to.include({ code: 'STORE_OVERLOADED', retryable: true });
      expect(performance.now() - started).to.be.within(500, 3000);
      expect(bodies.length).to.be.within(2, 5);
    });

    it('does not repeat what cannot succeed: 403 is thrown at once, with the right that is missing', async () => {
      const reason =
        'action [indices:data/write/bulk[s]] is unauthorized for user [joe] with effective roles [r] on indices [spot_agg_x], this action is granted by the index privileges [create_doc,create,index,write,all]';
      script = () => ({
        status: 200,
        body: JSON.stringify({ items: [{ index: { status: 403, error: { type: 'security_exception', reason } } }] }),
      });

      const error = await failure(writer().write([item('a')]));

      expect(error).to.include({ code: 'STORE_FORBIDDEN', retryable: false });
      expect(error)
        .to.have.property('message')
        .that.includes('give the user one of the index privileges create_doc, create, index, write, all');
      expect(bodies).to.have.lengthOf(1);
    });

    it('halves a body that is too large for the server (413 without a body) until single items remain', async () => {
      script = (lines) =>
        lines.some((line) => line.includes('huge'))
          ? { status: 413, body: '' }
          : { status: 200, body: statuses(...idsOf(lines).map(() => 201)) };

      const outcomes = await writer().write([item('a'), item('b', '"huge"'), item('c'), item('d')]);

      expect(outcomes.map(({ status }) => status)).to.deep.equal(['done', 'refused', 'done', 'done']);
      expect(outcomes[1]).to.have.nested.property('error.code', 'STORE_DOCUMENT_TOO_LARGE');
    });

    it('ends a pause with the reason of the signal', async () => {
      script = () => ({ status: 200, body: statuses(429) });
      const reason = new Error('stop now');

      const error = await failure(
        writer().write([item('a')], AbortSignal.any([AbortSignal.timeout(60_000), abortedIn(100, reason)])),
      );

      expect(error).to.equal(reason);
    });

    it('ends a pause when the store is closed', async () => {
      script = () => ({ status: 200, body: statuses(429) });
      const writing = failure(writer().write([item('a')]));
      setTimeout(() => void connection[Symbol.asyncDispose](), 100);

      expect(await writing).to.have.property('code', 'STORE_CLOSED');
    });
  });
});

function abortedIn(milliseconds: number, reason: Error): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => {
    controller.abort(reason);
  }, milliseconds);
  return controller.signal;
}
