import { expect } from 'chai';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultsOf } from '../../../src/config/section.ts';
import { eventLogsSection, type EventLogsSettings } from '../../../src/sources/event-log/config.ts';
import { S3FileSystem, type S3Options } from '../../../src/sources/event-log/s3-file-system.ts';
import { parseS3Page } from '../../../src/sources/event-log/s3-list.ts';
import { ConfigError, SourceError } from '../../../src/util/errors.ts';
import { type StubServer, stubServer } from './stub-server.ts';

const NO_CREDENTIALS = { environment: { AWS_EC2_METADATA_DISABLED: 'true' } };

function fileSystemAt(
  server: StubServer,
  more: Partial<EventLogsSettings> = {},
  options: S3Options = NO_CREDENTIALS,
): S3FileSystem {
  const settings = {
    ...defaultsOf(eventLogsSection),
    path: 's3://bucket/logs',
    s3_endpoint: server.url,
    retries: 3,
    ...more,
  };
  return new S3FileSystem(settings, { random: () => 0, ...options });
}

async function read(fileSystem: S3FileSystem, path: string, range?: { start?: number; end?: number }): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of fileSystem.open(path, range)) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts).toString();
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'nothing thrown',
    (thrown: unknown) => thrown,
  );
  return error instanceof SourceError ? `${error.code}${error.retryable ? ' retryable' : ''}` : String(error);
}

function page(keys: readonly string[], next?: string): string {
  const contents = keys.map(
    (key) =>
      `<Contents><Key>${key}</Key><LastModified>2026-11-21T10:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>3</Size></Contents>`,
  );
  const more =
    next === undefined
      ? '<IsTruncated>false</IsTruncated>'
      : `<IsTruncated>true</IsTruncated><NextContinuationToken>${next}</NextContinuationToken>`;
  return `<?xml version="1.0"?><ListBucketResult><Name>bucket</Name>${more}${contents.join('')}</ListBucketResult>`;
}

