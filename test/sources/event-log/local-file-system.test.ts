import { expect } from 'chai';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalFileSystem } from '../../../src/sources/event-log/local-file-system.ts';
import { openFileSystem } from '../../../src/sources/event-log/open-file-system.ts';
import { eventLogsSection } from '../../../src/sources/event-log/config.ts';
import { defaultsOf } from '../../../src/config/section.ts';
import { SourceError } from '../../../src/util/errors.ts';

describe('sources/event-log/local-file-system', () => {
  let outside: string;
  let root: string;

  beforeEach(async () => {
    outside = await mkdtemp(join(tmpdir(), 'spot-local-'));
    root = join(outside, 'logs');
    await mkdir(root);
  });
  afterEach(async () => {
    await rm(outside, { recursive: true });
  });

  async function read(path: string, range?: { start?: number; end?: number }): Promise<string> {
    await using fileSystem = await LocalFileSystem.open(root);
    const parts: Buffer[] = [];
    for await (const chunk of fileSystem.open(path, range)) parts.push(Buffer.from(chunk));
    return Buffer.concat(parts).toString();
  }

  async function list(recursive = true, path = root): Promise<string[]> {
    await using fileSystem = await LocalFileSystem.open(path);
    return (await fileSystem.list({ recursive })).map((file) => file.path).sort();
  }

  async function codeOf(work: Promise<unknown>): Promise<string> {
    const error: unknown = await work.then(
      () => 'nothing thrown',
      (thrown: unknown) => thrown,
    );
    return error instanceof SourceError ? `${error.code}${error.retryable ? ' retryable' : ''}` : String(error);
  }

  it('lists regular files with their size and time; folders only when asked, but those of rolling logs always', async () => {
    await writeFile(join(root, 'app-1'), 'abc');
    await utimes(join(root, 'app-1'), 10, 1_700_000_000.5);
    await mkdir(join(root, 'eventlog_v2_app-2'));
    await writeFile(join(root, 'eventlog_v2_app-2', 'events_1_app-2'), '');
    await mkdir(join(root, 'a', 'b'), { recursive: true });
    await writeFile(join(root, 'a', 'b', 'app-3'), '');
    await writeFile(join(root, '.app-1.crc'), '');

    expect(await list()).to.deep.equal(['a/b/app-3', 'app-1', 'eventlog_v2_app-2/events_1_app-2']);
    expect(await list(false)).to.deep.equal(['app-1', 'eventlog_v2_app-2/events_1_app-2']);
    await using fileSystem = await LocalFileSystem.open(root);
    const [file] = (await fileSystem.list({ recursive: false })).filter(({ path }) => path === 'app-1');
    expect(file).to.include({ size: 3, modified: 1_700_000_000_500 });
  });

  it('takes a path to one file as a folder with this file only', async () => {
    await writeFile(join(root, 'app-1'), 'abc');
    await writeFile(join(root, 'app-2'), 'abc');

    expect(await list(true, join(root, 'app-2'))).to.deep.equal(['app-2']);
  });

  it('reads ranges, and beyond a megabyte', async () => {
    const text = Array.from({ length: 300_000 }, (_, i) => i).join(',');
    await writeFile(join(root, 'app-1'), text);

    expect(await read('app-1')).to.equal(text);
    expect(await read('app-1', { start: 1_000_000, end: 1_000_010 })).to.equal(text.slice(1_000_000, 1_000_010));
    expect(await read('app-1', { start: text.length + 5 })).to.equal('');
  });

  it('reads what was appended while it reads', async () => {
    await writeFile(join(root, 'app-1'), 'a');
    await using fileSystem = await LocalFileSystem.open(root);
    const parts: string[] = [];

    for await (const chunk of fileSystem.open('app-1')) {
      parts.push(chunk.toString());
      if (parts.length < 3) await appendFile(join(root, 'app-1'), 'b');
    }

    expect(parts.join('')).to.equal('abb');
  });

  it('changes its version when a file is rewritten with the same size and time', async () => {
    const path = join(root, 'app-1');
    await writeFile(path, 'abc');
    await utimes(path, 10, 20);
    await using fileSystem = await LocalFileSystem.open(root);
    const [before] = await fileSystem.list({ recursive: false });

    await writeFile(path, 'xyz');
    await utimes(path, 10, 20);

    const [after] = await fileSystem.list({ recursive: false });
    expect(after).to.include({ size: before!.size, modified: before!.modified });
    expect(after!.version).to.not.equal(before!.version);
  });

  it('neither lists nor opens symbolic links, whether they lead out, in, or round in a circle', async () => {
    await writeFile(join(outside, 'secret'), 'secret');
    await mkdir(join(outside, 'folder'));
    await writeFile(join(outside, 'folder', 'app'), 'secret');
    await writeFile(join(root, 'app-1'), 'inside');
    await symlink(join(outside, 'secret'), join(root, 'link'));
    await symlink(join(outside, 'folder'), join(root, 'eventlog_v2_link'));
    await symlink(join(root, 'app-1'), join(root, 'inner'));
    await symlink(root, join(root, 'circle'));

    expect(await list()).to.deep.equal(['app-1']);
    for (const path of ['link', 'eventlog_v2_link/app', 'inner', 'circle/app-1'])
      expect(await codeOf(read(path)), path).to.equal('SOURCE_REFUSED');
  });

  it('follows a root that is itself a link', async () => {
    await writeFile(join(root, 'app-1'), 'inside');
    await symlink(root, join(outside, 'current'));

    expect(await list(true, join(outside, 'current'))).to.deep.equal(['app-1']);
  });

  it('neither lists nor waits for a FIFO, a folder or a device', async () => {
    execFileSync('mkfifo', [join(root, 'fifo')]);
    await mkdir(join(root, 'folder'));

    expect(await list()).to.deep.equal([]);
    expect(await codeOf(read('fifo'))).to.equal('SOURCE_REFUSED');
    expect(await codeOf(read('folder'))).to.equal('SOURCE_REFUSED');
  });

  it('opens nothing outside the folder, for 500 hostile names', async () => {
    await writeFile(join(outside, 'secret'), 'secret');
    const part = fc.constantFrom(
      '..',
      '.',
      '',
      'logs',
      'secret',
      '%2e%2e',
      '..\\',
      '/',
      '\0',
      'eventlog_v2_x',
      '~',
      'etc',
      'passwd',
      '…',
      '\u202e',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 6 }), async (parts) => {
        for (const path of [parts.join('/'), `../${parts.join('/')}`]) {
          expect(await codeOf(read(path))).to.match(/^SOURCE_(REFUSED|RUN_VANISHED retryable)$/);
        }
      }),
      { numRuns: 250 },
    );
    expect(await codeOf(read('../secret'))).to.equal('SOURCE_REFUSED');
    expect(await codeOf(read(join(outside, 'secret')))).to.equal('SOURCE_REFUSED');
  });

  it('says vanished for a file that is gone, and for a root that is gone', async () => {
    await using fileSystem = await LocalFileSystem.open(root);

    expect(await codeOf(read('app-1'))).to.equal('SOURCE_RUN_VANISHED retryable');
    expect(await codeOf(LocalFileSystem.open(join(root, 'none')))).to.equal('SOURCE_WRONG_ADDRESS retryable');
    await rename(root, join(outside, 'moved'));
    expect(await codeOf(fileSystem.list({ recursive: true }))).to.equal('SOURCE_RUN_VANISHED retryable');
    await rename(join(outside, 'moved'), root);
  });

  it("understands Spark's own spelling of a local folder, file:/path and file:///path", async () => {
    await mkdir(join(root, 'with blank'));
    await writeFile(join(root, 'with blank', 'app-1'), '');
    for (const path of [`file:${root}/with%20blank`, `file://${root}/with%20blank`, `${root}/with blank`]) {
      await using fileSystem = await openFileSystem({ ...defaultsOf(eventLogsSection), path });

      expect((await fileSystem.list({ recursive: false })).map((file) => file.path)).to.deep.equal(['app-1']);
    }
  });

  it('stops when it is aborted', async () => {
    await writeFile(join(root, 'app-1'), 'abc');
    await using fileSystem = await LocalFileSystem.open(root);
    const signal = AbortSignal.abort(new Error('stop'));

    const error: unknown = await fileSystem.list({ recursive: true, signal }).catch((thrown: unknown) => thrown);

    expect(error).to.have.property('message', 'stop');
  });
});
