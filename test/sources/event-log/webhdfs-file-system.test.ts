import { expect } from 'chai';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import { defaultsOf } from '../../../src/config/section.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { eventLogsSection, type EventLogsSettings } from '../../../src/sources/event-log/config.ts';
import { EventLogSource } from '../../../src/sources/event-log/event-log-source.ts';
import { dataNodeRequest, parseWebHdfsPath } from '../../../src/sources/event-log/webhdfs-address.ts';
import { WebHdfsFileSystem } from '../../../src/sources/event-log/webhdfs-file-system.ts';
import { ConfigError, SourceError } from '../../../src/util/errors.ts';
import { type StubServer, stubServer } from './stub-server.ts';

const SMALL_LOG = readFileSync(new URL('../../fixtures/event-logs/codecs/app', import.meta.url));

/** What is in this HDFS: folders are objects, symbolic links are `null`. */
interface Tree {
  readonly [name: string]: Tree | Buffer | null;
}

function statusOf(name: string, entry: Tree | Buffer | null): Record<string, unknown> {
  const type = entry === null ? 'SYMLINK' : Buffer.isBuffer(entry) ? 'FILE' : 'DIRECTORY';
  return {
    pathSuffix: name,
    type,
    length: Buffer.isBuffer(entry) ? entry.length : 0,
    modificationTime: 1_700_000_000_000,
    fileId: 7,
    owner: 'spark',
  };
}

function remote(response: ServerResponse, status: number, exception: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ RemoteException: { exception, javaClassName: `x.${exception}`, message: 'm' } }));
}

/**
 * A NameNode as the WebHDFS documentation describes it, whose DataNode is the same server under `datanode=true`.
 * It cannot show what a real cluster adds: Kerberos, checksums, block boundaries, HttpFS.
 */
function hdfs(
  tree: Tree,
  dataNode?: (url: URL) => string,
): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const url = new URL(request.url ?? '', `http://${request.headers.host ?? ''}`);
    const names = decodeURIComponent(url.pathname.replace('/webhdfs/v1', ''))
      .split('/')
      .filter((name) => name !== '');
    let entry: Tree | Buffer | null | undefined = tree;
    for (const name of names)
      entry = entry === null || entry === undefined || Buffer.isBuffer(entry) ? undefined : entry[name];
    if (entry === undefined || entry === null) {
      remote(response, 404, 'FileNotFoundException');
      return;
    }
    const op = url.searchParams.get('op');
    if (op === 'GETFILESTATUS') response.end(JSON.stringify({ FileStatus: statusOf('', entry) }));
    else if (op === 'LISTSTATUS' && !Buffer.isBuffer(entry))
      response.end(
        JSON.stringify({
          FileStatuses: { FileStatus: Object.entries(entry).map(([name, inner]) => statusOf(name, inner)) },
        }),
      );
    else if (op === 'OPEN' && Buffer.isBuffer(entry) && !url.searchParams.has('datanode')) {
      url.searchParams.set('datanode', 'true');
      response.writeHead(307, { location: dataNode?.(url) ?? url.href }).end();
    } else if (op === 'OPEN' && Buffer.isBuffer(entry)) {
      const offset = Number(url.searchParams.get('offset'));
      const length = url.searchParams.get('length');
      response.end(entry.subarray(offset, length === null ? undefined : offset + Number(length)));
    } else remote(response, 400, 'IllegalArgumentException');
  };
}

function settings(path: string, more: Partial<EventLogsSettings> = {}): EventLogsSettings {
  return { ...defaultsOf(eventLogsSection), path, retries: 1, ...more };
}

async function openAt(
  server: StubServer,
  path = '/logs',
  more: Partial<EventLogsSettings> = {},
): Promise<WebHdfsFileSystem> {
  return await WebHdfsFileSystem.open(settings(`webhdfs://127.0.0.1:${server.port}${path}`, more), { random: () => 0 });
}

async function read(
  fileSystem: WebHdfsFileSystem,
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
  return error instanceof SourceError ? `${error.code}${error.retryable ? ' retryable' : ''}` : String(error);
}

