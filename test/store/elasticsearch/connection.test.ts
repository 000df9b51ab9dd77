import { expect } from 'chai';
import type { Connection } from '../../../src/store/elasticsearch/connection.ts';
import { readByIds } from '../../../src/store/elasticsearch/reader.ts';
import { failure } from '../store-contract.ts';
import { ScriptedElasticsearch } from './scripted-elasticsearch.ts';

/** What a real Elasticsearch 9.5 answered to a search while several crawls wrote to it. */
const OVERLOADED = JSON.stringify({ error: { type: 'search_phase_execution_exception', reason: 'all shards failed' } });

describe('store/elasticsearch/connection', () => {
  let server: ScriptedElasticsearch;
  let connection: Connection;
  let statuses: number[];

  beforeEach(async () => {
    server = await ScriptedElasticsearch.start((_lines, request) => {
      const status = statuses[request - 1] ?? 200;
      return { status, body: status === 200 ? '{"docs":[{"_id":"a","found":true}]}' : OVERLOADED };
    });
    ({ connection } = server);
  });

  afterEach(() => server[Symbol.asyncDispose]());

  it('asks again while Elasticsearch has no room for a question', async () => {
    statuses = [429, 429];

    expect([...(await readByIds(connection, 'runs', ['a'])).keys()]).to.deep.equal(['a']);
    expect(server.bodies).to.have.lengthOf(3);
  });

  it('gives up after eight seconds, and says what it was', async () => {
    statuses = Array<number>(10).fill(429);
    const startedAt = performance.now();

    expect(await failure(readByIds(connection, 'runs', ['a']))).to.include({
      code: 'STORE_OVERLOADED',
      retryable: true,
    });
    expect(performance.now() - startedAt).to.be.at.least(7700);
    expect(server.bodies).to.have.lengthOf(6);
  }).timeout(20_000);

  it('does not wait for what is away, nor once it was told to stop', async () => {
    statuses = [503];
    expect(await failure(readByIds(connection, 'runs', ['a']))).to.include({ code: 'STORE_UNAVAILABLE' });
    expect(server.bodies).to.have.lengthOf(1);

    statuses = [503, 429, 429, 429];
    const stop = new AbortController();
    const question = connection.ask({ method: 'GET', path: '/x' }, stop.signal);
    setTimeout(() => {
      stop.abort(new Error('enough'));
    }, 50);
    expect(await failure(question)).to.have.property('message', 'enough');
  });
});
