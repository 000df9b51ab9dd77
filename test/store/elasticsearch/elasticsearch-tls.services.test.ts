import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TlsOptions } from 'node:tls';
import { silentLogger } from '../../../src/logging/logger.ts';
import { ElasticsearchStore } from '../../../src/store/elasticsearch/elasticsearch-store.ts';
import { StoreError } from '../../../src/util/errors.ts';
import { makeCertificates, type Certificates, type Identity } from '../../support/certificates.ts';
import { describeWithService } from '../../support/describe-with-service.ts';
import { settingsFor } from './test-server.ts';

/** S11. The real server with other certificates: what it is told and answers goes through a relay that shows them. */
describeWithService('SPOT_TEST_ES_SECURE_URL', 'store/elasticsearch refuses', (url) => {
  const login = {
    username: process.env['SPOT_TEST_ES_SECURE_USERNAME'] ?? '',
    password: process.env['SPOT_TEST_ES_SECURE_PASSWORD'] ?? '',
  };
  const HERE = 'DNS:localhost,IP:127.0.0.1';
  let certificates: Certificates;

  before(() => {
    certificates = makeCertificates();
  });

  after(() => {
    certificates[Symbol.dispose]();
  });

  /** Asks the server for its indexes, behind this certificate; the error, or undefined when it answered. */
  const asking = async (identity: Identity, tls: TlsOptions = {}, caPath = certificates.caPath): Promise<unknown> => {
    const received: Buffer[] = [];
    const ca = readFileSync(process.env['SPOT_TEST_ES_SECURE_CA'] ?? '');
    const relay = createServer({ cert: identity.cert, key: identity.key, ...tls }, (socket) => {
      const server = connect({ port: Number(new URL(url).port), host: 'localhost', ca });
      socket.on('data', (data: Buffer) => received.push(data));
      socket.pipe(server).pipe(socket);
      for (const end of [socket, server])
        end.on('error', () => {
          socket.destroy();
          server.destroy();
        });
    });
    relay.on('tlsClientError', () => undefined);
    relay.listen(0, '127.0.0.1');
    await once(relay, 'listening');
    try {
      const address = `https://localhost:${(relay.address() as AddressInfo).port}`;
      await using store = await ElasticsearchStore.open(
        settingsFor(address, randomUUID(), { ca_file: caPath, retry_seconds: 0, ...login }),
        silentLogger,
      );
      const error = await store.readErrors(['none']).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      // Who is refused learns nothing, the password least of all.
      if (error !== undefined) expect(Buffer.concat(received).length).to.equal(0);
      return error;
    } finally {
      relay.close();
    }
  };
  const refusal = async (...args: Parameters<typeof asking>): Promise<string> => {
    const error = await asking(...args);
    expect(error).to.be.instanceOf(StoreError).and.to.include({ code: 'STORE_TLS', retryable: false });
    const { message } = error as StoreError;
    expect(message).to.include('https://localhost:').and.to.include('ca_file').and.not.include(login.password);
    return message;
  };

  it('nothing when the certificate is valid, so that the refusals mean something', async () => {
    expect(await asking(certificates.sign('server', HERE))).to.equal(undefined);
  });

  it('a certificate that has expired', async () => {
    expect(await refusal(certificates.sign('expired', HERE, -1))).to.match(/expired/i);
  });

  it('the certificate of another host', async () => {
    expect(await refusal(certificates.sign('elsewhere', 'DNS:elsewhere.example'))).to.match(/ALTNAME|altnames/);
  });

  it('a certificate of another authority', async () => {
    using others = makeCertificates();
    expect(await refusal(others.sign('server', HERE))).to.match(/unable to verify|signature/);
  });

  it('a certificate that nobody signed but itself', async () => {
    expect(await refusal(certificates.selfSign('alone', HERE))).to.match(/SELF_SIGNED|self-signed/);
  });

  it('TLS 1.1', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    expect(await refusal(certificates.sign('old', HERE), old)).to.match(/protocol|PROTOCOL|SSL/);
  });

  it('everybody where ca_file holds no certificate', async () => {
    const identity = certificates.sign('server', HERE);

    expect(await refusal(identity, {}, identity.keyPath)).to.match(/certificate/);
  });
});
