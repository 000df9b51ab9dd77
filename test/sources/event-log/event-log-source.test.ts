import { expect } from 'chai';
import { copyFile, cp, mkdir, mkdtemp, readFile, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { defaultsOf } from '../../../src/config/section.ts';
import type { LogFields, Logger } from '../../../src/logging/logger.ts';
import { silentLogger } from '../../../src/logging/logger.ts';
import { eventLogsSection, type EventLogsSettings } from '../../../src/sources/event-log/config.ts';
import { EventLogSource } from '../../../src/sources/event-log/event-log-source.ts';
import type { AttemptParts, RunWindow } from '../../../src/sources/run-source.ts';
import type { ApplicationInfo } from '../../../src/spark/rest.ts';
import { SpotError } from '../../../src/util/errors.ts';
import { testSeed } from '../../faults/test-seed.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const FIXTURES = new URL('../../fixtures/', import.meta.url);
const CORPUS = fileURLToPath(new URL('spark-corpus/logs', FIXTURES));
const ARCHIVES = fileURLToPath(new URL('event-logs/archives', FIXTURES));
const SMALL_LOG = fileURLToPath(new URL('event-logs/codecs/app', FIXTURES));

type Answers = Readonly<Record<string, unknown>>;

/** Answers of a real History Server of Spark 4.0.1 to logs of the corpus, by application id. */
function serverAnswers(): Map<string, { answers: Answers; complete: boolean }> {
  const read = (name: string): unknown => {
    const bytes = readFileSync(new URL(`replay/corpus/${name}`, FIXTURES));
    return JSON.parse((name.endsWith('.br') ? brotliDecompressSync(bytes) : bytes).toString());
  };
  const entries = read('index.json') as { name: string; complete: boolean }[];
  return new Map(
    entries.map(({ name, complete }) => {
      const answers = read(`${name}.server-4.0.1.json.br`) as Answers;
      return [(answers['application'] as ApplicationInfo).id, { answers, complete }];
    }),
  );
}

function withoutLastUpdated(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) =>
    key.startsWith('lastUpdated') ? undefined : inner,
  );
}

/** Without what counts up to the moment of a request to the server: the driver's duration in a run without end. */
function comparable(rows: unknown, complete: boolean): unknown {
  if (complete) return withoutLastUpdated(rows);
  return withoutLastUpdated(
    (rows as Answers[]).map((row) => (row['id'] === 'driver' ? { ...row, totalDuration: 0 } : row)),
  );
}

