import { fileURLToPath } from 'node:url';
import { startElasticsearch, type RunningElasticsearch } from './elasticsearch.ts';
import { startHistoryServer } from './history-server.ts';
import { ELASTICSEARCH_VERSIONS, installElasticsearch, installSpark, MOTO_VERSION, SPARK_VERSIONS } from './install.ts';
import { startS3Server } from './s3-server.ts';

/** The event logs that the shared History Server reads; see the README.md there. */
export const CORPUS_LOGS = fileURLToPath(new URL('../../test/fixtures/spark-corpus/logs/', import.meta.url));
const CORPUS_APPLICATIONS = 10;

/** What tests find in their environment, and for what is missing why it is. */
export interface ServiceReport {
  readonly name: string;
  /** Variables for the tests; none when the service could not be had. */
  readonly env: Readonly<Record<string, string>>;
  /** A line for people: where it is, or why it is not. */
  readonly told: string;
  readonly isRunning: boolean;
}

/** The servers that all tests share. */
export class TestServices implements AsyncDisposable {
  readonly reports: readonly ServiceReport[];
  readonly #started: AsyncDisposableStack;

  private constructor(reports: readonly ServiceReport[], started: AsyncDisposableStack) {
    this.reports = reports;
    this.#started = started;
  }

  /** Variables of all services together. */
  get env(): Record<string, string> {
    return Object.assign({}, ...this.reports.map(({ env }) => env)) as Record<string, string>;
  }

  /**
   * Starts all of them, one after the other: two cores would not make it faster at once.
   *
   * One that cannot be had does not stop the others. A service whose address is in the environment already is taken as
   * it is.
   *
   * @param tell - called with each report as soon as it is known
   */
  static async start(tell: (report: ServiceReport) => void, signal?: AbortSignal): Promise<TestServices> {
    const started = new AsyncDisposableStack();
    const reports: ServiceReport[] = [];
    for (const [name, variable, start] of SERVICES) {
      if (signal?.aborted === true) break;
      const report = await startOne(name, variable, () => start(started));
      reports.push(report);
      tell(report);
    }
    return new TestServices(reports, started);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#started.disposeAsync();
  }
}

type Start = (started: AsyncDisposableStack) => Promise<Omit<ServiceReport, 'name' | 'isRunning'>>;

const [SPARK, OLDER_SPARK] = SPARK_VERSIONS;
const [, OLDER_ELASTICSEARCH] = ELASTICSEARCH_VERSIONS;

/** Name for people, the variable that tells that somebody else provides it, how it is started. */
const SERVICES: readonly (readonly [name: string, variable: string, start: Start])[] = [
  [
    `History Server ${SPARK}`,
    'SPOT_TEST_HISTORY_URL',
    async (started) => {
      const server = started.use(
        await startHistoryServer({ logDir: CORPUS_LOGS, expectApplications: CORPUS_APPLICATIONS }),
      );
      const spark = await installSpark(SPARK);
      return {
        env: { SPOT_TEST_HISTORY_URL: server.url, SPOT_TEST_SPARK_HOME: spark.home },
        told: `${server.url} on ${spark.javaHome}`,
      };
    },
  ],
  [
    'Elasticsearch',
    'SPOT_TEST_ES_URL',
    async (started) => {
      const { node, told } = await startNewestElasticsearch(started, {});
      return { env: { SPOT_TEST_ES_URL: node.url }, told };
    },
  ],
  [
    'Elasticsearch with TLS and passwords',
    'SPOT_TEST_ES_SECURE_URL',
    async (started) => {
      const { node, told } = await startNewestElasticsearch(started, { secure: true });
      const { username, password, caFile } = node.security!;
      return {
        env: {
          SPOT_TEST_ES_SECURE_URL: node.url,
          SPOT_TEST_ES_SECURE_USERNAME: username,
          SPOT_TEST_ES_SECURE_PASSWORD: password,
          SPOT_TEST_ES_SECURE_CA: caFile,
        },
        told,
      };
    },
  ],
  [
    `Elasticsearch ${OLDER_ELASTICSEARCH}`,
    'SPOT_TEST_ES8_URL',
    async (started) => {
      const node = started.use(await startElasticsearch({ version: OLDER_ELASTICSEARCH }));
      return { env: { SPOT_TEST_ES8_URL: node.url }, told: await onWhichJdk(node) };
    },
  ],
  [
    `S3 (moto ${MOTO_VERSION})`,
    'SPOT_TEST_S3_URL',
    async (started) => {
      const { url } = started.use(await startS3Server());
      return { env: { SPOT_TEST_S3_URL: url }, told: url };
    },
  ],
  [
    `Spark ${OLDER_SPARK}`,
    'SPOT_TEST_SPARK_HOME_35',
    async () => {
      const { home } = await installSpark(OLDER_SPARK);
      return { env: { SPOT_TEST_SPARK_HOME_35: home }, told: home };
    },
  ],
];

/** Elasticsearch 9 wants a newer JDK than many machines have: then the tests of the store run on the older one. */
async function startNewestElasticsearch(
  started: AsyncDisposableStack,
  options: { readonly secure?: boolean },
): Promise<{ readonly node: RunningElasticsearch; readonly told: string }> {
  const failures: string[] = [];
  for (const version of ELASTICSEARCH_VERSIONS) {
    try {
      const node = started.use(await startElasticsearch({ ...options, version }));
      return { node, told: [await onWhichJdk(node), ...failures].join('; ') };
    } catch (error) {
      failures.push(`not ${version}: ${messageOf(error)}`);
    }
  }
  throw new Error(failures.join('; '));
}

async function onWhichJdk({ url, version }: RunningElasticsearch): Promise<string> {
  const { javaHome } = await installElasticsearch(version);
  return `${version} at ${url} on ${javaHome}`;
}

async function startOne(
  name: string,
  variable: string,
  start: () => Promise<Omit<ServiceReport, 'name' | 'isRunning'>>,
): Promise<ServiceReport> {
  const given = process.env[variable];
  if (given !== undefined && given !== '')
    return { name, isRunning: true, env: {}, told: `${given} (as ${variable} says)` };
  try {
    return { name, isRunning: true, ...(await start()) };
  } catch (error) {
    return { name, isRunning: false, env: {}, told: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
