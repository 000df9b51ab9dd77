import { expect } from 'chai';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Readiness } from '../../../src/api/health/crawl-health.ts';
import { HealthServer } from '../../../src/api/health/health-server.ts';
import { isAllowedHost, parseListenAddress } from '../../../src/api/health/listen-address.ts';
import { silentLogger } from '../../../src/logging/logger.ts';

describe('api/health/listen-address', () => {
  it('reads an address, knows loopback from the world, and takes empty for off', () => {
    expect(parseListenAddress('')).to.equal(undefined);
    expect(parseListenAddress('127.0.0.1:9464')).to.deep.equal({ host: '127.0.0.1', port: 9464, isLoopback: true });
    expect(parseListenAddress('[::1]:0')).to.deep.equal({ host: '::1', port: 0, isLoopback: true });
    expect(parseListenAddress('localhost:1')).to.have.property('isLoopback', true);
    for (const open of ['0.0.0.0:9464', '[::]:9464', '10.1.2.3:80', '127.evil.example:80'])
      expect(parseListenAddress(open), open).to.have.property('isLoopback', false);
  });

  it('refuses what is no address with CONFIG_INVALID_VALUE', () => {
    for (const wrong of ['9464', ':9464', 'localhost', 'localhost:', 'localhost:65536', '::1:9464', '[x]:1', 'a b'])
      expect(() => parseListenAddress(wrong), wrong)
        .to.throw()
        .with.property('code', 'CONFIG_INVALID_VALUE');
  });

  it('lets in addresses, localhost and configured names, with or without port, and no other name', () => {
    const allowed = ['spot.example'];
    for (const host of ['127.0.0.1:9464', '10.0.0.7', '[::1]:9464', 'localhost', 'LOCALHOST:1', 'Spot.Example:9464'])
      expect(isAllowedHost(host, allowed), host).to.equal(true);
    for (const host of [
      undefined,
      '',
      'evil.example',
      'evil.example:9464',
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      '127.0.0.1@evil.example',
      'spot.example.evil.example',
      'localhost:9464:9464',
      '[evil.example]',
      'localhost/',
      ' localhost',
      '0x7f.1',
    ])
      expect(isAllowedHost(host, allowed), String(host)).to.equal(false);
  });
});

describe('api/health/health-server', () => {
  let server: HealthServer;
  let readiness: Readiness;

  beforeEach(async () => {
    readiness = { isReady: true, problems: [] };
    server = await HealthServer.listen({
      address: { host: '127.0.0.1', port: 0, isLoopback: true },
      allowedHosts: [],
      version: '1.2.3',
      readiness: () => readiness,
      metrics: () => Promise.resolve({ contentType: 'text/plain; version=0.0.4', text: 'spot_ready 1\n' }),
      logger: silentLogger,
    });
  });

  afterEach(async () => {
    await server[Symbol.asyncDispose]();
  });

  interface Answered {
    readonly status: number | undefined;
    readonly body: string;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  }

  async function ask(path: string, options: { method?: string; host?: string } = {}): Promise<Answered> {
    const { method = 'GET', host } = options;
    const sent = request(server.url + path, {
      method,
      agent: false,
      ...(host === undefined ? {} : { headers: { host } }),
    });
    sent.end();
    return await new Promise((resolve, reject) => {
      sent.on('error', reject);
      sent.on('response', (answer) => {
        text(answer).then((body) => {
          resolve({ status: answer.statusCode, body, headers: answer.headers });
        }, reject);
      });
    });
  }

  it('says live in any state, ready with 200 or 503, and gives the metrics with their type', async () => {
    expect(await ask('/health/ready')).to.include({ status: 200, body: '{"status":"ready","problems":[]}\n' });
    const problem = { what: 'source', cluster: 'a', code: 'SILENT', since: '2026-11-21T00:00:00.000Z' } as const;
    readiness = { isReady: false, problems: [problem] };

    const ready = await ask('/health/ready?verbose');
    expect(ready.status).to.equal(503);
    expect(JSON.parse(ready.body)).to.deep.equal({ status: 'not ready', problems: [problem] });
    expect(await ask('/health/live')).to.include({ status: 200, body: '{"status":"live","version":"1.2.3"}\n' });
    const metrics = await ask('/metrics');
    expect(metrics).to.include({ status: 200, body: 'spot_ready 1\n' });
    expect(metrics.headers).to.include({ 'content-type': 'text/plain; version=0.0.4', 'cache-control': 'no-store' });
  });

  it('refuses another host name with 421 before it looks at the path, so that no web page can read it', async () => {
    for (const path of ['/health/live', '/metrics', '/nothing'])
      for (const host of ['evil.example', 'localhost.evil.example:9464'])
        expect(await ask(path, { host }), `${host}${path}`).to.have.property('status', 421);
  });

  it('refuses every other method with 405 and every other path with 404', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE']) {
      const { status, headers } = await ask('/metrics', { method });
      expect(status, method).to.equal(405);
      expect(headers, method).to.include({ allow: 'GET' });
      expect(headers, method).to.not.have.property('access-control-allow-origin');
    }
    for (const path of ['/', '/health', '/metrics/', '//metrics', '/%6detrics'])
      expect(await ask(path), path).to.have.property('status', 404);
  });

  it('ends a connection that sends its request slowly after 5 s, and refuses headers above 8 KB', async function () {
    this.timeout(15_000);
    const { port } = new URL(server.url);
    const slow = connect(Number(port), '127.0.0.1');
    const startedAt = performance.now();
    slow.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n');
    const answer = text(slow);
    const big = connect(Number(port), '127.0.0.1');
    big.write(`GET /metrics HTTP/1.1\r\nHost: localhost\r\nX: ${'a'.repeat(9000)}\r\n\r\n`);

    expect(await text(big)).to.match(/^HTTP\/1.1 431 /);
    expect(await answer).to.match(/^HTTP\/1.1 408 /);
    expect(performance.now() - startedAt).to.be.within(4000, 9000);
  });

  it('does not take a body: the connection is closed behind the answer', async () => {
    const { port } = new URL(server.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      'GET /health/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\nGET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n',
    );
    const answer = await text(socket);

    expect(answer.match(/HTTP\/1\.1 /g)).to.have.lengthOf(1);
    expect(answer)
      .to.match(/^HTTP\/1.1 200 /)
      .and.include('connection: close');
  });

  it('closes with connections open', async () => {
    const { port } = new URL(server.url);
    const idle = connect(Number(port), '127.0.0.1');
    await once(idle, 'connect');
    const closed = once(idle, 'close');

    await server[Symbol.asyncDispose]();

    await closed;
    server = await HealthServer.listen({
      address: { host: '127.0.0.1', port: 0, isLoopback: true },
      allowedHosts: [],
      version: '',
      readiness: () => readiness,
      metrics: () => Promise.reject(new Error('broken')),
      logger: silentLogger,
    });
    expect(await ask('/metrics')).to.include({ status: 500, body: 'internal error\n' });
  });
});
