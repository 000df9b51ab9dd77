import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerOptions } from 'node:https';
import type { LogFields, Logger } from '../../../src/logging/logger.ts';
import type { HistoryServerSettings } from '../../../src/sources/history-server/config.ts';
import { ConfigError, SourceError } from '../../../src/util/errors.ts';
import { makeCertificates, type Certificates } from '../../support/certificates.ts';
import { openHistoryServer, startWithWordCount } from '../../support/history-server-fixture.ts';
import { rejection } from '../source-contract.ts';

const LOCAL = 'IP:127.0.0.1,DNS:localhost';

describe('sources/history-server: TLS', () => {
  let certificates: Certificates;
  before(() => {
    certificates = makeCertificates();
  });
  after(() => {
    certificates[Symbol.dispose]();
  });

  /** Lists the one application of a server with these TLS options; the error when it is refused. */
  const ask = async (tls: ServerOptions, settings: Partial<HistoryServerSettings>): Promise<string | SourceError> => {
    await using server = await startWithWordCount({ tls });
    await using source = openHistoryServer(server.url, settings).source;
    try {
      const [application] = await Array.fromAsync(source.listApplications({}));
      return application?.name ?? 'nothing';
    } catch (error) {
      expect(error).to.be.instanceOf(SourceError);
      // A refused certificate is no passing fault: one connection, no request.
      expect((error as SourceError).details['tries']).to.equal(1);
      expect(server.requests).to.have.length(0);
      return error as SourceError;
    }
  };
  const refusal = async (tls: ServerOptions, settings: Partial<HistoryServerSettings>): Promise<string> => {
    const answer = await ask(tls, settings);
    expect(answer).to.include({ code: 'SOURCE_TLS', retryable: false });
    return (answer as SourceError).message;
  };

  it('accepts a server whose authority is in ssl_path', async () => {
    const { cert, key } = certificates.sign('good', LOCAL);

    expect(await ask({ cert, key }, { ssl_path: certificates.caPath })).to.equal('smoke-wordcount');
  });

  it('refuses an unknown authority', async () => {
    const { cert, key } = certificates.sign('unknown', LOCAL);

    expect(await refusal({ cert, key }, {})).to.contain('ssl_path');
  });

  it('refuses a certificate signed by itself', async () => {
    const { cert, key } = certificates.selfSign('self', LOCAL);

    expect(await refusal({ cert, key }, {})).to.contain('self-signed');
    expect(await refusal({ cert, key }, { ssl_path: certificates.caPath })).to.contain('self-signed');
  });

  it('refuses the certificate of another host', async () => {
    const { cert, key } = certificates.sign('elsewhere', 'DNS:history.example');

    expect(await refusal({ cert, key }, { ssl_path: certificates.caPath })).to.contain('127.0.0.1');
  });

  it('refuses a certificate that has expired', async () => {
    const { cert, key } = certificates.sign('expired', LOCAL, -1);

    expect(await refusal({ cert, key }, { ssl_path: certificates.caPath })).to.contain('expired');
  });

  it('refuses TLS below 1.2', async () => {
    const { cert, key } = certificates.sign('old', LOCAL);
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;

    expect(await refusal({ cert, key, ...old }, { ssl_path: certificates.caPath })).to.match(/protocol|version/);
  });

  it('says that a server without TLS at an https address is refused', async () => {
    await using server = await startWithWordCount();
    await using source = openHistoryServer(server.url.replace('http:', 'https:')).source;

    expect(await rejection(Array.fromAsync(source.listApplications({})))).to.include({ code: 'SOURCE_TLS' });
  });

  it('accepts anything with insecure, and shows that in its description and in a warning', async () => {
    const { cert, key } = certificates.selfSign('insecure', 'DNS:history.example');
    const warnings: (readonly [string, LogFields | undefined])[] = [];
    const quiet = (): undefined => undefined;
    const logger: Logger = {
      error: quiet,
      info: quiet,
      debug: quiet,
      warn: (...line) => warnings.push([line[0], line[1]]),
      child: () => logger,
    };

    expect(await ask({ cert, key }, { insecure: true })).to.equal('smoke-wordcount');

    await using source = openHistoryServer('https://history.example', { insecure: true }, { logger }).source;
    expect(source.description).to.contain('insecure');
    expect(warnings.map(([message]) => message)).to.deep.equal([
      'The certificate of the History Server is not checked (insecure).',
    ]);
  });

  it('shows its client certificate to a server that asks for one, and is refused without', async () => {
    const { cert, key } = certificates.sign('strict', LOCAL);
    const client = certificates.sign('client', 'DNS:spot.example');
    const strict = { cert, key, ca: certificates.ca, requestCert: true, rejectUnauthorized: true };
    const identity = { client_certificate_path: client.certPath, client_key_path: client.keyPath };

    expect(await ask(strict, { ssl_path: certificates.caPath, ...identity })).to.equal('smoke-wordcount');

    // In TLS 1.3 the server refuses after the handshake, and Node's just closes: it looks like any lost connection.
    const refused = (await ask(strict, { ssl_path: certificates.caPath, retries: 0 })) as SourceError;
    expect(refused.code).to.be.oneOf(['SOURCE_UNAVAILABLE', 'SOURCE_TLS']);
    expect(refused.message).to.contain('client certificate');
  });

  it('refuses broken key files at the start', () => {
    const one = certificates.sign('one', LOCAL);
    const other = certificates.sign('other', LOCAL);
    const garbage = join(certificates.caPath, '..', 'garbage.pem');
    writeFileSync(garbage, 'no certificate');
    const open = (settings: Partial<HistoryServerSettings>) => () => openHistoryServer('https://localhost', settings);

    expect(open({ ssl_path: '/nowhere/ca.pem' }))
      .to.throw(ConfigError, 'ssl_path')
      .with.property('code', 'CONFIG_UNREADABLE_FILE');
    expect(open({ client_certificate_path: one.certPath })).to.throw(ConfigError, 'belong together');
    expect(open({ client_certificate_path: one.certPath, client_key_path: other.keyPath })).to.throw(
      ConfigError,
      'TLS identity',
    );
    expect(open({ client_certificate_path: garbage, client_key_path: one.keyPath })).to.throw(
      ConfigError,
      'TLS identity',
    );
  });
});