function fail(response: ServerResponse, status: number, code: string, headers = {}): void {
  response
    .writeHead(status, headers)
    .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`);
}

describe('sources/event-log/s3-file-system, faults', () => {
  it('goes on where a download broke, and only with the same object', async () => {
    const text = '0123456789'.repeat(1000);
    await using server = await stubServer((request, response, count) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? 'bytes=0-')?.[1]);
      response.writeHead(from === 0 ? 200 : 206, { etag: '"v1"', 'content-length': text.length - from });
      if (count === 3) response.end(text.slice(from));
      else response.write(text.slice(from, from + 3000), () => setTimeout(() => response.destroy(), 20));
    });
    await using fileSystem = fileSystemAt(server);

    expect(await read(fileSystem, 'app')).to.equal(text);

    expect(server.headers.map((headers) => [headers.range, headers['if-match']])).to.deep.equal([
      [undefined, undefined],
      ['bytes=3000-', '"v1"'],
      ['bytes=6000-', '"v1"'],
    ]);
  });

  it('says vanished when the object was replaced while it was read', async () => {
    await using server = await stubServer((_request, response, count) => {
      if (count > 1) {
        fail(response, 412, 'PreconditionFailed');
        return;
      }
      response.writeHead(200, { etag: '"v1"', 'content-length': 100 });
      response.write('0123', () => setTimeout(() => response.destroy(), 20));
    });
    await using fileSystem = fileSystemAt(server);

    expect(await codeOf(read(fileSystem, 'app'))).to.equal('SOURCE_RUN_VANISHED retryable');
  });

  it('asks again when it is told to slow down, and gives up after 3 more tries', async () => {
    await using server = await stubServer((_request, response, count) => {
      if (count % 4 === 0) response.end(page(['logs/app-1']));
      else fail(response, 503, 'SlowDown');
    });
    await using patient = fileSystemAt(server);
    await using hasty = fileSystemAt(server, { retries: 2 });

    expect((await patient.list({ recursive: true })).map(({ path }) => path)).to.deep.equal(['app-1']);
    expect(await codeOf(hasty.list({ recursive: true }))).to.equal('SOURCE_UNAVAILABLE retryable');
    expect(server.asked).to.have.length(7);
  });

  it('tells where to look when bucket, region or credentials are wrong', async () => {
    const answers: [number, string, Record<string, string>, string][] = [
      [301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-1' }, 'SOURCE_REDIRECTED'],
      [400, 'AuthorizationHeaderMalformed', {}, 'SOURCE_REDIRECTED'],
      [403, 'AccessDenied', {}, 'SOURCE_UNAUTHORIZED'],
      [404, 'NoSuchBucket', {}, 'SOURCE_WRONG_ADDRESS'],
      [400, 'InvalidRequest', {}, 'SOURCE_REFUSED'],
    ];
    for (const [status, code, headers, expected] of answers) {
      await using server = await stubServer((_request, response) => {
        fail(response, status, code, headers);
      });
      await using fileSystem = fileSystemAt(server);

      const error: unknown = await fileSystem.list({ recursive: true }).catch((thrown: unknown) => thrown);

      expect(error, code).to.be.instanceOf(SourceError).with.property('code', expected);
      if (code === 'PermanentRedirect') expect((error as SourceError).message).to.contain('s3_region = eu-west-1');
    }
  });

  it('refuses a store that ignores ranges, lists in a circle or does not speak S3', async () => {
    await using whole = await stubServer((_request, response) => response.end('0123456789'));
    await using circle = await stubServer((_request, response) => response.end(page(['logs/a'], 'again')));
    await using other = await stubServer((_request, response) => response.end('<html>hello</html>'));
    await using first = fileSystemAt(whole);
    await using second = fileSystemAt(circle);
    await using third = fileSystemAt(other);

    expect(await codeOf(read(first, 'app', { start: 5 }))).to.equal('SOURCE_WRONG_ANSWER');
    expect(await read(first, 'app', { end: 5 })).to.equal('01234');
    expect(await codeOf(second.list({ recursive: true }))).to.equal('SOURCE_WRONG_ANSWER');
    expect(await codeOf(third.list({ recursive: true }))).to.equal('SOURCE_WRONG_ANSWER');
  });

  it('gives up on a store that falls silent', async () => {
    await using server = await stubServer((_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('<ListBucketResult>');
    });
    await using fileSystem = fileSystemAt(server, { idle_timeout_seconds: 0.2, retries: 0 });

    expect(await codeOf(fileSystem.list({ recursive: true }))).to.equal('SOURCE_TIMEOUT retryable');
  });

  describe('credentials', () => {
    const listed = (response: ServerResponse): void => void response.end(page([]));

    it('come from the settings, else from the environment, else there are none', async () => {
      await using server = await stubServer((_request, response) => {
        listed(response);
      });
      const environment = {
        AWS_ACCESS_KEY_ID: 'ENVID',
        AWS_SECRET_ACCESS_KEY: 'x',
        AWS_SESSION_TOKEN: 'TOKEN',
        AWS_REGION: 'eu-north-1',
      };
      for (const fileSystem of [
        fileSystemAt(
          server,
          { s3_access_key_id: 'SETID', s3_secret_access_key: 'x', s3_region: 'mars-1' },
          { environment },
        ),
        fileSystemAt(server, {}, { environment }),
        fileSystemAt(server),
      ]) {
        await fileSystem.list({ recursive: true });
        await fileSystem[Symbol.asyncDispose]();
      }

      const told = server.headers.map((headers) => [
        /Credential=(\w+)\/\d+\/([\w-]+)/.exec(headers.authorization ?? '')?.slice(1),
        headers['x-amz-security-token'],
      ]);
      expect(told).to.deep.equal([
        [['SETID', 'mars-1'], undefined],
        [['ENVID', 'eu-north-1'], 'TOKEN'],
        [undefined, undefined],
      ]);
    });

    it('of a container role are asked for with its token, kept, and renewed 5 minutes before they end', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'spot-s3-'));
      await writeFile(join(folder, 'token'), 'let-me-in\n');
      let now = Date.parse('2026-11-21T10:00:00Z');
      let given = 0;
      await using server = await stubServer((request, response) => {
        if (request.url !== '/role?x=1') {
          listed(response);
          return;
        }
        given++;
        response.end(
          JSON.stringify({
            AccessKeyId: `ROLE${given}`,
            SecretAccessKey: 's',
            Token: 't',
            Expiration: new Date(now + 3_600_000).toISOString(),
          }),
        );
      });
      const environment = {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.url}/role?x=1`,
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(folder, 'token'),
      };
      await using fileSystem = fileSystemAt(server, {}, { environment, now: () => now });

      for (const minutes of [0, 50, 6]) {
        now += minutes * 60_000;
        await fileSystem.list({ recursive: true });
      }

      const used = server.headers.map(({ authorization }) =>
        authorization === 'let-me-in' ? 'asked' : /Credential=(\w+)/.exec(authorization!)?.[1],
      );
      expect(used).to.deep.equal(['asked', 'ROLE1', 'ROLE1', 'asked', 'ROLE2']);
      await rm(folder, { recursive: true });
    });

    it('half given are a mistake', async () => {
      await using server = await stubServer(() => undefined);

      expect(() => fileSystemAt(server, { s3_access_key_id: 'x' })).to.throw(ConfigError);
    });
  });

  it('finds bucket, prefix and host of its settings', () => {
    const hosts = [
      ['s3://logs/a/b/', {}],
      ['s3a://logs', { s3_region: 'eu-west-1' }],
      ['s3://my.logs/a', {}],
      ['s3://logs/a', { s3_endpoint: 'https://minio.local:9000' }],
      ['s3://logs/a', { s3_endpoint: 'https://minio.local:9000', s3_path_style: true }],
    ] as const;
    const found = hosts.map(([path, more]) => {
      const { host, description } = new S3FileSystem(
        { ...defaultsOf(eventLogsSection), path, ...more },
        NO_CREDENTIALS,
      );
      return [host, description];
    });

    expect(found).to.deep.equal([
      ['logs.s3.us-east-1.amazonaws.com', 'event logs in s3://logs/a/b/'],
      ['logs.s3.eu-west-1.amazonaws.com', 'event logs in s3://logs/'],
      ['s3.us-east-1.amazonaws.com', 'event logs in s3://my.logs/a/'],
      ['logs.minio.local', 'event logs in s3://logs/a/ at minio.local:9000'],
      ['minio.local', 'event logs in s3://logs/a/ at minio.local:9000'],
    ]);
  });

  it('reads keys in both spellings that stores use', () => {
    const plain = page(['a&amp;b&lt;c&gt;&#233;+d']);
    const encoded = page(['a%26b%3Cc%3E%C3%A9%2Bd+e']).replace('<Name>', '<EncodingType>url</EncodingType><Name>');

    expect([plain, encoded].map((xml) => parseS3Page(xml).objects[0]?.key)).to.deep.equal(['a&b<c>é+d', 'a&b<c>é+d e']);
  });
});
