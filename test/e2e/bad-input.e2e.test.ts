import { expect } from 'chai';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeHistoryServer, recordedRun, sendHtml, sendJson } from '../support/fake-history-server.ts';
import { runSpot, spotJson } from '../support/run-spot.ts';
import { service } from '../support/services.ts';

/** Exit codes, as docs/cli.md promises them. */
const [OK, USAGE, UNAVAILABLE, CONFIG] = [0, 2, 69, 78];

describe('e2e: bad input gets a clear error and loses nothing', function () {
  this.timeout(60_000);
  let folder: string;
  let server: FakeHistoryServer;
  let store: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-bad-'));
    store = `sqlite:${join(folder, 'spot.sqlite')}`;
    server = await FakeHistoryServer.start();
    const { application, answers } = recordedRun('smoke-wordcount');
    server.put(application, answers);
  });

  afterEach(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const crawl = (env: Record<string, string> = {}, ...args: string[]) =>
    runSpot(['crawl', '--once', '--store', store, ...args], { SPOT_SPARK_HISTORY_API_BASE_URL: server.url, ...env });

  /** After the fault is gone, the next crawl has everything and no error is left. */
  async function expectNothingLost(): Promise<void> {
    server.answerAll(undefined);
    const { code, stderr } = await crawl();
    expect(code, stderr).to.equal(OK);
    const stats = (await spotJson(['stats', '--format', 'json', '--store', store])) as {
      readonly agg: number;
      readonly err: number;
    };
    expect(stats).to.include({ agg: 1, err: 0 });
  }

  it('a server that does not answer: says so, and keeps one error document', async () => {
    const { code, stderr } = await crawl({ SPOT_SPARK_HISTORY_API_BASE_URL: 'http://127.0.0.1:9/api/v1' });

    expect(code).to.equal(UNAVAILABLE);
    expect(stderr).to.contain('127.0.0.1:9').and.contain('SOURCE_UNAVAILABLE').and.contain('is the server running');
    await expectNothingLost();
  });

  it('HTML where JSON should be: asks for the address and the credentials', async () => {
    server.answerAll((_request, response) => {
      sendHtml(response, 200, '<!DOCTYPE html><html><body>Please log in</body></html>');
    });

    const { code, stderr } = await crawl();

    expect(code).to.equal(UNAVAILABLE);
    expect(stderr)
      .to.contain('SOURCE_NOT_JSON')
      .and.match(/login|proxy/);
    await expectNothingLost();
  });

  it('another web server on that port: says what the address must look like', async () => {
    server.answerAll((_request, response) => {
      sendHtml(response, 404, '<html>Not found</html>');
    });

    const { code, stderr } = await crawl();

    expect(code).to.equal(UNAVAILABLE);
    expect(stderr).to.contain('api_base_url');
    await expectNothingLost();
  });

  it('a login page only for the details: the run waits, the crawl ends', async () => {
    server.answerAll((request, response) => {
      if (request.url?.startsWith('/api/v1/applications?') === true || request.url === '/api/v1/applications')
        server.answer(request, response);
      else sendHtml(response, 200, '<html>Please log in</html>');
    });

    const { stderr } = await crawl();

    expect(stderr).to.contain('SOURCE_NOT_JSON');
    await expectNothingLost();
  });

  it('an empty list: nothing to do is no error', async () => {
    server.answerAll((_request, response) => {
      sendJson(response, '[]');
    });

    const { code, stderr } = await crawl();

    expect(code).to.equal(OK);
    expect(stderr).to.contain('0 runs stored');
    await expectNothingLost();
  });

  it('an object where the list should be: wrong answer, not a crash', async () => {
    server.answerAll((_request, response) => {
      sendJson(response, '{"applications":[]}');
    });

    const { code, stderr } = await crawl();

    expect(code).to.equal(UNAVAILABLE);
    expect(stderr).to.contain('SOURCE_WRONG_ANSWER');
    await expectNothingLost();
  });

  it('a configuration without most of its keys works: every key has a default', async () => {
    const config = join(folder, 'config.ini');
    await writeFile(config, `[SPARK_HISTORY]\napi_base_url = ${server.url}\n`);

    const { code, stderr } = await crawl({}, '--config', config);

    expect(code, stderr).to.equal(OK);
  });

  it('a misspelt key stops before any work and names the right one', async () => {
    const config = join(folder, 'config.ini');
    await writeFile(config, '[CRAWLER]\nsleep_second = 3\n');

    const { code, stderr } = await crawl({}, '--config', config);

    expect(code).to.equal(CONFIG);
    expect(stderr).to.contain('did you mean sleep_seconds?').and.contain('CONFIG_UNKNOWN_KEY');
    expect(server.requests).to.have.length(0);
  });

  it('a misspelt option suggests the right one', async () => {
    const { code, stderr, stdout } = await runSpot(['list', '--lmit', '3']);

    expect(code).to.equal(USAGE);
    expect(stderr).to.contain('--limit');
    expect(stdout).to.equal('');
  });

  it('a path that cannot be written: says which, and what to do', async function () {
    const readOnly = join(folder, 'read-only');
    await writeFile(readOnly, 'a file where a folder should be');
    await chmod(readOnly, 0o444);

    const { code, stderr } = await runSpot(['crawl', '--once', '--store', `sqlite:${readOnly}/spot.sqlite`], {
      SPOT_SPARK_HISTORY_API_BASE_URL: server.url,
    });

    expect(code).to.equal(UNAVAILABLE);
    expect(stderr)
      .to.contain(readOnly)
      .and.match(/STORE_\w+/);
  });

  it('a file that is no store is left as it is', async () => {
    const other = join(folder, 'notes.txt');
    await writeFile(other, 'my notes, not a database');

    const { code, stderr } = await runSpot(['crawl', '--once', '--store', `sqlite:${other}`], {
      SPOT_SPARK_HISTORY_API_BASE_URL: server.url,
    });

    expect(code).to.equal(UNAVAILABLE);
    expect(stderr).to.contain('STORE_NOT_A_STORE');
  });

  it('an Elasticsearch that does not answer: says so', async () => {
    const { code, stderr } = await runSpot(['crawl', '--once', '--store', 'elasticsearch:http://127.0.0.1:9'], {
      SPOT_SPARK_HISTORY_API_BASE_URL: server.url,
      SPOT_CRAWLER_STORE_PATIENCE_SECONDS: '1',
    });

    expect(code).to.equal(UNAVAILABLE);
    expect(stderr).to.contain('127.0.0.1:9').and.contain('STORE_UNAVAILABLE');
  });

  it('an Elasticsearch without rights: names what is missing, and leaks no password', async function () {
    const url = service(this, 'SPOT_TEST_ES_SECURE_URL');
    const ca = service(this, 'SPOT_TEST_ES_SECURE_CA');
    const env = { SPOT_SPARK_HISTORY_API_BASE_URL: server.url, SPOT_ELASTICSEARCH_CA_FILE: ca };

    const nobody = await runSpot(['crawl', '--once', '--store', `elasticsearch:${url}`], env);
    const wrong = await runSpot(['crawl', '--once', '--store', `elasticsearch:${url}`], {
      ...env,
      SPOT_ELASTICSEARCH_USERNAME: 'elastic',
      SPOT_ELASTICSEARCH_PASSWORD: 'wrong-Pa55',
    });

    for (const { code, stderr } of [nobody, wrong]) {
      expect(code).to.equal(UNAVAILABLE);
      expect(stderr)
        .to.match(/STORE_(UNAUTHORIZED|FORBIDDEN|UNAUTHENTICATED)/)
        .and.not.contain('wrong-Pa55');
    }
  });
});
