import { expect } from 'chai';
import { appendFile, cp, mkdir, mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LogHistory } from '../../src/app/log-history.ts';
import { defaultsOf } from '../../src/config/section.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { eventLogsSection } from '../../src/sources/event-log/config.ts';
import { EventLogSource } from '../../src/sources/event-log/event-log-source.ts';
import { cloneEventLogs } from '../support/clone-event-logs.ts';
import { readFixture } from '../eventlog/replay/support.ts';

const TWO_ATTEMPTS = fileURLToPath(new URL('../fixtures/spark-corpus/logs/', import.meta.url));
const SIGNAL = new AbortController().signal;

describe('app/log-history', function () {
  this.timeout(30_000);
  let root: string;
  let opened: AsyncDisposableStack;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'spot-log-history-'));
    opened = new AsyncDisposableStack();
  });
  afterEach(async () => {
    await opened.disposeAsync();
    await rm(root, { recursive: true, force: true });
  });

  async function open(...folders: readonly string[]): Promise<LogHistory> {
    const sources: EventLogSource[] = [];
    for (const folder of folders) {
      const settings = { ...defaultsOf(eventLogsSection), threads: 1, path: join(root, folder) };
      sources.push(opened.use(await EventLogSource.open(settings, { logger: silentLogger })));
    }
    return await LogHistory.open(sources, { dialect: '4.0', cacheBytes: 1e8, logger: silentLogger });
  }

  async function folder(name: string, files: Readonly<Record<string, string | Buffer>> = {}): Promise<string> {
    await mkdir(join(root, name), { recursive: true });
    for (const [file, text] of Object.entries(files)) await writeFile(join(root, name, file), text);
    return name;
  }

  /** Looks again, every second, until the condition holds. */
  async function followUntil(history: LogHistory, isDone: () => boolean): Promise<void> {
    const stop = new AbortController();
    const following = history.follow(1, stop.signal);
    while (!isDone()) await new Promise((next) => setTimeout(next, 20));
    stop.abort();
    await following;
  }

  const golden = (name: string): Buffer => readFixture(`golden/${name}.log.br`);
  const ids = (history: LogHistory): string[] => history.applications().map(({ id }) => id);

  it('puts attempts of one application from two folders together, the newest start first', async () => {
    const one = 'eventlog_v2_application_1795250787152_0001_1';
    const two = 'eventlog_v2_application_1795250787152_0001_2';
    await cp(join(TWO_ATTEMPTS, one), join(root, 'a', one), { recursive: true });
    await cp(join(TWO_ATTEMPTS, two), join(root, 'b', two), { recursive: true });

    const history = await open('a', 'b');

    const [application] = history.applications();
    expect(application!.attempts.map(({ attemptId }) => attemptId)).to.deep.equal(['2', '1']);
    expect(history.applications()).to.have.length(1);
    const run = await history.replay(application!.id, '1', { signal: SIGNAL });
    expect(run!.application!.attempts[0]!.attemptId).to.equal('1');
    expect(await history.replay(application!.id, undefined, { signal: SIGNAL })).to.equal(undefined);
  });

  it('lists newest end first, of equal ends the higher id, and those without an end last', async () => {
    await cloneEventLogs({ logDir: join(root, 'a'), count: 2, everyMs: 0 });
    await cloneEventLogs({ logDir: join(root, 'a'), count: 2, firstNumber: 2, isUnfinished: () => true });
    await cloneEventLogs({ logDir: join(root, 'b'), count: 1, firstNumber: 4, firstEnd: new Date('2025-01-01') });

    const numbers = ids(await open('a', 'b')).map((id) => Number(id.slice(-5)));

    expect(numbers).to.deep.equal([1, 0, 4, 3, 2]);
  });

  it('takes of the same attempt in two folders the log that has its end', async () => {
    const log = golden('local-1426533911241');
    const cut = log.subarray(0, log.lastIndexOf('{"Event":"SparkListenerApplicationEnd"'));
    await folder('a', { 'local-1426533911241.inprogress': cut });
    await folder('b', { 'local-1426533911241': log });

    for (const history of [await open('a', 'b'), await open('b', 'a')]) {
      expect(history.applications()[0]!.attempts.map(({ completed }) => completed)).to.deep.equal([true]);
    }
  });

  it('finds new logs, sees that one has got its end, and replays it again', async () => {
    const log = golden('local-1426533911241').toString();
    const cut = log.lastIndexOf('{"Event":"SparkListenerApplicationEnd"');
    await folder('a', { 'log.inprogress': log.slice(0, cut) });
    const history = await open('a');
    const [id] = ids(history);
    const before = await history.replay(id!, '1', { signal: SIGNAL });
    expect(await history.replay(id!, '1', { signal: SIGNAL })).to.equal(before);

    await appendFile(join(root, 'a', 'log.inprogress'), log.slice(cut));
    await utimes(join(root, 'a', 'log.inprogress'), new Date(), new Date(Date.now() + 5000));
    await rename(join(root, 'a', 'log.inprogress'), join(root, 'a', 'log'));
    await folder('a', { other: golden('local-1430917381535_1') });
    await followUntil(history, () => history.applications().length === 2);

    const after = await history.replay(id!, '1', { signal: SIGNAL });
    expect(before!.application!.attempts[0]!.completed).to.equal(false);
    expect(after!.application!.attempts[0]!.completed).to.equal(true);
  });

  it('serves a log that is damaged in the middle, and takes an end for an end whatever the file is called', async () => {
    const log = golden('local-1426533911241').toString();
    const lines = log.trimEnd().split('\n');
    const damaged = lines.map((line, i) => (i === 10 ? `${line.slice(0, 40)}\u0000` : line)).join('\n');
    await folder('a', { 'log.inprogress': `${damaged}\n` });
    const history = await open('a');

    const [application] = history.applications();
    expect(application!.attempts[0]!.completed).to.equal(true);
    const run = await history.replay(application!.id, '1', { signal: SIGNAL });
    expect(run!.jobs.map(({ status }) => status)).to.deep.equal(['SUCCEEDED']);
  });

  it('keeps listing what it cannot list again now, and forgets what is really gone', async () => {
    await folder('a', { one: golden('local-1426533911241') });
    await folder('b', { two: golden('local-1430917381535_1'), three: golden('app-20161116163331-0000') });
    const history = await open('a', 'b');
    expect(ids(history)).to.have.length(3);

    await rename(join(root, 'a'), join(root, 'away'));
    await rm(join(root, 'b', 'three'));
    await followUntil(history, () => history.applications().length === 2);

    expect(ids(history)).to.include('local-1426533911241').and.not.include('app-20161116163331-0000');
    expect(await history.replay('local-1426533911241', '1', { signal: SIGNAL })).to.equal(undefined);
  });

  it('says of a folder that is not there that it cannot be listed, before anything is served', async () => {
    const error: unknown = await open('nowhere').catch((thrown: unknown) => thrown);

    expect(error).to.have.property('code', 'SOURCE_WRONG_ADDRESS');
  });
});