describe('sources/event-log/event-log-source', () => {
  let root: string;
  const open: EventLogSource[] = [];

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'spot-source-'));
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((source) => source[Symbol.asyncDispose]()));
    await rm(root, { recursive: true });
  });

  async function sourceOf(
    path: string,
    settings: Partial<EventLogsSettings> = {},
    logger: Logger = silentLogger,
  ): Promise<EventLogSource> {
    const source = await EventLogSource.open(
      { ...defaultsOf(eventLogsSection), threads: 2, path, ...settings },
      { logger },
    );
    open.push(source);
    return source;
  }

  async function list(source: EventLogSource, window: RunWindow = {}): Promise<ApplicationInfo[]> {
    return await Array.fromAsync(source.listApplications(window));
  }

  async function fetchFirst(source: EventLogSource): Promise<AttemptParts> {
    const [application] = await list(source);
    return await source.fetchAttempt(application!, application!.attempts[0]!);
  }

  async function codeOf(work: Promise<unknown>): Promise<string> {
    const error: unknown = await work.then(
      () => 'nothing thrown',
      (thrown: unknown) => thrown,
    );
    return error instanceof SpotError ? `${error.code}${error.retryable ? ' retryable' : ''}` : String(error);
  }

  describe('over logs of Spark 3.5 and 4.0, beside the answers of a 4.0.1 server', () => {
    const expected = serverAnswers();

    it('lists the same applications, attempts, times and states', async () => {
      const source = await sourceOf(CORPUS);

      const listed = await list(source);

      const both = listed.filter(({ id }) => expected.has(id));
      expect(both).to.have.length(9);
      for (const application of both) {
        expect(withoutLastUpdated(application)).to.deep.equal(
          withoutLastUpdated(expected.get(application.id)!.answers['application']),
        );
      }
      expect(source.unlisted).to.deep.equal([]);
    });

    it('gives the same environment, executors, stages and jobs, through a thread', async function () {
      this.timeout(60_000);
      const source = await sourceOf(CORPUS);

      for (const application of await list(source)) {
        const recorded = expected.get(application.id);
        if (recorded === undefined) continue;
        const { answers, complete } = recorded;
        const parts = await source.fetchAttempt(application, application.attempts[0]!);

        expect(withoutLastUpdated(parts.environment), application.name).to.deep.equal(answers['environment']);
        expect(comparable(parts.allexecutors, complete), application.name).to.deep.equal(
          comparable(answers['allexecutors'], complete),
        );
        expect(withoutLastUpdated(parts.stages), application.name).to.deep.equal(answers['stages']);
        expect(withoutLastUpdated(parts.jobs), application.name).to.deep.equal(answers['jobs']);
        expect(parts.sql, application.name).to.have.length((answers['sql'] as unknown[]).length);
        expect(parts.detail?.quality, application.name).to.include({ hasEnd: complete, skippedLines: 0 });
      }
    });

    it('puts the two attempts of a YARN application together, the newest start first', async () => {
      const source = await sourceOf(CORPUS);

      const yarn = (await list(source)).find(({ id }) => id === 'application_1795250787152_0001');

      expect(yarn?.attempts.map(({ attemptId }) => attemptId)).to.deep.equal(['2', '1']);
    });

    it('lists in order of the newest attempt, newest end first, a run without end last', async () => {
      const ends = (await list(await sourceOf(CORPUS))).map(({ attempts }) => attempts[0]!.endTimeEpoch);

      expect(ends).to.deep.equal(ends.toSorted((a, b) => b - a));
      expect(ends.at(-1)).to.equal(-1);
    });
  });

  it('reads downloads of a History Server as they are, two attempts in one archive', async () => {
    const source = await sourceOf(ARCHIVES);

    const applications = await list(source);

    expect(applications.map(({ id, attempts }) => [id, attempts.map(({ attemptId }) => attemptId)])).to.deep.equal([
      ['application_1795250787152_0001', ['1']],
      ['local-1426533911241', ['2', '1']],
    ]);
    for (const application of applications) {
      const parts = await source.fetchAttempt(application, application.attempts[0]!);
      expect(parts.detail?.quality).to.include({ hasEnd: true, skippedLines: 0 });
      expect(parts.allexecutors).to.not.be.empty;
    }
  });

  it('reads Databricks rollovers as one log: two .gz and the current file', async () => {
    const lines = (await readFile(SMALL_LOG, 'utf8')).trimEnd().split('\n');
    const folder = join(root, 'logs', '0101-abc', 'eventlog', '0101-abc_10_0_0_1', '8436287');
    await mkdir(folder, { recursive: true });
    const part = (from: number, to?: number): string => `${lines.slice(from, to).join('\n')}\n`;
    await writeFile(join(folder, 'eventlog-2026-11-21--10-00.gz'), gzipSync(part(0, 9)));
    await writeFile(join(folder, 'eventlog-2026-11-21--11-00.gz'), gzipSync(part(9, 17)));
    await writeFile(join(folder, 'eventlog'), part(17));
    await copyFile(SMALL_LOG, join(root, 'plain'));

    const [whole, rolled] = [
      await fetchFirst(await sourceOf(join(root, 'plain'))),
      await fetchFirst(await sourceOf(join(root, 'logs'))),
    ];

    expect(rolled.stages).to.deep.equal(whole.stages).and.to.not.be.empty;
    expect(rolled.detail?.quality.events).to.equal(24);
  });

  describe('windows', () => {
    // The log's run ended at 1426533945177.
    const end = 1_426_533_945_177;

    it('are inclusive at both ends, at one millisecond', async () => {
      await copyFile(SMALL_LOG, join(root, 'app'));
      const source = await sourceOf(root);
      const found = async (after: number, before: number): Promise<number> =>
        (await list(source, { endedAfter: new Date(after), endedBefore: new Date(before) })).length;

      expect(await found(end, end)).to.equal(1);
      expect(await found(end + 1, end + 9)).to.equal(0);
      expect(await found(end - 9, end - 1)).to.equal(0);
    });

    it('all hold a run without end', async () => {
      await writeFile(join(root, 'app'), (await readFile(SMALL_LOG)).subarray(0, 9000));

      const listed = await list(await sourceOf(root), {
        endedAfter: new Date(end + 1),
        endedBefore: new Date(end + 2),
      });

      expect(listed.map(({ attempts }) => attempts[0]!.completed)).to.deep.equal([false]);
    });
  });

  describe('a log that is being written', () => {
    it('is listed without end, gives what is there, and the end when it comes', async () => {
      const log = await readFile(SMALL_LOG);
      const path = join(root, 'app.inprogress');
      await writeFile(path, log.subarray(0, 12_000));
      const source = await sourceOf(root);

      const [before] = await list(source);
      const partly = await source.fetchAttempt(before!, before!.attempts[0]!);
      await writeFile(path, log);
      await rename(path, join(root, 'app'));
      const [after] = await list(source);
      const whole = await source.fetchAttempt(after!, after!.attempts[0]!);

      expect(before!.attempts[0]).to.include({ completed: false, endTimeEpoch: -1, duration: 0 });
      expect(partly.detail?.quality).to.include({ hasEnd: false });
      expect(after!.attempts[0]).to.include({ completed: true, duration: 34_935 });
      expect(whole.detail!.quality.events).to.equal(24).and.to.be.above(partly.detail!.quality.events);
    });

    it('is read on from where it was, and tells at any cut what a reading from the first line tells', async function () {
      this.timeout(120_000);
      const random = seededRandom(testSeed('growing sources'));
      const log = brotliDecompressSync(readFileSync(new URL('replay/corpus/4.0.1-retries.log.br', FIXTURES)));
      const firstCut = 120_000;
      const cuts = Array.from({ length: 6 }, () => firstCut + Math.floor(random() * (log.length - firstCut)));
      const readings: { bytesRead: number }[] = [];
      const logger: Logger = {
        ...silentLogger,
        debug: (_message, fields) => {
          if (fields?.['bytesRead'] !== undefined) readings.push(fields as never);
        },
        child: () => logger,
      };
      const source = await sourceOf(root, {}, logger);
      const [path, final] = [join(root, 'app.inprogress'), join(root, 'app')];

      for (const cut of [...cuts.sort((a, b) => a - b), log.length]) {
        await writeFile(path, log.subarray(0, cut));
        if (cut === log.length) await rename(path, final);
        const whole = await fetchFirst(await sourceOf(root));

        expect(await fetchFirst(source)).to.deep.equal(whole);
      }

      // Of what was read before, nothing is read again but the 256 bytes by which the log is known again.
      const bytesRead = readings.reduce((sum, reading) => sum + reading.bytesRead, 0);
      const longestLine = 100_000;
      expect(readings).to.have.length(7);
      expect(bytesRead).to.be.within(log.length, log.length + 7 * (256 + longestLine));
      expect(bytesRead).to.be.below(cuts.reduce((sum, cut) => sum + cut, log.length) / 2);
    });

    it('is read from its first line when its head was rewritten in the meantime, the place of the last reading kept', async () => {
      const log = brotliDecompressSync(readFileSync(new URL('replay/corpus/4.0.1-retries.log.br', FIXTURES)));
      const path = join(root, 'app.inprogress');
      const source = await sourceOf(root);
      await writeFile(path, log.subarray(0, 120_000));
      await fetchFirst(source);

      log.write('#', log.indexOf('"Java Home":"/') + '"Java Home":"'.length);
      await writeFile(path, log.subarray(0, 130_000));
      const parts = await fetchFirst(source);

      expect(parts.environment.runtime).to.have.property('javaHome').that.matches(/^#/);
      expect(parts).to.deep.equal(await fetchFirst(await sourceOf(root)));
    });

    it('is found again when it is renamed between listing and reading', async () => {
      const path = join(root, 'app.inprogress');
      await copyFile(SMALL_LOG, path);
      const source = await sourceOf(root);
      const [application] = await list(source);

      await rename(path, join(root, 'app'));

      expect((await source.fetchAttempt(application!, application!.attempts[0]!)).detail?.quality.events).to.equal(24);
    });

    it('counts as the final one while both names are there', async () => {
      await copyFile(SMALL_LOG, join(root, 'app'));
      await writeFile(join(root, 'app.inprogress'), (await readFile(SMALL_LOG)).subarray(0, 9000));

      const [application, ...more] = await list(await sourceOf(root));

      expect(more).to.deep.equal([]);
      expect(application!.attempts).to.have.length(1);
      expect(application!.attempts[0]!.completed).to.equal(true);
    });
  });

  it('never tells a log without its end as completed, wherever it is cut', async () => {
    const log = await readFile(SMALL_LOG);
    const source = await sourceOf(root);
    const lastLine = log.lastIndexOf('\n', log.length - 2);
    for (const length of [8000, 12_345, lastLine, lastLine + 20, log.length - 3]) {
      await writeFile(join(root, 'app'), log);
      await truncate(join(root, 'app'), length);

      const [application] = await list(source);

      expect(application!.attempts[0]!.completed, `cut at ${length}`).to.equal(false);
      expect((await fetchFirst(source)).detail?.quality.hasEnd, `cut at ${length}`).to.equal(false);
    }
  });

  it('tells a changed file anew, also when size and time stay the same', async () => {
    const path = join(root, 'app');
    const log = await readFile(SMALL_LOG, 'utf8');
    await writeFile(path, log);
    await utimes(path, 10, 20);
    const source = await sourceOf(root);
    const [before] = await list(source);
    const mark = source.contentMark(before!.id, before!.attempts[0]!.attemptId);

    await writeFile(path, log.replaceAll('Spark shell', 'Spark SHELL'));
    await utimes(path, 10, 20);

    const [after] = await list(source);
    expect(mark).to.match(/^[0-9a-f]{16}$/);
    expect(source.contentMark(after!.id, after!.attempts[0]!.attemptId))
      .to.match(/^[0-9a-f]{16}$/)
      .and.not.equal(mark);
    expect([before!.name, after!.name]).to.deep.equal(['Spark shell', 'Spark SHELL']);
    expect(after!.attempts[0]!.lastUpdatedEpoch).to.equal(20_000);
  });

  it('prefers, of two logs of one attempt, the one with an end, else the one changed last', async () => {
    const log = await readFile(SMALL_LOG, 'utf8');
    await mkdir(join(root, 'copy'));
    await writeFile(join(root, 'a-whole'), log);
    await writeFile(join(root, 'copy', 'z-cut'), log.slice(0, 9000));
    await utimes(join(root, 'a-whole'), 10, 20);
    const source = await sourceOf(root);

    expect((await list(source)).map(({ attempts }) => attempts.map(({ completed }) => completed))).to.deep.equal([
      [true],
    ]);
  });

  describe('what cannot be read', () => {
    it('holds nothing up, and is told with its reason', async () => {
      await copyFile(SMALL_LOG, join(root, 'good'));
      await writeFile(join(root, 'empty'), '');
      await writeFile(join(root, 'notes.txt'), 'no log');
      await writeFile(join(root, 'broken.zip'), 'no zip');
      await writeFile(join(root, 'no-start'), '{"Event":"SparkListenerLogStart","Spark Version":"3.5.7"}\n');
      await writeFile(join(root, 'bomb.zstd'), zstdCompressSync(Buffer.alloc(100_000_000)));
      const warnings: LogFields[] = [];
      const logger: Logger = {
        ...silentLogger,
        warn: (_message, fields) => void warnings.push(fields ?? {}),
        child: () => logger,
      };
      const source = await sourceOf(root, {}, logger);

      for (const pass of [1, 2]) {
        expect(
          (await list(source)).map(({ id }) => id),
          `pass ${pass}`,
        ).to.deep.equal(['local-1426533911241']);
        const reasons = source.unlisted.map(({ path, error }) => [path, error instanceof SpotError ? error.code : '']);
        expect(reasons).to.have.deep.members([
          ['empty', 'EVENT_LOG_NO_APPLICATION'],
          ['notes.txt', 'EVENT_LOG_CODEC'],
          ['broken.zip', 'EVENT_LOG_CODEC'],
          ['no-start', 'EVENT_LOG_NO_APPLICATION'],
          ['bomb.zstd', 'EVENT_LOG_BOMB'],
        ]);
      }
      // Told once, not with every poll.
      expect(warnings).to.have.length(1);
      expect(warnings[0]).to.include({ added: 5, total: 5 });
    });

    it('a rolling log with a missing file is refused, to be tried again', async () => {
      const folder = join(root, 'eventlog_v2_app');
      await cp(join(CORPUS, 'eventlog_v2_app-20261121084120-0000'), folder, { recursive: true });
      await copyFile(SMALL_LOG, join(folder, 'events_3_app-20261121084120-0000'));

      expect(await codeOf(fetchFirst(await sourceOf(root)))).to.equal('EVENT_LOG_GAP retryable');
    });

    it('damage in the middle is an error with file and line, not half a run', async () => {
      const lz4 = await readFile(new URL('event-logs/codecs/app.lz4', FIXTURES));
      // In the last block but one with content, far behind the start of the application.
      const end = lz4.lastIndexOf('LZ4Block', undefined, 'latin1');
      const last = lz4.lastIndexOf('LZ4Block', end - 1, 'latin1');
      const block = lz4.lastIndexOf('LZ4Block', last - 1, 'latin1');
      lz4[block + 40] = lz4[block + 40]! ^ 1;
      await writeFile(join(root, 'app.lz4'), lz4);

      expect(await codeOf(fetchFirst(await sourceOf(root)))).to.equal('EVENT_LOG_DAMAGED');
    });

    it('a damaged line is skipped, counted and told with file and line', async () => {
      const lines = (await readFile(SMALL_LOG, 'utf8')).split('\n');
      lines.splice(12, 0, '{"Event":"SparkListenerTaskEnd","Stage ID":', 'plain text');
      await writeFile(join(root, 'app'), lines.join('\n'));

      const { quality } = (await fetchFirst(await sourceOf(root))).detail!;

      expect(quality).to.include({ events: 24, skippedLines: 2, hasEnd: true });
      expect(quality.skippedExamples[0]).to.match(/^app:13 /);
    });

    it('a log that vanishes is told as such', async () => {
      await copyFile(SMALL_LOG, join(root, 'app'));
      const source = await sourceOf(root);
      const [application] = await list(source);

      await rm(join(root, 'app'));

      expect(await codeOf(source.fetchAttempt(application!, application!.attempts[0]!))).to.equal(
        'SOURCE_RUN_VANISHED retryable',
      );
    });

    it('a line that would take more memory to parse than there is, is left out and counted', async () => {
      // 54 MB that become 18 million objects, arrays and places: some 700 MB.
      const deep = `{"Event":"SparkListenerX","x":[${'{"a":[]},'.repeat(6_000_000)}0]}`;
      await writeFile(join(root, 'app'), (await readFile(SMALL_LOG, 'utf8')).replace('\n', `\n${deep}\n`));

      const { quality } = (await fetchFirst(await sourceOf(root, { memory_mb: 64 }))).detail!;

      expect(quality).to.include({ skippedLines: 1, hasEnd: true });
    });

    it('a log that needs more memory than allowed fails alone, and the next one is read', async function () {
      this.timeout(60_000);
      const executor = (id: number): string =>
        JSON.stringify({
          Event: 'SparkListenerExecutorAdded',
          Timestamp: 1_426_533_911_000,
          'Executor ID': String(id),
          'Executor Info': { Host: `host-${id}`, 'Total Cores': 1, 'Log Urls': { stdout: `${id}`.repeat(300) } },
        });
      const executors = Array.from({ length: 60_000 }, (_, id) => executor(100_000 + id)).join('\n');
      const log = (await readFile(SMALL_LOG, 'utf8')).replaceAll('local-1426533911241', 'hungry').split('\n');
      await writeFile(join(root, 'hungry'), [...log.slice(0, 5), executors, ...log.slice(5)].join('\n'));
      await copyFile(SMALL_LOG, join(root, 'good'));
      const source = await sourceOf(root, { memory_mb: 64 });

      const outcomes = new Map<string, string>();
      for (const application of await list(source))
        outcomes.set(application.id, await codeOf(source.fetchAttempt(application, application.attempts[0]!)));

      expect(Object.fromEntries(outcomes)).to.deep.equal({
        hungry: 'EVENT_LOG_MEMORY',
        'local-1426533911241': 'nothing thrown',
      });
    });
  });

  it('survives nesting 200,000 deep and keys such as __proto__', async () => {
    const log = await readFile(SMALL_LOG, 'utf8');
    const deep = `{"Event":"SparkListenerX","a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    const keys = '{"Event":"SparkListenerX","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}';
    await writeFile(join(root, 'app'), log.replace('\n', `\n${deep}\n${keys}\n`));

    const parts = await fetchFirst(await sourceOf(root));

    expect(parts.detail?.quality).to.include({ hasEnd: true });
    expect({}).to.not.have.property('polluted');
  });

  it('stops a replay that is aborted, and goes on with the next', async () => {
    await copyFile(SMALL_LOG, join(root, 'app'));
    const source = await sourceOf(root, { threads: 1 });
    const [application] = await list(source);
    const attempt = application!.attempts[0]!;
    const stop = new AbortController();

    const stopped = codeOf(source.fetchAttempt(application!, attempt, { signal: stop.signal }));
    stop.abort(new Error('stop'));

    expect(await stopped).to.equal('Error: stop');
    expect((await source.fetchAttempt(application!, attempt)).detail?.quality.events).to.equal(24);
  });

  it('takes 40 fetches at once through 2 threads and mixes none of them up', async function () {
    this.timeout(60_000);
    const log = await readFile(SMALL_LOG, 'utf8');
    for (let i = 0; i < 40; i++)
      await writeFile(
        join(root, `app-${i}`),
        log.replaceAll('local-1426533911241', `app-${i}`).replaceAll('Spark shell', `name ${i}`),
      );
    const source = await sourceOf(root);

    const names = await Promise.all(
      (await list(source)).map(async (application) => {
        const { environment } = await source.fetchAttempt(application, application.attempts[0]!);
        const told = Object.fromEntries(environment.sparkProperties);
        return [application.id, application.name, told['spark.app.name']];
      }),
    );

    expect(names).to.have.deep.members(Array.from({ length: 40 }, (_, i) => [`app-${i}`, `name ${i}`, `name ${i}`]));
  });

  it('opens the lines of a log for whoever wants more than its parts', async () => {
    await copyFile(SMALL_LOG, join(root, 'app'));
    await utimes(join(root, 'app'), 10, 20);
    const source = await sourceOf(root);

    const { lines, modified } = await source.openLog('local-1426533911241', '1');

    expect(modified).to.equal(20_000);
    expect((await lines.forEach(() => undefined)).lines).to.equal(24);
    expect(await codeOf(source.openLog('local-1426533911241', '2'))).to.equal('SOURCE_RUN_VANISHED retryable');
  });

  it('is named by its settings, else by its section, else default', async () => {
    const names = [];
    for (const [cluster, sectionName] of [
      ['prod', 'x'],
      ['', 'x'],
      ['', undefined],
    ] as const) {
      const settings = { ...defaultsOf(eventLogsSection), path: root, cluster };
      await using source = await EventLogSource.open(settings, { logger: silentLogger, sectionName });
      names.push(source.cluster);
    }

    expect(names).to.deep.equal(['prod', 'x', 'default']);
  });
});