describe('sources/event-log/webhdfs-file-system', () => {
  const tree: Tree = {
    logs: {
      'app 1+ü%.zstd': Buffer.from('0123456789'),
      '.hidden': Buffer.from(''),
      link: null,
      eventlog_v2_a: { events_1_a: Buffer.from('abc') },
      sub: { deep: { 'app-2': Buffer.from('abc') } },
    },
  };

  it('lists files with size, time and id; folders when asked, rolling logs always, links never', async () => {
    await using server = await stubServer(hdfs(tree));
    await using fileSystem = await openAt(server);

    expect((await fileSystem.list({ recursive: true })).map(({ path }) => path)).to.deep.equal([
      'app 1+ü%.zstd',
      'eventlog_v2_a/events_1_a',
      'sub/deep/app-2',
    ]);
    const [first, ...others] = await fileSystem.list({ recursive: false });
    expect(first).to.deep.equal({ path: 'app 1+ü%.zstd', size: 10, modified: 1_700_000_000_000, version: '7' });
    expect(others.map(({ path }) => path)).to.deep.equal(['eventlog_v2_a/events_1_a']);
  });

  it('takes a path to one file as a folder with this file only', async () => {
    await using server = await stubServer(hdfs(tree));
    await using fileSystem = await openAt(server, '/logs/eventlog_v2_a/events_1_a');

    expect((await fileSystem.list({ recursive: true })).map(({ path }) => path)).to.deep.equal(['events_1_a']);
    expect(await read(fileSystem, 'events_1_a')).to.equal('abc');
  });

  it('reads ranges through the redirect to a DataNode, on another port', async () => {
    await using dataNode = await stubServer(hdfs(tree));
    await using server = await stubServer(hdfs(tree, (url) => `${dataNode.url}${url.pathname}${url.search}`));
    await using fileSystem = await openAt(server, '/logs', { webhdfs_user: 'spot', webhdfs_delegation_token: 'T+/=' });

    expect(await read(fileSystem, 'app 1+ü%.zstd')).to.equal('0123456789');
    expect(await read(fileSystem, 'app 1+ü%.zstd', { start: 2, end: 5 })).to.equal('234');

    expect(dataNode.asked).to.have.length(2);
    expect(server.asked.at(-1)).to.contain('user.name=spot').and.to.contain('delegation=T%2B%2F%3D');
  });

  it('goes on where a download broke', async () => {
    const serve = hdfs(tree);
    let broken = false;
    await using server = await stubServer((request, response) => {
      if (!request.url!.includes('datanode') || broken) {
        serve(request, response);
        return;
      }
      broken = true;
      response.writeHead(200, { 'content-length': 10 });
      response.write('0123', () => setTimeout(() => response.destroy(), 20));
    });
    await using fileSystem = await openAt(server);

    expect(await read(fileSystem, 'app 1+ü%.zstd')).to.equal('0123456789');
    expect(server.asked.at(-1)).to.contain('offset=4');
  });

  it('finds the active NameNode of two, and finds it again after a failover', async () => {
    const state = { active: 'b' };
    const serve = hdfs(tree);
    const nameNode = (name: string) => (request: IncomingMessage, response: ServerResponse) => {
      if (state.active === name) serve(request, response);
      else remote(response, 403, 'StandbyException');
    };
    await using a = await stubServer(nameNode('a'));
    await using b = await stubServer(nameNode('b'));
    const path = `webhdfs://127.0.0.1:${a.port},127.0.0.1:${b.port}/logs`;
    await using fileSystem = await WebHdfsFileSystem.open(settings(path, { retries: 0 }), { random: () => 0 });

    expect(await fileSystem.list({ recursive: true })).to.have.length(3);
    state.active = 'a';
    expect(await fileSystem.list({ recursive: true })).to.have.length(3);
    expect(await read(fileSystem, 'sub/deep/app-2')).to.equal('abc');
  });

  it('says what is missing or forbidden, and goes on behind a folder that may not be entered', async () => {
    const serve = hdfs(tree);
    await using server = await stubServer((request, response) => {
      if (request.url!.startsWith('/webhdfs/v1/logs/sub?')) remote(response, 403, 'AccessControlException');
      else serve(request, response);
    });
    await using fileSystem = await openAt(server);
    const skipped: string[] = [];

    const files = await fileSystem.list({ recursive: true, onSkipped: (path) => skipped.push(path) });

    expect(files).to.have.length(2);
    expect(skipped).to.deep.equal(['sub']);
    expect(await codeOf(read(fileSystem, 'gone'))).to.equal('SOURCE_RUN_VANISHED retryable');
    expect(await codeOf(openAt(server, '/nowhere'))).to.equal('SOURCE_RUN_VANISHED retryable');
    for (const path of ['../x', 'a/../../x', 'a//b', '/etc', 'a\0'])
      expect(await codeOf(read(fileSystem, path)), path).to.equal('SOURCE_REFUSED');
  });

  it('refuses what is no WebHDFS', async () => {
    await using page = await stubServer((_request, response) => response.end('<html></html>'));
    await using none = await stubServer((_request, response) => response.writeHead(404).end('<html></html>'));

    expect(await codeOf(openAt(page))).to.equal('SOURCE_WRONG_ANSWER');
    expect(await codeOf(openAt(none))).to.equal('SOURCE_WRONG_ADDRESS');
  });

  it('follows a redirect to a DataNode only', () => {
    const refused = [
      undefined,
      'nonsense',
      'ftp://dn:9864/webhdfs/v1/x',
      'file:///webhdfs/v1/x',
      'http://169.254.169.254/webhdfs/v1/x',
      'http://[fe80::1]/webhdfs/v1/x',
      'http://[::ffff:169.254.169.254]/webhdfs/v1/x',
      'http://127.0.0.1:9864/webhdfs/v1/x',
      'http://2130706433/webhdfs/v1/x',
      'http://localhost/webhdfs/v1/x',
      'http://[::1]/webhdfs/v1/x',
      'http://user@dn:9864/webhdfs/v1/x',
      'http://dn:9864/latest/meta-data',
      'http://dn:9864/webhdfs/v1/../../admin',
    ];
    for (const location of refused)
      expect(() => dataNodeRequest(location, 'http://nn:9870'), String(location))
        .to.throw(SourceError)
        .with.property('code', 'SOURCE_REDIRECTED');
    expect(() => dataNodeRequest('http://dn:9864/webhdfs/v1/x', 'https://nn:9871')).to.throw(SourceError);

    expect(dataNodeRequest('http://dn7:9864/webhdfs/v1/a%20b?op=OPEN&offset=0', 'http://nn:9870')).to.deep.equal({
      origin: 'http://dn7:9864',
      path: '/webhdfs/v1/a%20b?op=OPEN&offset=0',
    });
    expect(dataNodeRequest('http://127.0.0.1:9864/webhdfs/v1/x', 'http://127.0.0.1:9870').origin).to.equal(
      'http://127.0.0.1:9864',
    );
  });

  it('reads NameNodes, ports and path of its address', () => {
    expect(parseWebHdfsPath('webhdfs://nn/')).to.deep.equal({ origins: ['http://nn:9870'], path: '/' });
    expect(parseWebHdfsPath('swebhdfs://nn1,nn2:50470//logs/a/')).to.deep.equal({
      origins: ['https://nn1:9871', 'https://nn2:50470'],
      path: '/logs/a',
    });
    for (const wrong of ['webhdfs://', 'webhdfs:///x', 'webhdfs://u:p@nn/x', 'webhdfs://nn:99999/x', 'webhdfs://nn,/x'])
      expect(() => parseWebHdfsPath(wrong), wrong).to.throw(ConfigError);
  });

  it('serves a source: the run of a log is read through threads of their own', async () => {
    await using server = await stubServer(hdfs({ logs: { app: SMALL_LOG } }));
    await using source = await EventLogSource.open(settings(`webhdfs://127.0.0.1:${server.port}/logs`), {
      logger: silentLogger,
    });

    const [application] = await Array.fromAsync(source.listApplications({}));
    const { detail } = await source.fetchAttempt(application!, application!.attempts[0]!);

    expect(detail?.quality).to.include({ events: 24, hasEnd: true });
  });
});
