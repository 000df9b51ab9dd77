import { expect } from 'chai';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SourceError } from '../../src/util/errors.ts';
import { recordedRun } from '../support/fake-history-server.ts';
import { openHistoryServer, startWithWordCount } from '../support/history-server-fixture.ts';
import { mergedAnswer, splitBulk } from './refused-items.ts';
import { FaultProxy, type Fault, type FaultPlan } from './fault-proxy.ts';

const quiet = (): undefined => undefined;
const BODY = JSON.stringify({ text: 'x'.repeat(100) });

describe('faults/fault-proxy', () => {
  let target: Server;
  let heard: string[];
  let targetUrl: string;
  before(async () => {
    target = createServer((request, response) => {
      heard.push(`${request.method ?? ''} ${request.url ?? ''}`);
      request.resume();
      response.writeHead(201, { 'content-type': 'application/json', 'x-target': 'yes' }).end(BODY);
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    targetUrl = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
  });
  after(() => {
    target.closeAllConnections();
    target.close();
  });
  beforeEach(() => {
    heard = [];
  });

  const start = (plan: FaultPlan, seed = 1): Promise<FaultProxy> =>
    FaultProxy.start({ target: targetUrl, seed, plan, print: quiet, dripMs: 50, slowStartMs: 100 });
  /** What a plain client sees of a call that meets the fault. */
  const see = async (fault: Fault): Promise<string> => {
    await using proxy = await start({ atCall: { 1: fault } });
    try {
      const response = await fetch(`${proxy.url}/path?x=1`, { signal: AbortSignal.timeout(600) });
      return `${response.status} ${(await response.text()) === BODY ? 'whole' : 'else'}`;
    } catch (error) {
      const { name, cause } = error as Error;
      return (cause as { code?: string } | undefined)?.code ?? name;
    }
  };

  it('passes a call on, with its method, path, headers and body, and its answer back', async () => {
    await using proxy = await start({});

    const response = await fetch(`${proxy.url}/a/b?c=d`, { method: 'POST', body: 'text' });

    expect([response.status, response.headers.get('x-target'), await response.text()]).to.deep.equal([
      201,
      'yes',
      BODY,
    ]);
    expect(heard).to.deep.equal(['POST /a/b?c=d']);
    expect(proxy.manifest).to.deep.equal([{ call: 1, method: 'POST', path: '/a/b?c=d', fault: 'none' }]);
  });

  const unheard: readonly (readonly [Fault, string])[] = [
    ['reset', 'ECONNRESET'],
    ['status-429', '429 else'],
    ['status-500', '500 else'],
    ['status-502', '502 else'],
    ['status-503', '503 else'],
    ['status-504', '504 else'],
    ['login-page', '200 else'],
    ['hang', 'TimeoutError'],
  ];
  for (const [fault, seen] of unheard) {
    it(`${fault}: the client sees ${seen}, the target nothing`, async () => {
      expect(await see(fault)).to.equal(seen);
      expect(heard).to.deep.equal([]);
    });
  }

  const heardOf: readonly (readonly [Fault, string])[] = [
    ['lost-answer', 'ECONNRESET'],
    ['truncate', 'UND_ERR_SOCKET'],
    ['cut', '201 else'],
    ['drip', 'TimeoutError'],
    ['slow-start', '201 whole'],
  ];
  for (const [fault, seen] of heardOf) {
    it(`${fault}: the client sees ${seen}, the target has done its work`, async () => {
      expect(await see(fault)).to.equal(seen);
      expect(heard).to.deep.equal(['GET /path?x=1']);
    });
  }

  it('items-429: some operations of a bulk are refused, and never reach the target; the answer is in their order', () => {
    const bulk = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => `{"index":{"_index":"i","_id":"${id}"}}\n{"id":"${id}"}\n`);
    const { body, refused } = splitBulk(
      Buffer.from(`${bulk.join('')}{"delete":{"_index":"i","_id":"g"}}\n`),
      (() => {
        let drawn = 0;
        return () => [1, 4, 6].includes(drawn++);
      })(),
    );

    const kept = ['a', 'c', 'd', 'f'];
    expect(body.toString()).to.equal(bulk.filter((_, index) => [0, 2, 3, 5].includes(index)).join(''));
    const answer = { took: 3, errors: false, items: kept.map((_id) => ({ index: { _id, status: 201 } })) };
    const merged = JSON.parse(mergedAnswer(Buffer.from(JSON.stringify(answer)), refused).toString()) as {
      errors: boolean;
      items: Record<string, { _id: string; status: number }>[];
    };
    expect(merged.errors).to.equal(true);
    expect(
      merged.items.map((item) => Object.values(item).map(({ _id, status }) => `${_id} ${status}`)[0]),
    ).to.deep.equal(['a 201', 'b 429', 'c 201', 'd 201', 'e 429', 'f 201', 'g 429']);
  });

  it('does the same to the k-th call in each run with the same seed, and something else with another', async () => {
    const plan: FaultPlan = { shares: { reset: 0.2, 'status-503': 0.2, 'login-page': 0.1 } };
    const run = async (seed: number): Promise<readonly string[]> => {
      await using proxy = await start(plan, seed);
      for (let call = 0; call < 60; call++)
        await fetch(`${proxy.url}/${call}`).then((response) => response.text(), quiet);
      return proxy.manifest.map(({ fault }) => fault);
    };

    const [first, again, other] = [await run(42), await run(42), await run(43)];

    expect(first).to.have.length(60);
    expect(again).to.deep.equal(first);
    expect(other).to.not.deep.equal(first);
    expect(new Set(first)).to.deep.equal(new Set(['none', 'reset', 'status-503', 'login-page']));
  });

  it('keeps to its shares: 500 calls at 10 % give 50, within four standard deviations (27)', async () => {
    await using proxy = await start({ shares: { 'status-503': 0.1 } }, 7);

    for (let call = 0; call < 500; call++) await (await fetch(proxy.url)).text();

    expect(proxy.counts['status-503']).to.be.within(23, 77);
    expect(heard).to.have.length(500 - (proxy.counts['status-503'] ?? 0));
  });

  it('counts and spoils only the calls it is told to', async () => {
    await using proxy = await start({ atCall: { 2: 'status-503' }, only: (_method, path) => path.startsWith('/b') });

    const statuses: number[] = [];
    for (const path of ['/a', '/b', '/a', '/b', '/b']) statuses.push((await fetch(proxy.url + path)).status);

    expect(statuses).to.deep.equal([201, 201, 201, 503, 201]);
    expect(proxy.manifest.map(({ path }) => path)).to.deep.equal(['/b', '/b', '/b']);
  });

  it('goes down and comes up again', async () => {
    await using proxy = await start({});
    await (await fetch(proxy.url)).text();

    proxy.goDown();
    const failed = await fetch(proxy.url).then(
      () => false,
      () => true,
    );
    proxy.comeUp();

    expect(failed).to.equal(true);
    expect((await fetch(proxy.url)).status).to.equal(201);
  });

  it('asks the target once for an answer that lasts', async () => {
    await using proxy = await FaultProxy.start({
      target: targetUrl,
      seed: 1,
      print: quiet,
      isLasting: (path) => path === '/lasts',
    });

    for (const path of ['/lasts', '/changes', '/lasts', '/changes']) {
      expect(await (await fetch(proxy.url + path)).text()).to.equal(BODY);
    }

    expect(heard).to.deep.equal(['GET /lasts', 'GET /changes', 'GET /changes']);
  });

  it('tells when so many more calls have arrived', async () => {
    await using proxy = await start({});
    await fetch(proxy.url);
    let calls = 0;
    const third = proxy.whenCalled(2).then(() => calls);

    for (calls = 2; calls <= 5; calls++) await fetch(proxy.url);

    expect(await third).to.equal(3);
  });

  it('says its seed', async () => {
    const lines: string[] = [];
    await using proxy = await FaultProxy.start({ target: targetUrl, seed: 99, print: (line) => lines.push(line) });

    expect(proxy.seed).to.equal(99);
    expect(lines.join()).to.contain('SPOT_TEST_SEED=99');
  });

  it('is no obstacle for the History Server source, and one for a client that asks once (negative control)', async () => {
    const shares = { reset: 0.05, 'status-503': 0.05, truncate: 0.05, cut: 0.03, 'status-429': 0.02 };
    await using server = await startWithWordCount();
    const { application } = recordedRun('smoke-wordcount');
    const fetchAll = async (retries: number): Promise<number> => {
      await using proxy = await FaultProxy.start({ target: server.url, seed: 2026, plan: { shares }, print: quiet });
      await using source = openHistoryServer(proxy.url, { retries }).source;
      let failures = 0;
      for (let run = 0; run < 60; run++) {
        await source.fetchAttempt(application, application.attempts[0]!).catch((error: unknown) => {
          expect((error as SourceError).retryable).to.equal(true);
          failures++;
        });
      }
      return failures;
    };

    // With 20 % faults a call of one try fails three times in 15 times; one of nine tries, once in two million.
    expect(await fetchAll(8)).to.equal(0);
    expect(await fetchAll(0)).to.be.at.least(10);
  });
});
