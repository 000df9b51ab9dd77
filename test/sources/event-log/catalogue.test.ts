import { expect } from 'chai';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { zstdCompressSync } from 'node:zlib';
import { DEFAULT_LIMITS } from '../../../src/eventlog/bytes/limits.ts';
import { memoryFile } from '../../../src/eventlog/bytes/log-file.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { LogCatalogue } from '../../../src/sources/event-log/catalogue.ts';
import { vanishedError } from '../../../src/sources/event-log/errors.ts';
import type { LogFileSystem } from '../../../src/sources/event-log/file-system.ts';
import { SourceError, SpotError } from '../../../src/util/errors.ts';

const CODECS = new URL('../../fixtures/event-logs/codecs/', import.meta.url);
const SMALL_LOG = readFileSync(new URL('app', CODECS), 'utf8');

function logOf(appId: string): Buffer {
  return Buffer.from(SMALL_LOG.replaceAll('local-1426533911241', appId));
}

/** Files in memory, with what was opened and what fails. */
class MemoryFileSystem implements LogFileSystem {
  readonly host = 'memory';
  readonly description = 'memory';
  readonly files = new Map<string, { bytes: Buffer; version: number }>();
  readonly opened: string[] = [];
  readonly failing = new Map<string, Error>();

  put(path: string, bytes: Buffer): void {
    this.files.set(path, { bytes, version: (this.files.get(path)?.version ?? 0) + 1 });
  }

  list(): Promise<{ path: string; size: number; modified: number; version: string }[]> {
    return Promise.resolve(
      [...this.files].map(([path, { bytes, version }]) => ({
        path,
        size: bytes.length,
        modified: 0,
        version: String(version),
      })),
    );
  }

