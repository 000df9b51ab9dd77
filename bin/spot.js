#!/usr/bin/env node
// The launcher: plain JavaScript that any Node >= 18 can read, so that an older Node gets help instead of a syntax error.
// A checkout has src/ and runs it as it stands; the published package has dist/ only.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const main = ['../src/cli/main.ts', '../dist/cli/main.js']
  .map((path) => new URL(path, import.meta.url))
  .find((url) => existsSync(url));

function bundledNode() {
  const require = createRequire(import.meta.url);
  try {
    return require.resolve(`node-linux-${process.arch}/bin/node`);
  } catch {
    return undefined;
  }
}

// Half of a short command is compiling. The folder is the user's own, so that nobody else puts code there; where there is none, it is left out.
function keepCompiled() {
  try {
    module.enableCompileCache(join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'spot', 'compiled'));
  } catch {
    // A user without a home, in a container for one.
  }
}

if (Number.parseInt(process.versions.node, 10) >= NEEDED) {
  keepCompiled();
  await import(main.href);
} else {
  const node = bundledNode();
  if (node === undefined) {
    process.stderr.write(
      `spot needs Node ${NEEDED} or newer, this is ${process.version}. Install it, for example with: npm install -g node@${NEEDED}\n`,
    );
    process.exit(78);
  }
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => (signal === null ? process.exit(code) : process.kill(process.pid, signal)));
}
