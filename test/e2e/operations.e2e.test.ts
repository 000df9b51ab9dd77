import { expect } from 'chai';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile, readFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { FakeHistoryServer, recordedRun } from '../support/fake-history-server.ts';
import { runSpot, spotJson, startSpot } from '../support/run-spot.ts';

interface Diagnosis {
  readonly check: string;
  readonly verdict: string;
  readonly found: string;
  readonly advice?: string;
}

/** The end of the recorded run `smoke-wordcount`, by its applications.json. */
const END = recordedRun('smoke-wordcount').application.attempts[0]!.endTimeEpoch;

describe('e2e: running Spot', function () {
  this.timeout(120_000);
  let folder: string;
  let server: FakeHistoryServer;
  let store: string;
  let env: Record<string, string>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-operations-'));
    server = await FakeHistoryServer.start();
    const { application, answers } = recordedRun('smoke-wordcount');
    server.put(application, answers);
    store = join(folder, 'spot.sqlite');
    env = {
      SPOT_SPARK_HISTORY_API_BASE_URL: server.url,
      SPOT_STORE_URL: `sqlite:${store}`,
      SPOT_CRAWLER_SLEEP_SECONDS: '0.2',
      SPOT_HEALTH_LISTEN: '127.0.0.1:0',
      HOME: folder,
    };
  });

  afterEach(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  describe('spot crawl tells its health', () => {
    it('not ready until the first sweep is through and while the source or the store fails, live all the time', async () => {
      server.answerAll((_request, response) => {
        response.writeHead(503).end();
      });
      const daemon = startSpot(['crawl'], env);
      let log = '';
      daemon.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
      try {
        const url = await until('the address is told', () => /url=(http:\S+)/.exec(log)?.[1]);
        const ready = async (): Promise<{ status: number; codes: readonly string[] }> => {
          const answer = await fetch(`${url}/health/ready`);
          const { problems } = (await answer.json()) as { problems: readonly { code: string }[] };
          return { status: answer.status, codes: problems.map(({ code }) => code) };
        };
        const isReady = async (): Promise<boolean> => (await ready()).status === 200;
        const seen = async (code: string): Promise<boolean> => (await ready()).codes.includes(code);

        expect(await isReady()).to.equal(false);
        await until('the server that answers 503 shows', () => seen('SOURCE_UNAVAILABLE'));
        expect((await fetch(`${url}/health/live`)).status).to.equal(200);

        server.answerAll(undefined);
        await until('it is ready', isReady);
        const metrics = await (await fetch(`${url}/metrics`)).text();
        expect(metrics).to.include('spot_runs_stored_total{cluster="default"} 1\n');
        expect(metrics).to.include('spot_run_storage_lag_seconds_count{cluster="default"} 1\n');
        expect(metrics).to.include('spot_source_up{cluster="default"} 1\n');
        expect(metrics).to.match(/^spot_source_errors_total\{cluster="default",code="SOURCE_UNAVAILABLE"\} [1-9]/m);
        expect(metrics).to.match(/^nodejs_eventloop_lag_p99_seconds \d/m);

        // Another program holds the database, and there is a run to write: SQLite waits 5 s before it says so.
        const other = new DatabaseSync(store);
        other.exec('BEGIN IMMEDIATE');
        const { application, answers } = recordedRun('smoke-wordcount');
        server.put({ ...application, id: 'app-of-later' }, answers);
        await until('the store that takes nothing shows', () => seen('STORE_BUSY'));
        other.exec('ROLLBACK');
        other.close();
        await until('it is ready again', isReady);
        expect(await (await fetch(`${url}/metrics`)).text()).to.include(
          'spot_runs_stored_total{cluster="default"} 2\n',
        );

        expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).to.equal(405);
      } finally {
        daemon.kill('SIGTERM');
        if (daemon.exitCode === null) await once(daemon, 'exit');
      }
      expect(daemon.exitCode, log).to.equal(0);
    });

    it('crawls all the same when somebody else has the port, and says so', async () => {
      const daemon = startSpot(['crawl'], { ...env, SPOT_HEALTH_LISTEN: new URL(server.url).host });
      let log = '';
      daemon.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
      await until('the first sweep is through', () => log.includes('First sweep complete.'));
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');

      expect(log).to.include('Health and metrics cannot be told').and.include('EADDRINUSE');
      expect(await spotJson(['stats', '--format', 'json'], env)).to.include({ agg: 1 });
    });

    it('warns about an address that others reach, and refuses one that is none with exit code 78', async () => {
      const daemon = startSpot(['crawl'], { ...env, SPOT_HEALTH_LISTEN: '0.0.0.0:0' });
      let log = '';
      daemon.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
      await until('the first sweep is through', () => log.includes('First sweep complete.'));
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');

      expect(log).to.match(/warn +Health and metrics can be read from other machines/);
      const { code, stderr } = await runSpot(['crawl'], { ...env, SPOT_HEALTH_LISTEN: '9464' });
      expect(code, stderr).to.equal(78);
      expect(stderr).to.include('CONFIG_INVALID_VALUE');
    });
  });

  describe('spot prune', () => {
    it('counts in a dry run, deletes what is older and nothing that ended at another time', async () => {
      await runSpot(['crawl', '--once'], env);
      const after = new Date(END + 1).toISOString();
      const prune = (...args: readonly string[]): Promise<unknown> =>
        spotJson(['prune', '--format', 'json', '--older-than', ...args], env);

      expect(await prune(new Date(END - 1).toISOString())).to.have.deep.property('deleted', none());
      const deleted = { ...none(), agg: 1, raw: 1 };
      expect(await prune(after, '--dry-run')).to.deep.include({ dryRun: true, deleted });
      expect(await spotJson(['stats', '--format', 'json'], env)).to.include({ agg: 1, raw: 1 });
      expect(await prune(after, '--keep-agg')).to.have.deep.property('deleted', { ...none(), raw: 1 });
      expect(await prune(after)).to.have.deep.property('deleted', { ...none(), agg: 1 });
      expect(await spotJson(['stats', '--format', 'json'], env)).to.include({ agg: 0, raw: 0 });
    });

    it('reads a run without its raw document not again, and one that is gone anew', async () => {
      await runSpot(['crawl', '--once'], env);
      await runSpot(['prune', '--older-than', '0s', '--keep-agg'], env);
      expect((await runSpot(['crawl', '--once'], env)).stderr).to.include('0 runs stored');

      await runSpot(['prune', '--older-than', '0s'], env);
      expect((await runSpot(['crawl', '--once'], env)).stderr).to.include('1 run');
      expect(await spotJson(['stats', '--format', 'json'], env)).to.include({ agg: 1, raw: 1 });
    });

    it('goes on while spot crawl writes to the same file: 30 old runs go, 60 that are just being read come, nobody is refused', async () => {
      const DAY_MS = 86_400_000;
      const { application, answers } = recordedRun('smoke-wordcount');
      const put = (id: string, end: Date): void => {
        const ends = { endTime: end.toISOString().replace('Z', 'GMT'), endTimeEpoch: end.getTime() };
        const attempts = application.attempts.map((attempt) => ({ ...attempt, ...ends }));
        server.put({ ...application, id, attempts }, answers);
      };
      server.remove(application.id);
      for (let index = 0; index < 30; index += 1) put(`old-${index}`, new Date(Date.now() - 400 * DAY_MS));
      const daemon = startSpot(['crawl'], env);
      let log = '';
      daemon.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
      await until('the old runs are stored', () => log.includes('First sweep complete.'));
      const stored = async (): Promise<number> =>
        ((await spotJson(['stats', '--format', 'json'], env)) as { agg: number }).agg;
      expect(await stored()).to.equal(30);

      const pruning = spotJson(['prune', '--format', 'json', '--older-than', '300d'], env);
      for (let index = 0; index < 60; index += 1) {
        put(`new-${index}`, new Date());
        await sleep(25);
      }

      expect(await pruning).to.have.deep.property('deleted', { ...none(), agg: 30, raw: 30 });
      await until('the new runs are stored', async () => (await stored()) === 60);
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');
      expect(daemon.exitCode, log).to.equal(0);
      expect(log).to.not.match(/STORE_|error/);
      const runs = (await spotJson(['list', '--format', 'json', '--limit', '100'], env)) as { run: string }[];
      expect(runs.map(({ run }) => run).sort()).to.deep.equal(
        Array.from({ length: 60 }, (_, index) => `new-${index}`).sort(),
      );
    });

    it('needs a time (2), and a store that is there (69)', async () => {
      expect((await runSpot(['prune'], env)).code).to.equal(2);
      expect((await runSpot(['prune', '--older-than', 'yesterday'], env)).code).to.equal(2);
      expect((await runSpot(['prune', '--older-than', '1d'], env)).code).to.equal(69);
    });
  });

  describe('spot backup', () => {
    it('copies what is stored while the daemon holds the store, for its owner alone, and never over a file', async () => {
      await runSpot(['crawl', '--once'], env);
      const file = join(folder, 'copy.sqlite');
      const daemon = startSpot(['crawl'], env);
      let log = '';
      daemon.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
      await until('the first sweep is through', () => log.includes('First sweep complete.'));

      expect(await spotJson(['backup', '--format', 'json', file], env)).to.include({ runs: 1, errors: 0 });
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');

      expect((await stat(file)).mode & 0o777).to.equal(0o600);
      const exported = async (place: string): Promise<string> =>
        (await runSpot(['export', '--doc', 'raw', '--store', `sqlite:${place}`], env)).stdout;
      expect(await exported(file))
        .to.equal(await exported(store))
        .and.not.equal('');
      const again = await runSpot(['backup', file], env);
      expect(again.code).to.equal(69);
      expect(again.stderr).to.include('STORE_BACKUP_EXISTS');
    });

    it('refuses a damaged store, and leaves no file behind', async () => {
      await runSpot(['crawl', '--once'], env);
      await damage(store);
      const file = join(folder, 'copy.sqlite');

      const { code, stderr } = await runSpot(['backup', file], env);

      expect(code, stderr).to.equal(69);
      expect(stderr).to.include('STORE_CORRUPT');
      for (const name of [file, `${file}.part`])
        expect(await stat(name).catch(() => undefined), name).to.equal(undefined);
    });

    it('says how Elasticsearch is backed up', async () => {
      const { code, stderr } = await runSpot(['backup', 'x', '--store', 'elasticsearch:http://127.0.0.1:9'], env);

      expect(code).to.equal(69);
      expect(stderr).to.include('PUT /_snapshot/').and.include('STORE_BACKUP_UNSUPPORTED');
    });
  });

  describe('spot doctor', () => {
    const doctor = async (changes: Readonly<Record<string, string>> = {}) => {
      const { code, stdout, stderr } = await runSpot(['doctor', '--format', 'json'], { ...env, ...changes });
      expect(stderr).to.equal('');
      const diagnoses = JSON.parse(stdout) as readonly Diagnosis[];
      return { code, verdicts: Object.fromEntries(diagnoses.map(({ check, verdict }) => [check, verdict])), diagnoses };
    };

    it('finds nothing that fails where all is well', async () => {
      await runSpot(['crawl', '--once'], env);

      const { code, verdicts } = await doctor();

      expect(code).to.equal(0);
      expect(verdicts).to.include({
        configuration: 'ok',
        store: 'ok',
        'store integrity': 'ok',
        'source default': 'ok',
      });
      expect(verdicts['clock of the History Server']).to.equal('ok');
    });

    it('exits with 1 for a server that is away, and still looks at everything else', async () => {
      const { code, verdicts } = await doctor({ SPOT_SPARK_HISTORY_API_BASE_URL: 'http://127.0.0.1:1/api/v1' });

      expect(code).to.equal(1);
      expect(verdicts).to.include({ 'source default': 'fail', store: 'warn' }).and.have.property('disk');
    });

    it('finds a clock that is 10 minutes off by the Date of the server', async () => {
      server.answerAll((request, response) => {
        response.setHeader('date', new Date(Date.now() - 600_000).toUTCString());
        server.answer(request, response);
      });

      const { code, diagnoses } = await doctor();

      expect(code).to.equal(1);
      expect(diagnoses.find(({ check }) => check.startsWith('clock'))).to.include({ verdict: 'fail' });
      expect(diagnoses.find(({ check }) => check.startsWith('clock'))?.found).to.match(/(599|600|601) s ahead/);
    });

    it('finds a damaged page and a damaged document', async () => {
      await runSpot(['crawl', '--once'], env);
      const database = new DatabaseSync(store);
      database.exec("UPDATE agg SET document = x'28b52ffd00'");
      database.close();
      const { code, diagnoses } = await doctor();
      expect(code).to.equal(1);
      expect(diagnoses.find(({ check }) => check === 'store integrity')?.found).to.match(
        /agg document of run \d+ is damaged/,
      );

      await damage(store);
      expect((await doctor()).verdicts).to.include({ 'store integrity': 'fail' });
    });

    it('tells whom alerts would reach, and finds a channel that is half configured', async () => {
      const file = join(folder, 'config.ini');
      await writeFile(file, '[ALERTS]\nwebhook_url = http://127.0.0.1:1/hook\n', { mode: 0o600 });
      const { diagnoses } = await doctor({ SPOT_CONFIG: file });
      expect(diagnoses.find(({ check }) => check === 'alerts')).to.include({ verdict: 'ok' });
      expect(diagnoses.find(({ check }) => check === 'alerts')?.found).to.match(/^by .*webhook.*spot alerts test/);

      await writeFile(file, '[ALERTS]\ntelegram_token = 1:x\n');
      const { code, diagnoses: half } = await doctor({ SPOT_CONFIG: file });
      expect(code).to.equal(1);
      expect(half.find(({ check }) => check === 'alerts')?.advice).to.include('CONFIG_ALERTS');
    });

    it('finds a configuration that others may write, and an open listener', async () => {
      const file = join(folder, 'config.ini');
      await writeFile(file, `[HEALTH]\nlisten = 0.0.0.0:9464\n`);
      await chmod(file, 0o666);

      const { verdicts } = await doctor({ SPOT_CONFIG: file, SPOT_HEALTH_LISTEN: '0.0.0.0:9464' });

      expect(verdicts).to.include({ 'configuration file': 'fail', 'health listener': 'warn' });
    });
  });
});

function none(): Record<string, number> {
  return { raw: 0, agg: 0, err: 0, detail: 0 };
}

/** Overwrites a page in the middle. */
async function damage(path: string): Promise<void> {
  const bytes = await readFile(path);
  bytes.fill(0xa5, 4096 * 2, 4096 * 4);
  await writeFile(path, bytes);
}

async function until<T>(what: string, condition: () => T | Promise<T>): Promise<NonNullable<Exclude<T, false>>> {
  for (const deadline = performance.now() + 40_000; performance.now() < deadline;) {
    await sleep(100);
    const value = await condition();
    if (value !== undefined && value !== null && value !== false) return value as NonNullable<Exclude<T, false>>;
  }
  throw new Error(`40 s have passed before ${what}`);
}
