import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../bin/spot.js', import.meta.url));

export interface SpotEnded {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a test process inherits: nothing that configures Spot. */
export function plainEnvironment(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...env };
}

/** Starts the real command line; standard input is closed. */
export function startSpot(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, ['--no-warnings', LAUNCHER, ...args], { env: plainEnvironment(env), cwd: '/' });
  child.stdin.end();
  return child;
}

/** Waits for its end and gives what it printed. */
export async function spotEnded(child: ChildProcessWithoutNullStreams): Promise<SpotEnded> {
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  return await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      resolve({ code, signal, stdout, stderr });
    });
  });
}

export async function runSpot(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<SpotEnded> {
  return await spotEnded(startSpot(args, env));
}

/** Runs a command that must succeed, and parses what it printed. */
export async function spotJson(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const { code, stdout, stderr } = await runSpot(args, env);
  if (code !== 0) throw new Error(`spot ${args.join(' ')} ended with ${String(code)}: ${stderr}`);
  return JSON.parse(stdout) as unknown;
}
