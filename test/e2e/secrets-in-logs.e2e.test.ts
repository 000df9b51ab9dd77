import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLogger } from '../../src/logging/logger.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { plantSecrets, SECRET_KINDS, type PlantedSecret } from '../support/planted-secrets.ts';
import { runSpot } from '../support/run-spot.ts';

const LOG = fileURLToPath(new URL('../fixtures/spark-corpus/logs/app-20261121084635-0000', import.meta.url));
const APP = 'app-20261121084635-0000';
const SECRETS = 200;

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Fields = Record<string, Json>;

/** Texts of an event in which a person, a program or Spark itself says something, and lists of properties. */
const TEXTS = new Set([
  'App Name',
  'Stage Name',
  'Details',
  'Callsite',
  'Name',
  'Failure Reason',
  'description',
  'details',
  'physicalPlanDescription',
  'simpleString',
  'nodeName',
  'errorMessage',
  'Message',
  'Stack Trace',
  'Reason',
  'Removed Reason',
]);
const PAIRS = new Set([
  'Spark Properties',
  'Hadoop Properties',
  'System Properties',
  'Metrics Properties',
  'Properties',
  'modifiedConfigs',
  'metadata',
  'Log Urls',
  'Attributes',
]);
const JOB_TEXTS = ['spark.job.description', 'spark.jobGroup.id', 'spark.job.tags', 'callSite.short', 'callSite.long'];

/** A real log with a secret in each of its texts and properties, each used in turn. */
class Planting {
  readonly #planted: readonly PlantedSecret[];
  #next = 0;

  constructor(planted: readonly PlantedSecret[]) {
    this.#planted = planted;
  }

  get used(): number {
    return this.#next;
  }

  event(event: Fields): Fields {
    if (event['Event'] === 'SparkListenerStageCompleted')
      (event['Stage Info'] as Fields)['Failure Reason'] = 'Job aborted due to stage failure';
    if (event['Event'] === 'SparkListenerJobEnd')
      event['Job Result'] = { Result: 'JobFailed', Exception: { Message: 'Job aborted', 'Stack Trace': [] } };
    if (event['Event'] === 'SparkListenerTaskEnd')
      event['Task End Reason'] = {
        Reason: 'ExceptionFailure',
        'Class Name': 'java.io.IOException',
        Description: this.#sentence('failed'),
        'Stack Trace': [],
        'Full Stack Trace': this.#sentence('java.io.IOException'),
        'Accumulator Updates': [],
      };
    if (event['Event'] === 'SparkListenerJobStart')
      Object.assign(event['Properties'] as Fields, Object.fromEntries(JOB_TEXTS.map((name) => [name, 'load'])));
    const name = event['Event'];
    if (typeof name === 'string' && name.endsWith('SQLExecutionEnd')) event['errorMessage'] = 'failed';
    return this.#walk(event) as Fields;
  }

  #walk(value: Json, name = ''): Json {
    if (Array.isArray(value)) return value.map((one) => this.#walk(one, name));
    if (typeof value === 'string') return TEXTS.has(name) && value !== '' ? this.#sentence(value) : value;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        if (PAIRS.has(key) && typeof inner === 'object' && inner !== null && !Array.isArray(inner))
          return [key, this.#properties(inner)];
        return [key, key === 'Reason' && name === 'Task End Reason' ? inner : this.#walk(inner, key)];
      }),
    );
  }

  #properties(properties: Fields): Fields {
    const own = Object.fromEntries(
      Object.entries(properties).map(([key, text]) => [
        key,
        JOB_TEXTS.includes(key) && typeof text === 'string' ? this.#sentence(text) : text,
      ]),
    );
    const { key, value } = this.#secret();
    // The names of a log's properties are whole; that of the planted one must not hide one of Spark's.
    return { ...own, [key]: value };
  }

  #sentence(text: string): string {
    const { key, value } = this.#secret();
    return `${text} with ${key}=${value}`;
  }

  #secret(): PlantedSecret {
    const secret = this.#planted[this.#next++ % this.#planted.length];
    if (secret === undefined) throw new Error('There is nothing to plant');
    return secret;
  }
}

