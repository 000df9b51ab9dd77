import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { defaultsOf } from '../../../src/config/section.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { eventLogsSection, type EventLogsSettings } from '../../../src/sources/event-log/config.ts';
import { EventLogSource } from '../../../src/sources/event-log/event-log-source.ts';
import { S3FileSystem } from '../../../src/sources/event-log/s3-file-system.ts';
import { encodeKey } from '../../../src/sources/event-log/s3-signature.ts';
import { SourceError } from '../../../src/util/errors.ts';
import { describeWithService } from '../../support/describe-with-service.ts';

const CORPUS = fileURLToPath(new URL('../../fixtures/spark-corpus/logs', import.meta.url));

// Against moto's server (pip install moto[server]; moto_server -p PORT), which stores what S3 would and checks no signature.
describeWithService('SPOT_TEST_S3_URL', 'sources/event-log/s3-file-system', (endpoint) => {
  const bucket = `spot-${randomUUID()}`;

  async function put(key: string, content: Buffer | string): Promise<void> {
    const response = await fetch(`${endpoint}/${bucket}/${encodeKey(key)}`, {
      method: 'PUT',
      body: typeof content === 'string' ? content : new Uint8Array(content),
    });
    expect(response.status).to.equal(200);
  }

  function settings(path: string, more: Partial<EventLogsSettings> = {}): EventLogsSettings {
    return {
      ...defaultsOf(eventLogsSection),
      path,
      s3_endpoint: endpoint,
      s3_path_style: true,
      s3_access_key_id: 'test',
      s3_secret_access_key: 'test',
      retries: 0,
      ...more,
    };
  }

  async function read(
    fileSystem: S3FileSystem,
    path: string,
    range?: { start?: number; end?: number },
  ): Promise<string> {
    const parts: Buffer[] = [];
    for await (const chunk of fileSystem.open(path, range)) parts.push(Buffer.from(chunk));
    return Buffer.concat(parts).toString();
  }

  async function codeOf(work: Promise<unknown>): Promise<string> {
    const error: unknown = await work.then(
      () => 'nothing thrown',
      (thrown: unknown) => thrown,
    );
    return error instanceof SourceError ? error.code : String(error);
  }

  before(async () => {
    expect((await fetch(`${endpoint}/${bucket}`, { method: 'PUT' })).status).to.equal(200);
  });

  it('lists below its prefix, folders when asked, rolling logs always, and odd names as they are', async () => {
    const odd = "a b+c&d<e>ü'(1)%2F.log";
    const keys = [
      'app-1',
      'eventlog_v2_a/events_1_a',
      'eventlog_v2_a/appstatus_a',
      'sub/app-2',
      `sub/${odd}`,
      '.hidden',
      'sub/',
    ];
    for (const key of keys) await put(`list/${key}`, key.endsWith('/') ? '' : 'abc');
    await put('list-other/app-9', 'abc');
    await using fileSystem = new S3FileSystem(settings(`s3://${bucket}/list`));

    const all = await fileSystem.list({ recursive: true });
    const flat = await fileSystem.list({ recursive: false });

    expect(all.map(({ path }) => path)).to.have.members([
      'app-1',
      'eventlog_v2_a/events_1_a',
      'eventlog_v2_a/appstatus_a',
      'sub/app-2',
      `sub/${odd}`,
    ]);
    expect(flat.map(({ path }) => path)).to.have.members([
      'app-1',
      'eventlog_v2_a/events_1_a',
      'eventlog_v2_a/appstatus_a',
    ]);
    expect(all[0]).to.include({ size: 3 });
    expect(Math.abs(all[0]!.modified - Date.now())).to.be.below(60_000);
    expect(await read(fileSystem, `sub/${odd}`)).to.equal('abc');
  });

  it('lists 1,200 keys over two pages', async function () {
    this.timeout(60_000);
    const names = Array.from({ length: 1200 }, (_, i) => `app-${String(i).padStart(4, '0')}`);
    for (let at = 0; at < names.length; at += 50)
      await Promise.all(names.slice(at, at + 50).map((name) => put(`many/${name}`, 'x')));
    await using fileSystem = new S3FileSystem(settings(`s3a://${bucket}/many/`));

    expect((await fileSystem.list({ recursive: true })).map(({ path }) => path)).to.deep.equal(names);
  });

  it('reads whole objects, ranges, and nothing behind the end', async () => {
    await put('read/app', '0123456789');
    await using fileSystem = new S3FileSystem(settings(`s3://${bucket}/read`));

    expect(await read(fileSystem, 'app')).to.equal('0123456789');
    expect(await read(fileSystem, 'app', { start: 2, end: 5 })).to.equal('234');
    expect(await read(fileSystem, 'app', { start: 7 })).to.equal('789');
    expect(await read(fileSystem, 'app', { end: 50 })).to.equal('0123456789');
    expect(await read(fileSystem, 'app', { start: 10 })).to.equal('');
  });

  it('says what is missing: an object, a bucket', async () => {
    await using fileSystem = new S3FileSystem(settings(`s3://${bucket}/none`));
    await using other = new S3FileSystem(settings('s3://no-such-bucket-here/x'));

    expect(await codeOf(read(fileSystem, 'app'))).to.equal('SOURCE_RUN_VANISHED');
    expect(await fileSystem.list({ recursive: true })).to.deep.equal([]);
    expect(await codeOf(other.list({ recursive: true }))).to.equal('SOURCE_WRONG_ADDRESS');
  });

  it('gives the same applications and parts as the same logs in a folder', async function () {
    this.timeout(60_000);
    for (const entry of await readdir(CORPUS, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = `${entry.parentPath}/${entry.name}`;
      await put(`corpus/${path.slice(CORPUS.length + 1)}`, await readFile(path));
    }
    await using local = await EventLogSource.open(
      { ...defaultsOf(eventLogsSection), path: CORPUS },
      { logger: silentLogger },
    );
    await using bucketed = await EventLogSource.open(settings(`s3://${bucket}/corpus`), { logger: silentLogger });

    const [expected, found] = [
      await Array.fromAsync(local.listApplications({})),
      await Array.fromAsync(bucketed.listApplications({})),
    ];

    const withoutLastUpdated = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value), (key, inner: unknown) => (key.startsWith('lastUpdated') ? undefined : inner));
    expect(found).to.have.length(10);
    expect(withoutLastUpdated(found)).to.deep.equal(withoutLastUpdated(expected));
    for (const [i, application] of found.entries()) {
      const attempt = application.attempts[0]!;
      const { stages, detail } = await bucketed.fetchAttempt(application, attempt);
      const there = await local.fetchAttempt(expected[i]!, expected[i]!.attempts[0]!);
      expect(stages, application.name).to.deep.equal(there.stages);
      expect(detail?.quality, application.name).to.deep.equal(there.detail?.quality);
    }
  });
});
