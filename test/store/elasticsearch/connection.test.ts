import { expect } from 'chai';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '../../../src/logging/logger.ts';
import { Connection } from '../../../src/store/elasticsearch/connection.ts';
import { readByIds } from '../../../src/store/elasticsearch/reader.ts';
import { failure } from '../store-contract.ts';
import { settingsFor } from './test-server.ts';

/** What a real Elasticsearch 9.5 answered to a search while several crawls wrote to it. */
const OVERLOADED = JSON.stringify({ error: { type: 'search_phase_execution_exception', reason: 'all shards failed' } });

describe('store/elasticsearch/connection', () => {
  let server: Server;
  let connection: Connection;
  let statuses: number[];
  let asked: number;

  beforeEach(async () => {
    asked = 0;
    server = createServer((_request, response) => {
      const status = statuses[asked++] ?? 200;
      response.writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
      response.end(status === 200 ? '{"docs":[{"_id":"a","found":true}]}' : OVERLOADED);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
    connection = new Connection(settingsFor(url, 'x', { compatibility: '9' }), silentLogger);
  });

  afterEach(async () => {
    await connection[Symbol.asyncDispose]();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('asks again while Elasticsearch has no room for a question', async () => {
    statuses = [429, 429];

    expect([...(await readByIds(connection, 'runs', ['a'])).keys()]).to.deep.equal(['a']);
    expect(asked).to.equal(3);
  });

  it('gives up after eight seconds, and says what it was', async () => {
    statuses = Array<number>(10).fill(429);
    const startedAt = performance.now();

    expect(await failure(readByIds(connection, 'runs', ['a']))).to.include({
      code: 'STORE_OVERLOADED',
      retryable: true,
    });
    expect(performance.now() - startedAt).to.be.within(7700, 12_000);
    expect(asked).to.equal(6);
  }).timeout(20_000);

  it('does not wait for what is away, nor once it was told to stop', async () => {
    statuses = [503];
    expect(await failure(readByIds(connection, 'runs', ['a']))).to.include({ code: 'STORE_UNAVAILABLE' });
    expect(asked).to.equal(1);

    statuses = [429, 429, 429];
    const stop = new AbortController();
    const question = connection.ask({ method: 'GET', path: '/x' }, stop.signal);
    setTimeout(() => {
      stop.abort(new Error('enough'));
    }, 50);
    expect(await failure(question)).to.have.property('message', 'enough');
  });
});
