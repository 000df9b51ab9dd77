import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultsOf } from '../../../src/config/section.ts';
import type { Logger } from '../../../src/logging/logger.ts';
import { historyServerSection, type HistoryServerSettings } from '../../../src/sources/history-server/config.ts';
import { credentialsOf, type Credentials } from '../../../src/sources/history-server/credentials.ts';
import { ConfigError } from '../../../src/util/errors.ts';
import { openHistoryServer, startWithWordCount } from '../../support/history-server-fixture.ts';

describe('sources/history-server/credentials', () => {
  let folder: string;
  let now = 0;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spot-credentials-'));
    now = 0;
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const make = (settings: Partial<HistoryServerSettings>): Credentials =>
    credentialsOf({ ...defaultsOf(historyServerSection), ...settings }, () => now);
  const file = (text: string): string => {
    const path = join(folder, 'secret');
    writeFileSync(path, text);
    return path;
  };

  it('sends nothing unless told to', () => {
    expect(make({})()).to.equal(undefined);
  });

  it('makes the headers of RFC 7617 and RFC 6750, and one of its own', () => {
    // "Aladdin:open sesame" is the example of RFC 7617.
    expect(make({ username: 'Aladdin', password: 'open sesame' })()).to.deep.equal([
      'authorization',
      'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
    ]);
    expect(make({ bearer_token: 'mF_9.B5f-4.1JqM' })()).to.deep.equal(['authorization', 'Bearer mF_9.B5f-4.1JqM']);
    expect(make({ auth_header_name: 'X-Api-Key', auth_header_value: 'k1' })()).to.deep.equal(['x-api-key', 'k1']);
  });

  it('takes the secret from a file, without the line break at its end', () => {
    expect(make({ username: 'Aladdin', password_file: file('open sesame\n') })()?.[1]).to.equal(
      'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==',
    );
    expect(make({ bearer_token_file: file('t0k3n\r\n') })()?.[1]).to.equal('Bearer t0k3n');
    expect(make({ auth_header_name: 'x', auth_header_file: file('k2') })()?.[1]).to.equal('k2');
  });

  it('reads the file again after a minute, and keeps the old secret while the file is missing or empty', () => {
    const path = file('first');
    const credentials = make({ bearer_token_file: path });
    file('second');
    now = 59_999;
    expect(credentials()?.[1]).to.equal('Bearer first');
    now = 60_000;
    expect(credentials()?.[1]).to.equal('Bearer second');
    file('');
    now = 120_000;
    expect(credentials()?.[1]).to.equal('Bearer second');
    rmSync(path);
    now = 180_000;
    expect(credentials()?.[1]).to.equal('Bearer second');
  });

  it('refuses two ways at once, a value beside a file, a missing file, and what no header may hold', () => {
    expect(() => make({ username: 'a', bearer_token: 'b' })).to.throw(ConfigError, 'give one of them');
    expect(() => make({ bearer_token: 'b', bearer_token_file: '/f' })).to.throw(
      ConfigError,
      'as a value and as a file',
    );
    expect(() => make({ bearer_token_file: '/nowhere/token' }))
      .to.throw(ConfigError, 'bearer_token')
      .with.property('code', 'CONFIG_UNREADABLE_FILE');
    expect(() => make({ bearer_token: 'hunter2\r\nx: y' }))
      .to.throw(ConfigError, 'line break')
      .with.property('message')
      .that.does.not.contain('hunter2');
    expect(() => make({ auth_header_name: 'X Key' })).to.throw(ConfigError, 'auth_header_name');
  });

  it('sends them to the server with the name of the product, and never shows them', async () => {
    await using server = await startWithWordCount();
    const opened = openHistoryServer(
      server.url,
      { username: 'spot', password: 'hunter2' },
      { userAgent: 'spark-spot/1.2.3' },
    );
    await using source = opened.source;
    server.answerNext((_request, response) => response.writeHead(401).end());

    const error: unknown = await Array.fromAsync(source.listApplications({})).catch((thrown: unknown) => thrown);

    expect(server.requests[0]!.headers).to.include({
      authorization: 'Basic c3BvdDpodW50ZXIy',
      'user-agent': 'spark-spot/1.2.3',
      accept: 'application/json',
    });
    const { message, details } = error as ConfigError;
    expect(JSON.stringify([message, details, source.description]))
      .to.contain('401')
      .and.not.contain('hunter2')
      .and.not.contain('c3BvdD');
  });

  it('warns when they would travel unencrypted to another machine', () => {
    const warnings: string[] = [];
    const quiet = (): undefined => undefined;
    const logger: Logger = {
      error: quiet,
      info: quiet,
      debug: quiet,
      warn: (message) => warnings.push(message),
      child: () => logger,
    };

    openHistoryServer('http://localhost:18080', { bearer_token: 't' }, { logger });
    openHistoryServer('https://history.example', { bearer_token: 't' }, { logger });
    expect(warnings).to.deep.equal([]);

    openHistoryServer('http://history.example', { bearer_token: 't' }, { logger });
    expect(warnings).to.deep.equal(['Credentials for the History Server travel unencrypted; use https.']);
  });
});
