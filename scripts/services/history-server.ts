import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { installSpark, SPARK_VERSIONS } from './install.ts';
import { checkPortIsFree, freePort, ServiceProcess } from './service-process.ts';

export interface HistoryServerOptions {
  /** The folder with the event logs. */
  readonly logDir: string;
  /** Waits until so many applications are listed: a server that has just started lists a part of them. */
  readonly expectApplications?: number;
  /** Default: a free one. Give one to restart a server where it was. */
  readonly port?: number;
  /** Default: the newest. */
  readonly sparkVersion?: string;
  /** Further properties, such as `spark.history.retainedApplications`. */
  readonly conf?: Readonly<Record<string, string>>;
  readonly heap?: string;
  /** Options of the JVM. Default: {@link LEAN_JVM}; a measurement wants none. */
  readonly jvm?: string;
}

export interface RunningHistoryServer extends AsyncDisposable {
  /** Scheme, host and port, without a slash at the end. */
  readonly url: string;
  /** What config.ini wants as `api_base_url`. */
  readonly apiUrl: string;
  readonly port: number;
  readonly sparkVersion: string;
  readonly process: ServiceProcess;
}

/** Compiles little and keeps few threads: the servers of a test run share two cores. */
export const LEAN_JVM = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';

/** Starts a real Spark History Server on 127.0.0.1; installs Spark first when it is not there. */
export async function startHistoryServer(options: HistoryServerOptions): Promise<RunningHistoryServer> {
  const {
    logDir,
    expectApplications = 0,
    sparkVersion = SPARK_VERSIONS[0],
    conf = {},
    heap = '512m',
    jvm = LEAN_JVM,
  } = options;
  const spark = await installSpark(sparkVersion);
  const port = options.port ?? (await freePort());
  await checkPortIsFree(port);
  const folder = await mkdtemp(join(tmpdir(), 'spot-history-server-'));
  const properties = {
    'spark.history.fs.logDirectory': `file://${resolve(logDir)}`,
    'spark.history.ui.port': String(port),
    'spark.history.fs.update.interval': '1s',
    ...conf,
  };

  const process = new ServiceProcess(
    join(spark.home, 'bin/spark-class'),
    ['org.apache.spark.deploy.history.HistoryServer'],
    {
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        JAVA_HOME: spark.javaHome,
        SPARK_HOME: spark.home,
        SPARK_CONF_DIR: folder,
        SPARK_LOCAL_IP: '127.0.0.1',
        SPARK_DAEMON_MEMORY: heap,
        SPARK_DAEMON_JAVA_OPTS: jvm,
        SPARK_HISTORY_OPTS: Object.entries(properties)
          .map(([key, value]) => `-D${key}=${value}`)
          .join(' '),
      },
      logFile: join(folder, 'console.log'),
    },
  );
  const url = `http://127.0.0.1:${port}`;
  await process.waitUntil(async () => (await countApplications(url)) >= expectApplications, 'The History Server');

  return {
    url,
    apiUrl: `${url}/api/v1`,
    port,
    sparkVersion,
    process,
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Completed and running ones, since 1960: the default leaves out what has no sensible end. */
async function countApplications(url: string): Promise<number> {
  const answer = await fetch(`${url}/api/v1/applications?minDate=1960-01-01&minEndDate=1960-01-01`, {
    signal: AbortSignal.timeout(5_000),
  });
  return ((await answer.json()) as unknown[]).length;
}
