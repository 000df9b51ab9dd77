import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeHistoryServer, recordedRun, sendHtml } from '../support/fake-history-server.ts';
import { plantSecrets, SECRET_KINDS, type PlantedSecret } from '../support/planted-secrets.ts';
import { runSpot } from '../support/run-spot.ts';
import { service } from '../support/services.ts';

const SECRETS = 500;
const APPLICATIONS = 10;
const KINDS = ['raw', 'agg', 'err', 'detail', 'kept'];
const LOGIN = 'Sp0t-own-l0gin!';

type Pair = readonly [string, string];

/** As it stands in a file, and as JSON has it. */
function formsOf(secret: string): readonly string[] {
  return [...new Set([secret, JSON.stringify(secret).slice(1, -1)])];
}

/** The kinds of secrets that stand in clear somewhere in the bytes. */
function seenIn(bytes: Buffer | string, planted: readonly PlantedSecret[]): readonly string[] {
  return planted.filter(({ secret }) => formsOf(secret).some((form) => bytes.includes(form))).map(({ kind }) => kind);
}

/** `NAME=VALUE` in a sentence, as people write it into names and messages. */
function sentenceOf({ key, value }: PlantedSecret): string {
  return `load with ${key}=${value}`;
}

/** One application with its share of the secrets in properties, in its name and in what its jobs and stages say. */
function plantInto(server: FakeHistoryServer, index: number, share: readonly PlantedSecret[]): void {
  const { application, answers } = recordedRun('smoke-wordcount');
  const environment = JSON.parse(answers.environment) as Record<string, unknown>;
  const stages = JSON.parse(answers.stages) as Record<string, unknown>[];
  const executors = JSON.parse(answers.allexecutors) as Record<string, unknown>[];
  const pairs = share.map(({ key, value }): Pair => [key, value]);
  for (const list of ['sparkProperties', 'hadoopProperties', 'systemProperties', 'classpathEntries'])
    environment[list] = [...((environment[list] as readonly Pair[] | undefined) ?? []), ...pairs];
  const planted = share.map((secret, number) => ({
    ...stages[0],
    stageId: number,
    name: sentenceOf(secret),
    description: sentenceOf(secret),
    details: sentenceOf(secret),
    failureReason: `org.apache.spark.SparkException: ${sentenceOf(secret)}\n\tat org.example.Main`,
    killedTasksSummary: { [sentenceOf(secret)]: 1 },
  }));
  const executorLogs = Object.fromEntries(share.map((secret) => [`log of ${secret.kind}`, sentenceOf(secret)]));
  server.put(
    { ...application, id: `app-with-secrets-${index}`, name: share.map(sentenceOf).join(' and ') },
    {
      environment: JSON.stringify(environment),
      stages: JSON.stringify(planted),
      allexecutors: JSON.stringify(executors.map((executor) => ({ ...executor, executorLogs }))),
    },
  );
}

