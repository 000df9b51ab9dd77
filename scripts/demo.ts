/**
 * `npm run demo`: crawls real Spark runs into an SQLite file with the real command line, and shows them.
 *
 * The runs come from a recording (demo/history-server/), served over HTTP on this machine; with SPOT_HISTORY_URL from
 * that server, which is only read.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import type { ApplicationInfo } from '../src/spark/rest.ts';
import { FakeHistoryServer } from '../test/support/fake-history-server.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const RECORDING = join(ROOT, 'demo/history-server');
const FOLDER = join(ROOT, 'spot-data/demo');

const realServer = process.env['SPOT_HISTORY_URL'] ?? '';
const isRecorded = realServer === '';
await using recorded = isRecorded ? await serveRecording() : undefined;
const url = recorded?.url ?? realServer;

// The recording is crawled anew each time; of a real server the demo goes on where it was.
const name = isRecorded ? 'recorded' : new URL(url).hostname;
if (isRecorded) rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const config = join(FOLDER, `${name}.ini`);
const store = `sqlite:${relative(process.cwd(), join(FOLDER, `${name}.sqlite`))}`;
writeFileSync(config, `[SPARK_HISTORY]\napi_base_url = ${url}\n`);

say(
  isRecorded
    ? `A recorded Spark History Server answers at ${url} (SPOT_HISTORY_URL=… takes yours instead).`
    : `Reading the Spark History Server at ${url}.`,
);
await spot('crawl', '--once', '--config', config, '--store', store);
await spot('list', '--config', config, '--store', store);
say(`EFFICIENCY is the part of the allocated core time in which tasks ran; SPEEDUP is against one core.

Next:
  npm run -s spot -- show ${isRecorded ? 'app-20261121085601-0000' : 'RUN'} --store ${store}        one run on one screen
  npm run -s spot -- export --doc agg --store ${store} > runs.ndjson         every number
  ${isRecorded ? 'SPOT_HISTORY_URL=http://your-server:18080 npm run demo' : 'cp config.ini.template config.ini && npm run -s spot -- crawl'}
  The README tells how to let Spot follow your server for good.`);

/** Runs the command line as a user would; ends as it ends when it fails. */
async function spot(...args: string[]): Promise<void> {
  console.error(`\n$ spot ${args.map((arg) => (arg === config ? relative(process.cwd(), config) : arg)).join(' ')}`);
  const child = spawn(process.execPath, [join(ROOT, 'bin/spot.js'), ...args], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) process.exit(code ?? 1);
}

async function serveRecording(): Promise<FakeHistoryServer> {
  const server = await FakeHistoryServer.start();
  const applications = JSON.parse(readFileSync(join(RECORDING, 'applications.json'), 'utf8')) as ApplicationInfo[];
  for (const application of applications) {
    const read = (part: string): string =>
      gunzipSync(readFileSync(join(RECORDING, application.id, `${part}.json.gz`))).toString();
    server.put(application, {
      allexecutors: read('allexecutors'),
      stages: read('stages'),
      environment: read('environment'),
    });
  }
  return server;
}

function say(text: string): void {
  console.error(`\n${text}`);
}