  async *open(
    path: string,
    options?: { start?: number | undefined; end?: number | undefined },
  ): AsyncGenerator<Buffer> {
    this.opened.push(path);
    const failure = this.failing.get(path);
    if (failure !== undefined) throw failure;
    const file = this.files.get(path);
    if (file === undefined) throw vanishedError(path);
    yield* memoryFile(path, file.bytes).open(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Nothing to close.
  }
}

function catalogueOf(fileSystem: LogFileSystem): LogCatalogue {
  return new LogCatalogue(fileSystem, { recursive: true, limits: DEFAULT_LIMITS, logger: silentLogger });
}

describe('sources/event-log/catalogue', () => {
  it('reads 50 logs once, then none, then only the one that changed and the one that is new', async () => {
    const fileSystem = new MemoryFileSystem();
    for (let i = 0; i < 50; i++) fileSystem.put(`app-${i}`, logOf(`app-${i}`));
    const catalogue = catalogueOf(fileSystem);
    const refresh = async (): Promise<{ runs: number; opened: string[] }> => {
      fileSystem.opened.length = 0;
      const runs = [...(await catalogue.refresh()).logs].length;
      return { runs, opened: [...new Set(fileSystem.opened)].sort() };
    };

    const passes = [await refresh(), await refresh()];
    fileSystem.put('app-7', logOf('app-seven'));
    fileSystem.put('app-50', logOf('app-50'));
    fileSystem.files.delete('app-3');
    passes.push(await refresh());

    expect(passes[0]!.opened).to.have.length(50);
    expect(passes[1]).to.deep.equal({ runs: 50, opened: [] });
    expect(passes[2]).to.deep.equal({ runs: 50, opened: ['app-50', 'app-7'] });
    expect(catalogue.find('app-seven', '1')?.layout.path).to.equal('app-7');
    expect(catalogue.find('app-7', '1')).to.equal(undefined);
    expect(catalogue.find('app-3', '1')).to.equal(undefined);
  });

  it('takes a copy of a log for the same run, and names the log of another run under the same id', async () => {
    const fileSystem = new MemoryFileSystem();
    const later = SMALL_LOG.replace('"Timestamp":1426533910242', '"Timestamp":1426533911242');
    fileSystem.put('a', Buffer.from(SMALL_LOG));
    fileSystem.put('b', Buffer.from(SMALL_LOG));
    fileSystem.put('c', Buffer.from(later));
    const catalogue = catalogueOf(fileSystem);

    const paths = [...(await catalogue.refresh()).logs].map(({ layout }) => layout.path);

    expect(later).to.not.equal(SMALL_LOG);
    expect(paths).to.deep.equal(['a']);
    expect(
      catalogue.unlisted.map(({ path, error }) => [path, error instanceof SpotError ? error.code : error.name]),
    ).to.deep.equal([['c', 'EVENT_LOG_SAME_ID']]);
    expect(catalogue.unlisted[0]?.error.message).to.contain('another run than a under the same id');
  });

  it('tells a failure that may pass, lists the others, and tries again at the next look', async () => {
    const fileSystem = new MemoryFileSystem();
    for (const id of ['a', 'b', 'c']) fileSystem.put(id, logOf(id));
    fileSystem.failing.set('b', new SourceError('SOURCE_UNAVAILABLE', 'not now', { retryable: true }));
    const catalogue = catalogueOf(fileSystem);

    const first = await catalogue.refresh();
    const runs = [...first.logs].map(({ start }) => start.appId);
    fileSystem.failing.clear();
    const second = await catalogue.refresh();

    expect(runs).to.deep.equal(['a', 'c']);
    expect(first.failure).to.have.property('code', 'SOURCE_UNAVAILABLE');
    expect([...second.logs]).to.have.length(3);
    expect(second.failure).to.equal(undefined);
  });

  it('says nothing of a log that vanishes while it is looked at, and why of one that may not be read', async () => {
    const fileSystem = new MemoryFileSystem();
    for (const id of ['a', 'b', 'c']) fileSystem.put(id, logOf(id));
    fileSystem.failing.set('b', vanishedError('b'));
    fileSystem.failing.set('c', new SourceError('SOURCE_UNAUTHORIZED', 'no'));
    const catalogue = catalogueOf(fileSystem);

    const { logs, failure } = await catalogue.refresh();

    expect([...logs].map(({ start }) => start.appId)).to.deep.equal(['a']);
    expect(failure).to.equal(undefined);
    expect(catalogue.unlisted.map(({ path }) => path)).to.deep.equal(['c']);
  });

  // Found by test/faults/mutated-inputs.test.ts: a History Server reads all files, and so counts the run as completed.
  it('knows that a rolling log has ended when nothing, or next to nothing, follows in a file of its own', async () => {
    for (const behind of ['', '{"Event":"SparkListenerLogStart","Spark Version":"4.0.1"}\n']) {
      const fileSystem = new MemoryFileSystem();
      fileSystem.put('eventlog_v2_a/events_1_a', logOf('a'));
      fileSystem.put('eventlog_v2_a/events_2_a.zstd', zstdCompressSync(behind));
      fileSystem.put('eventlog_v2_a/appstatus_a', Buffer.alloc(0));

      const [log] = (await catalogueOf(fileSystem).refresh()).logs;

      expect(log?.layout.files).to.have.length(2);
      expect(log?.end).to.have.property('endTime');
    }
  });

  it('says of a log that is damaged before its application in which file that is, and behind which line', async () => {
    const fileSystem = new MemoryFileSystem();
    const bytes = readFileSync(new URL('app.lz4', CODECS));
    fileSystem.put('app.lz4', bytes.fill(0, 40, 60));
    const catalogue = catalogueOf(fileSystem);

    await catalogue.refresh();

    const [unlisted] = catalogue.unlisted;
    expect(unlisted?.error).to.include({ code: 'EVENT_LOG_DAMAGED' });
    expect(unlisted?.error.message).to.match(/^app\.lz4 after line 0: The lz4 stream is damaged at byte \d+: /);
  });

  it('lists or leaves out with a reason whatever is done to a log, in every codec', async function () {
    this.timeout(60_000);
    const names = ['app', 'app.zstd', 'app.lz4', 'app.snappy', 'app.lzf', 'app.gz'];
    const stored = new Map(names.map((name) => [name, readFileSync(new URL(name, CODECS))]));
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      bytes: fc.uint8Array({ maxLength: 20 }),
      removed: fc.nat(30),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        async (name, changes) => {
          let bytes = stored.get(name)!;
          for (const { at, bytes: added, removed } of changes) {
            const place = Math.floor(at * bytes.length);
            bytes = Buffer.concat([bytes.subarray(0, place), added, bytes.subarray(place + removed)]);
          }
          const fileSystem = new MemoryFileSystem();
          fileSystem.put(name, bytes);
          fileSystem.put('good', logOf('good'));
          const catalogue = catalogueOf(fileSystem);

          const { logs, failure } = await catalogue.refresh();

          const listed = [...logs].map(({ layout }) => layout.path);
          const unlisted = catalogue.unlisted.map(({ path, error }) =>
            error instanceof SpotError ? path : 'no reason',
          );
          expect([...listed, ...unlisted].sort()).to.deep.equal([name, 'good'].sort());
          expect(listed).to.include('good');
          expect(failure).to.equal(undefined);
        },
      ),
      { numRuns: 600 },
    );
  });
});
