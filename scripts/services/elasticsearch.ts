import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeCertificates } from './certificates.ts';
import {
  installElasticsearch,
  needCommand,
  ELASTICSEARCH_VERSIONS,
  type ElasticsearchInstallation,
} from './install.ts';
import { checkPortIsFree, freePort, ServiceProcess } from './service-process.ts';

export interface ElasticsearchOptions {
  /** Default: the newest. */
  readonly version?: string;
  /** TLS, and the user `elastic` with a password; native users, roles and API keys work. Default: neither. */
  readonly secure?: boolean;
  /** Default: a free one. Give one, and `dataDir`, to restart a node where it was. */
  readonly port?: number;
  /** Kept when the node stops. Default: a folder that goes with it. Every user must be able to enter its parent. */
  readonly dataDir?: string;
  readonly heap?: string;
  /** Further lines of elasticsearch.yml. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface RunningElasticsearch extends AsyncDisposable {
  /** Scheme, host and port, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly version: string;
  /** Of a secure node alone. */
  readonly security: { readonly username: string; readonly password: string; readonly caFile: string } | undefined;
  readonly process: ServiceProcess;
}

/** Elasticsearch refuses to run as root; this user is on every Linux and owns nothing else. */
const NOBODY = 65_534;
const PASSWORD = 'test-password';

/** Starts a real Elasticsearch node on loopback; installs it first when it is not there. */
export async function startElasticsearch(options: ElasticsearchOptions = {}): Promise<RunningElasticsearch> {
  const { version = ELASTICSEARCH_VERSIONS[0], secure = false, heap = '512m' } = options;
  // Without the shim unless it is needed: so tests show that Spot does not depend on `GET /`, which a proxy may block.
  const installation = await installElasticsearch(version, { shim: secure });
  const port = options.port ?? (await freePort());
  await checkPortIsFree(port);
  const folder = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'spot-elasticsearch-')));
  const config = join(folder, 'config');
  await writeConfiguration(installation, folder, { ...options, port });
  const security = secure
    ? { username: 'elastic', password: PASSWORD, caFile: join(config, 'certs/ca.crt') }
    : undefined;

  const uid = process.getuid?.() === 0 ? NOBODY : undefined;
  if (uid !== undefined) await promisify(execFile)('chown', ['-R', `${uid}:${uid}`, folder]);
  const env = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: join(folder, 'tmp'),
    ES_PATH_CONF: config,
    ES_JAVA_HOME: installation.javaHome,
    ES_TMPDIR: join(folder, 'tmp'),
    ES_JAVA_OPTS: `-Xms${heap} -Xmx${heap} -XX:+UseSerialGC -XX:TieredStopAtLevel=1`,
  };
  if (secure && !existsSync(join(config, 'elasticsearch.keystore'))) await setPassword(installation.home, env, uid);

  const service = new ServiceProcess(join(installation.home, 'bin/elasticsearch'), [], {
    env,
    uid,
    logFile: join(folder, 'console.log'),
  });
  const url = secure ? `https://localhost:${port}` : `http://127.0.0.1:${port}`;
  await service.waitUntil(() => isHealthy(url, security), `Elasticsearch ${version}`);
  return {
    url,
    port,
    version,
    security,
    process: service,
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      if (options.dataDir === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function writeConfiguration(
  { home }: ElasticsearchInstallation,
  folder: string,
  { port, secure = false, settings = {} }: ElasticsearchOptions & { readonly port: number },
): Promise<void> {
  const config = join(folder, 'config');
  if (!existsSync(config)) await cp(join(home, 'config'), config, { recursive: true });
  await Promise.all(['data', 'logs', 'tmp'].map((name) => mkdir(join(folder, name), { recursive: true })));

  const all: Record<string, string> = {
    'cluster.name': 'spot-test',
    'node.name': `spot-test-${port}`,
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    'http.port': String(port),
    'transport.port': '0',
    'path.data': join(folder, 'data'),
    'path.logs': join(folder, 'logs'),
    'cluster.routing.allocation.disk.threshold_enabled': 'false',
    'xpack.security.autoconfiguration.enabled': 'false',
    'xpack.security.enabled': String(secure),
  };
  if (secure) {
    await needCommand('openssl', 'openssl');
    if (!existsSync(join(config, 'certs/ca.crt'))) await makeCertificates(join(config, 'certs'));
    Object.assign(all, {
      'xpack.security.transport.ssl.enabled': 'false',
      'xpack.security.http.ssl.enabled': 'true',
      'xpack.security.http.ssl.key': 'certs/http.key',
      'xpack.security.http.ssl.certificate': 'certs/http.crt',
      'xpack.security.http.ssl.certificate_authorities': '[ certs/ca.crt ]',
      'xpack.security.authc.api_key.enabled': 'true',
    });
  }
  Object.assign(all, settings);
  await writeFile(
    join(config, 'elasticsearch.yml'),
    lines(Object.entries(all).map(([key, value]) => `${key}: ${value}`)),
  );

  // The program folder is shared and read-only, so nothing may be written beside it; and a collector is chosen once.
  const jvm = await readFile(join(config, 'jvm.options'), 'utf8');
  const unwanted = /UseG1GC|-Xlog:|HeapDump|ErrorFile/;
  await writeFile(join(config, 'jvm.options'), lines(jvm.split('\n').filter((line) => !unwanted.test(line))));
}

/** The password of `elastic`, which can be set before the first start only. */
async function setPassword(home: string, env: Record<string, string>, uid: number | undefined): Promise<void> {
  const keystore = spawn(
    join(home, 'bin/elasticsearch-keystore'),
    ['add', '--stdin', '--force', 'bootstrap.password'],
    { env, stdio: ['pipe', 'ignore', 'inherit'], ...(uid === undefined ? {} : { uid, gid: uid }) },
  );
  keystore.stdin.end(PASSWORD);
  const [code] = (await once(keystore, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`elasticsearch-keystore ended with ${String(code)}`);
}

async function isHealthy(url: string, security: RunningElasticsearch['security']): Promise<boolean> {
  const path = `${url}/_cluster/health?wait_for_status=yellow&timeout=2s`;
  const request =
    security === undefined
      ? httpRequest(path)
      : httpsRequest(path, { ca: await readFile(security.caFile), auth: `${security.username}:${security.password}` });
  request.setTimeout(5_000, () => request.destroy(new Error('no answer'))).end();
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode === 200;
}

function lines(all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
