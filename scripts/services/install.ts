import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A virtual environment with a Spark distribution. */
export interface SparkInstallation {
  readonly version: string;
  /** What Spark calls `SPARK_HOME`. */
  readonly home: string;
  /** Runs PySpark programs. */
  readonly python: string;
  readonly javaHome: string;
}

export interface ElasticsearchInstallation {
  readonly version: string;
  readonly home: string;
  readonly javaHome: string;
}

/** The versions of this project's tests; the newest first. */
export const SPARK_VERSIONS = ['4.0.1', '3.5.7'] as const;
export const ELASTICSEARCH_VERSIONS = ['9.5.0', '8.19.0'] as const;
export const MOTO_VERSION = '5.2.5';

/** Spark 3.5 and 4.0 run on these JDKs; from 24 on Hadoop's security manager is gone. */
const SPARK_JDK = [17, 21] as const;

/** Lowest and highest JDK by major version of Elasticsearch. */
const ELASTICSEARCH_JDK: Readonly<Record<string, readonly [number, number]>> = { 8: [17, 23], 9: [21, 99] };

/** Fetches what is missing, which can take minutes the first time. @throws Error that says what to install by hand */
export async function installSpark(version: string): Promise<SparkInstallation> {
  const javaHome = await installJdk(SPARK_JDK);
  const folder = await script('install-spark.sh', version);
  return { version, home: `${folder}/home`, python: `${folder}/venv/bin/python`, javaHome };
}

/**
 * Fetches what is missing, which can take a minute the first time.
 *
 * @param options.shim - with `GET /` and what native users and API keys need, see elasticsearch-shim/
 * @throws Error that says what to install by hand
 */
export async function installElasticsearch(
  version: string,
  { shim = false }: { readonly shim?: boolean } = {},
): Promise<ElasticsearchInstallation> {
  const range = ELASTICSEARCH_JDK[version.split('.')[0] ?? ''];
  if (range === undefined) throw new Error(`no JDK is known to run Elasticsearch ${version}`);
  const javaHome = await installJdk(range);
  const home = await script('install-elasticsearch.sh', version, javaHome, ...(shim ? ['--shim'] : []));
  return { version, home, javaHome };
}

/** Fetches what is missing, which can take a minute the first time. @returns the command that starts moto's server */
export async function installMoto(): Promise<string> {
  return `${await script('install-moto.sh', MOTO_VERSION)}/venv/bin/moto_server`;
}

/** Installs a Debian package when `command` is missing. @throws Error when that is not possible */
export async function needCommand(command: string, ...packages: readonly string[]): Promise<void> {
  await script('need.sh', command, ...packages);
}

/** Installs Debian packages, for what is no command. @throws Error when that is not possible */
export async function installPackages(...packages: readonly string[]): Promise<void> {
  await script('install-packages.sh', ...packages);
}

function installJdk([min, max]: readonly [number, number]): Promise<string> {
  return script('install-jdk.sh', String(min), String(max));
}

/** Runs a script of this folder. Its notes go to our standard error, what it prints is the answer. */
async function script(name: string, ...args: readonly string[]): Promise<string> {
  const running = run('bash', [fileURLToPath(new URL(name, import.meta.url)), ...args]);
  running.child.stderr?.pipe(process.stderr, { end: false });
  const { stdout } = await running.catch((error: unknown) => {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(stderr.trimEnd().split('\n').at(-1) ?? `${name} failed`, { cause: error });
  });
  return stdout.trim();
}
