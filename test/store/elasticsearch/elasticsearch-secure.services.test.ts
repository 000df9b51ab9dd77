import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { connect, createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { silentLogger } from '../../../src/logging/logger.ts';
import type { ElasticsearchSettings } from '../../../src/store/elasticsearch/config.ts';
import { ElasticsearchStore } from '../../../src/store/elasticsearch/elasticsearch-store.ts';
import type { StoreError } from '../../../src/util/errors.ts';
import { describeWithService } from '../../support/describe-with-service.ts';
import { sampleError, sampleKey, sampleRun } from '../sample-runs.ts';
import { collect, failure } from '../store-contract.ts';
import { settingsFor } from './test-server.ts';

/** The rights that src/store/elasticsearch/README.md asks for. */
const WRITER = {
  cluster: ['monitor', 'manage_index_templates'],
  indices: [{ names: ['spot_*'], privileges: ['manage', 'read', 'write'] }],
};
const READER = { cluster: [], indices: [{ names: ['spot_*'], privileges: ['read'] }] };

describeWithService('SPOT_TEST_ES_SECURE_URL', 'store/elasticsearch with TLS and logins', (url) => {
  const admin = {
    username: process.env['SPOT_TEST_ES_SECURE_USERNAME'] ?? '',
    password: process.env['SPOT_TEST_ES_SECURE_PASSWORD'] ?? '',
  };
  const caFile = process.env['SPOT_TEST_ES_SECURE_CA'] ?? '';
  const suffix = randomUUID();
  const stores: ElasticsearchStore[] = [];

  const open = async (changes: Partial<ElasticsearchSettings>): Promise<ElasticsearchStore> => {
    const store = await ElasticsearchStore.open(
      settingsFor(url, suffix, { ca_file: caFile, retry_seconds: 0, ...changes }),
      silentLogger,
    );
    stores.push(store);
    return store;
  };
  const preparing = async (changes: Partial<ElasticsearchSettings>): Promise<StoreError> =>
    (await failure((await open(changes)).prepare())) as StoreError;
  const manage = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const { username, password } = admin;
    const sent = request(url + path, {
      method,
      auth: `${username}:${password}`,
      ca: readFileSync(caFile),
      headers: { 'content-type': 'application/json' },
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    return await new Promise((resolve, reject) => {
      sent.on('error', reject);
      sent.on(
        'response',
        (answer) =>
          void text(answer).then((json) => {
            resolve(JSON.parse(json) as Record<string, unknown>);
          }, reject),
      );
    });
  };
  const login = async (role: unknown): Promise<{ readonly username: string; readonly password: string }> => {
    const username = `user-${randomUUID()}`;
    await manage('PUT', `/_security/role/${username}`, role);
    await manage('PUT', `/_security/user/${username}`, { password: 'test-only-password', roles: [username] });
    return { username, password: 'test-only-password' };
  };

  before(async () => {
    // The first user waits until Elasticsearch has made its security index.
    await login(READER);
  }).timeout(60_000);

  afterEach(async () => {
    for (const store of stores.splice(0)) await store[Symbol.asyncDispose]();
  });

  after(async () => {
    for (const kind of ['raw', 'agg', 'err', 'detail', 'kept'])
      await manage('DELETE', `/spot_${kind}_test_${suffix}-000001?ignore_unavailable=true`);
  });

  describe('a login', function () {
    this.timeout(60_000);

    it('does everything with a certificate of its own authority and the rights that README.md names', async () => {
      const store = await open(await login(WRITER));
      await store.prepare();

      expect(await store.saveRuns([sampleRun({ withDetail: true })])).to.deep.equal([{ status: 'saved' }]);
      await store.saveErrors([sampleError()]);
      expect(await collect(store.findAggregates({}))).to.have.lengthOf(1);
      expect((await store.readLedger([sampleKey()])).size).to.equal(1);
      expect(await store.stats()).to.include({ agg: 1, raw: 1, detail: 1, err: 1 });
      expect((await store.stats()).bytes).to.be.above(1000);
      await store.clearErrors([...(await store.readErrors(['main~app-1-0'])).keys()]);
      expect(await store.stats()).to.include({ err: 0 });
    });

    it('reads with the right to read alone', async () => {
      await (await open(admin)).prepare();
      const store = await open(await login(READER));

      expect(await collect(store.findKeys({}))).to.be.an('array');
      expect(await store.stats()).to.have.property('bytes', undefined);
      const error = await failure(store.saveRuns([sampleRun()]));

      expect(error).to.include({ code: 'STORE_FORBIDDEN', retryable: false });
      expect(error)
        .to.have.property('message')
        .that.matches(/give the user one of the index privileges .*write/);
    });

    it('works with an API key', async () => {
      const { encoded } = await manage('POST', '/_security/api_key', {
        name: `key-${suffix}`,
        role_descriptors: { spot: WRITER },
      });
      const store = await open({ api_key: String(encoded) });

      await store.prepare();

      expect(await store.saveRuns([sampleRun({ appId: 'by-key' })])).to.deep.equal([{ status: 'saved' }]);
    });

    it('names the right that is missing for the templates, and works without it once told not to install them', async () => {
      await manage('DELETE', '/_index_template/spot-*');
      const user = await login({ ...WRITER, cluster: ['monitor'] });

      const error = await preparing(user);

      expect(error).to.have.property('code', 'STORE_FORBIDDEN');
      expect(error.message).to.match(/give the user one of the cluster privileges .*manage_index_templates/);
      const store = await open({ ...user, install_templates: false });
      await store.prepare();
      expect(await store.saveRuns([sampleRun({ appId: 'no-templates' })])).to.deep.equal([{ status: 'saved' }]);
    });

    it('finds out how to speak without the right to ask for the version', async () => {
      const store = await open({ ...(await login({ ...WRITER, cluster: ['manage_index_templates'] })) });

      await store.prepare();

      expect((await store.readLedger([sampleKey({ appId: 'nothing' })])).size).to.equal(0);
    });

    it('refuses a wrong password, an unknown key and no login at all with STORE_UNAUTHORIZED', async () => {
      for (const changes of [
        { ...admin, password: 'wr0ng-s3cret' },
        { api_key: 'd3JvbmctczNjcmV0OndyMG5nLXMzY3JldA==' },
        {},
      ]) {
        const error = await preparing(changes);

        expect(error).to.include({ code: 'STORE_UNAUTHORIZED', retryable: false });
        expect(`${error.message} ${JSON.stringify(error.details)} ${String(error.cause)}`).to.not.match(
          /wr0ng-s3cret|d3JvbmctczNjcmV0/,
        );
      }
    });

    it('refuses a certificate of an unknown authority with STORE_TLS', async () => {
      const error = await preparing({ ...admin, ca_file: '' });

      expect(error).to.include({ code: 'STORE_TLS', retryable: false });
      expect(error.message).to.include('set ca_file');
    });

    it('refuses the certificate of another host with STORE_TLS', async () => {
      // The certificate is for localhost and 127.0.0.1: the same server behind 127.0.0.2 is somebody else.
      const port = Number(new URL(url).port);
      const elsewhere = createServer((socket) => {
        const server = connect(port, '127.0.0.1');
        socket.pipe(server).pipe(socket);
        for (const end of [socket, server])
          end.on('error', () => void socket.destroy(server.destroy().errored ?? undefined));
      }).listen(0, '127.0.0.2');
      await once(elsewhere, 'listening');

      const error = await preparing({
        ...admin,
        elasticsearch_url: `https://127.0.0.2:${String((elsewhere.address() as AddressInfo).port)}`,
      });

      elsewhere.close();
      expect(error).to.include({ code: 'STORE_TLS', retryable: false });
      expect(error.message).to.include('host name');
    });

    it('gets no further without TLS', async () => {
      expect(await preparing({ ...admin, elasticsearch_url: url.replace('https:', 'http:') })).to.have.property(
        'code',
        'STORE_UNAVAILABLE',
      );
    });
  });
});