describe(`e2e: of ${SECRETS} secrets of ${Object.keys(SECRET_KINDS).length} kinds in the texts of an event log none leaves through Spot`, function () {
  this.timeout(120_000);
  const planted = plantSecrets(20261122, SECRETS);
  let folder: string;
  let store: string;
  let env: Record<string, string>;
  let text: string;

  /** The secrets that stand in clear in a text, by kind; as they are and as JSON writes them. */
  const seenIn = (bytes: string | Buffer): readonly string[] =>
    planted
      .filter(({ secret }) => [secret, JSON.stringify(secret).slice(1, -1)].some((form) => bytes.includes(form)))
      .map(({ kind, secret }) => `${kind}: ${secret}`);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'spot-log-secrets-'));
    const logs = join(folder, 'logs');
    store = `sqlite:${join(folder, 'spot.sqlite')}`;
    env = { HOME: folder };
    await mkdir(logs);
    const planting = new Planting(planted);
    text = readFileSync(LOG, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.stringify(planting.event(JSON.parse(line) as Fields)))
      .join('\n');
    expect(planting.used).to.be.at.least(SECRETS);
    await writeFile(join(logs, APP), `${text}\n`);
    await writeFile(
      join(folder, 'logging.json'),
      JSON.stringify({
        level: 'debug',
        transports: [
          { type: 'console', format: 'text' },
          { type: 'file', format: 'json', path: join(folder, 'json.log') },
        ],
      }),
    );
    const { stderr } = await spot('collect', '--event-log-dir', logs, '--logging', join(folder, 'logging.json'));
    expect(stderr).to.include('1 run');
    expect(seenIn(stderr)).to.deep.equal([]);
  });

  after(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  async function spot(...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const ended = await runSpot([...args, '--store', store], env);
    expect(ended.code, `${args.join(' ')}: ${ended.stderr}`).to.equal(0);
    return ended;
  }

  it('has all of them in the log, so that finding none means something', () => {
    expect(seenIn(text)).to.have.lengthOf(SECRETS);
  });

  it('keeps none in any document of the store, in its columns or in its files', async () => {
    const key = { cluster: 'default', appId: APP };
    await using opened = await SqliteStore.open({ path: join(folder, 'spot.sqlite'), access: 'read' }, silentLogger);
    const documents = {
      raw: await opened.readRaw(key),
      agg: await opened.readAggregate(key),
      detail: await opened.readDetail(key),
    };

    for (const [kind, document] of Object.entries(documents)) {
      expect(document, kind).to.not.equal(undefined);
      expect(
        seenIn(JSON.stringify(document, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one))),
        kind,
      ).to.deep.equal([]);
    }
    // What was planted was read: its marks are there.
    expect(JSON.stringify(documents.detail).split('***hmac:').length).to.be.above(20);
    for (const name of (await readdir(folder)).filter(
      (file) => file.startsWith('spot.sqlite') || file.endsWith('.log'),
    ))
      expect(seenIn(await readFile(join(folder, name))), name).to.deep.equal([]);
    expect(existsSync(join(folder, 'json.log'))).to.equal(true);
  });

  for (const command of [
    ['list', '--format', 'json'],
    ['show', APP],
    ['show', APP, '--doc', 'detail'],
    ['export', '--doc', 'raw'],
    ['analyze', APP, '--all', '--format', 'json'],
    ['analyze', APP, '--all', '--format', 'html'],
    ['simulate', APP, '--format', 'json'],
    ['cost', APP],
  ])
    it(`prints none: spot ${command.join(' ')}`, async () => {
      const { stdout, stderr } = await runSpot([...command, '--store', store], env);

      expect(stdout, stderr).to.not.equal('');
      expect(seenIn(stdout + stderr)).to.deep.equal([]);
    });
});
