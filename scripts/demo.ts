/**
 * `npm run demo`: crawls real Spark runs into an SQLite file with the real command line, and shows them.
 *
 * The runs are event logs of real applications, served by `spot history` as a Spark History Server would; with
 * SPOT_HISTORY_URL they come from that server, which is only read.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const EVENT_LOGS = ['demo/event-logs', 'test/fixtures/spark-corpus/logs'].map((folder) => join(ROOT, folder));
const FOLDER = join(ROOT, 'spot-data/demo');

const realServer = process.env['SPOT_HISTORY_URL'] ?? '';
const isOwn = realServer === '';
await using history = isOwn ? await serveEventLogs() : undefined;
const url = history?.url ?? realServer;

// Our own logs are crawled anew each time; of a real server the demo goes on where it was.
const name = isOwn ? 'demo' : new URL(url).hostname;
if (isOwn) rmSync(FOLDER, { recursive: true, force: true });
mkdirSync(FOLDER, { recursive: true });
const config = join(FOLDER, `${name}.ini`);
const store = `sqlite:${relative(process.cwd(), join(FOLDER, `${name}.sqlite`))}`;
writeFileSync(config, `[SPARK_HISTORY]\napi_base_url = ${url}\ntask_quantiles = ${isOwn}\n`);

say(
  isOwn
    ? `spot history serves the event logs of real applications at ${url} (SPOT_HISTORY_URL=… takes your server instead).`
    : `Reading the Spark History Server at ${url}.`,
);
await spot('crawl', '--once', '--config', config, '--store', store);
await spot('list', '--config', config, '--store', store);
say(`EFFICIENCY is the part of the allocated core time in which tasks ran; SPEEDUP is against one core.

Next:
  npm run -s spot -- show ${isOwn ? 'app-20261121085601-0000' : 'RUN'} --store ${store}        one run on one screen
  npm run -s spot -- analyze ${isOwn ? 'app-20261121085601-0000' : 'RUN'} --store ${store}     what was wrong with it, and what to do
  npm run -s spot -- simulate ${isOwn ? 'app-20261121090009-0000' : 'RUN'} --store ${store}    the same run on other sizes
  npm run -s spot -- export --doc agg --store ${store} > runs.ndjson     every number
  ${isOwn ? 'SPOT_HISTORY_URL=http://your-server:18080 npm run demo' : 'cp config.ini.template config.ini && npm run -s spot -- crawl'}
  The README tells how to let Spot follow your server for good.`);

/** Runs the command line as a user would; ends as it ends when it fails. */
async function spot(...args: string[]): Promise<void> {
  console.error(`\n$ spot ${args.map((arg) => (arg === config ? relative(process.cwd(), config) : arg)).join(' ')}`);
  const child = spawn(process.execPath, [join(ROOT, 'bin/spot.js'), ...args], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) process.exit(code ?? 1);
}

/** Starts `spot history` on a free port; it prints its address on standard output. */
async function serveEventLogs(): Promise<AsyncDisposable & { readonly url: string }> {
  const args = [join(ROOT, 'bin/spot.js'), 'history', '--port', '0', '--event-log-dir', ...EVENT_LOGS];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [served] = (await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'exit')])) as [
    string | number,
  ];
  if (typeof served !== 'string') throw new Error(`spot history ended with ${served}`);
  return {
    url: served,
    async [Symbol.asyncDispose]() {
      child.kill();
      await once(child, 'exit');
    },
  };
}

function say(text: string): void {
  console.error(`\n${text}`);
}