describe(`e2e: of ${SECRETS} secrets of ${Object.keys(SECRET_KINDS).length} kinds none leaves a cluster through Spot`, function () {
  this.timeout(240_000);
  const planted = plantSecrets(20261121, SECRETS);
  const suffix = randomBytes(4).toString('hex');
  let folder: string;
  let server: FakeHistoryServer;
  let logging: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-secrets-'));
    server = await FakeHistoryServer.start();
    const size = SECRETS / APPLICATIONS;
    for (let index = 0; index < APPLICATIONS; index += 1)
      plantInto(server, index, planted.slice(index * size, (index + 1) * size));
    // A server that fails with a secret in its text, and one that answers with a page which has one.
    const { application, answers } = recordedRun('smoke-wordcount');
    for (const id of ['app-fails', 'app-page']) server.put({ ...application, id }, answers);
    server.answerAll((request, response) => {
      const text = planted.map(sentenceOf).join('\n');
      if (request.url?.includes('app-fails') === true) sendHtml(response, 500, text);
      else if (request.url?.includes('app-page') === true) sendHtml(response, 200, text);
      else server.answer(request, response);
    });
    logging = join(folder, 'logging.json');
    await writeFile(
      logging,
      JSON.stringify({
        level: 'debug',
        transports: [
          { type: 'console', format: 'text' },
          { type: 'file', format: 'json', path: join(folder, 'json.log') },
          { type: 'file', format: 'text', path: join(folder, 'text.log') },
        ],
      }),
    );
  });

  after(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** Crawls, and looks at everything that every command prints. */
  async function crawlAndRead(args: readonly string[], extra: Record<string, string> = {}): Promise<void> {
    const env = {
      SPOT_SPARK_HISTORY_API_BASE_URL: server.url,
      SPOT_SPARK_HISTORY_USERNAME: 'spot',
      SPOT_SPARK_HISTORY_PASSWORD: LOGIN,
      HOME: folder,
      ...extra,
    };
    const crawl = await runSpot(['crawl', '--once', '--logging', logging, ...args], env);
    expect(crawl.stderr).to.include(`${APPLICATIONS} runs stored, 2 could not be read`);
    const commands = [
      ['export', '--doc', 'raw'],
      ['export', '--doc', 'agg'],
      ['export', '--doc', 'err'],
      ['list'],
      ['list', '--format', 'json'],
      ['show', 'app-with-secrets-0'],
      ['show', 'app-with-secrets-0', '--doc', 'raw'],
      ['show', 'app-fails', '--doc', 'err'],
      ['verify'],
      ['doctor'],
    ];
    // Raw documents show in a search within half a minute; the test does not wait for that.
    const place = args[1] ?? '';
    for (const alias of place.startsWith('elasticsearch:') ? Object.values(extra) : []) {
      await fetch(`${place.slice('elasticsearch:'.length)}/${alias}/_refresh`, { method: 'POST' });
    }
    for (const command of commands) {
      const { stdout, stderr } = await runSpot([...command, ...args], env);
      expect(stdout, `${command.join(' ')}: ${stderr}`).to.not.equal('');
      expect(seenIn(stdout + stderr, planted), command.join(' ')).to.deep.equal([]);
      expect(stdout + stderr).to.not.include(LOGIN);
    }
    expect(seenIn(crawl.stdout + crawl.stderr, planted)).to.deep.equal([]);
    expect(crawl.stderr).to.not.include(LOGIN);
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.log')) continue;
      const bytes = await readFile(join(folder, name));
      expect(bytes.length, name).to.be.above(100);
      expect(seenIn(bytes, planted), name).to.deep.equal([]);
      expect(bytes.includes(LOGIN), name).to.equal(false);
    }
  }

  it('finds all of them where they were planted, so that finding none means something', () => {
    const everything = planted.map(({ value }) => value).join('\n');

    expect(seenIn(everything, planted)).to.have.lengthOf(SECRETS);
  });

  it('none is in the SQLite file, the logs as text and as JSON, or what any command prints', async () => {
    const path = join(folder, 'spot.sqlite');

    await crawlAndRead(['--store', `sqlite:${path}`]);

    for (const name of (await readdir(folder)).filter((file) => file.startsWith('spot.sqlite')))
      expect(seenIn(await readFile(join(folder, name)), planted), name).to.deep.equal([]);
  });

  it('none is in any document, search field or mapping of Elasticsearch', async function () {
    const url = service(this, 'SPOT_TEST_ES_URL');
    const aliases = KINDS.map((kind) => `spot_${kind}_secrets_${suffix}`);
    const env = Object.fromEntries(
      KINDS.map((kind, index) => [`SPOT_ELASTICSEARCH_${kind.toUpperCase()}_INDEX`, aliases[index] ?? '']),
    );
    try {
      await crawlAndRead(['--store', `elasticsearch:${url}`], env);

      for (const alias of aliases) {
        const found = await (await fetch(`${url}/${alias}/_search?size=100`)).text();
        expect(seenIn(found, planted), alias).to.deep.equal([]);
        expect(seenIn(await (await fetch(`${url}/${alias}/_mapping`)).text(), planted), alias).to.deep.equal([]);
      }
    } finally {
      for (const alias of aliases) await fetch(`${url}/${alias}-000001?ignore_unavailable=true`, { method: 'DELETE' });
    }
  });
});
