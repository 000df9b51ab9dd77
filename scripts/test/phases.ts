import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NONE, ONE_FAILED, ONE_PASSED, type Counts } from './counts.ts';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BIN = join(ROOT, 'node_modules/.bin');

export interface PhaseOptions {
  /** Variables besides our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface SuiteOptions extends PhaseOptions {
  /** Whether a choice of tests may leave none of this suite. Default: no, that is a failure. */
  readonly mayBeEmpty?: boolean;
}

/** A command that either finds nothing to say or fails; counts as one. */
export interface Check {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** A set of test files. */
export interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  readonly ignore: readonly string[];
  readonly minutes: number;
}

export const CHECKS: readonly Check[] = [
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'format', command: ['prettier', '--check', '--log-level=warn', '.'] },
  {
    name: 'imports',
    command: ['depcruise', 'src', '--config', '.dependency-cruiser.cjs', '--output-type', 'err-long'],
  },
  { name: 'lint', command: ['eslint', '.'] },
];

export const SUITES: Readonly<Record<'unit' | 'services' | 'e2e', Suite>> = {
  unit: {
    name: 'unit',
    files: ['test/**/*.test.ts'],
    ignore: ['test/**/*.services.test.ts', 'test/e2e/**'],
    minutes: 15,
  },
  services: { name: 'services', files: ['test/**/*.services.test.ts'], ignore: ['test/e2e/**'], minutes: 25 },
  e2e: { name: 'e2e', files: ['test/e2e/**/*.test.ts'], ignore: [], minutes: 30 },
};

/** Runs a check; what it says is shown only when it fails. */
export async function runCheck({ name, command }: Check, options: PhaseOptions): Promise<Counts> {
  const { code, output, seconds } = await run(command, { ...options, minutes: 15, isShown: false });
  tell(code === 0, name, command.join(' '), seconds);
  if (code === 0) return ONE_PASSED;
  console.log(output.trimEnd());
  return ONE_FAILED;
}

/**
 * Runs mocha on a suite.
 *
 * @param files - instead of the suite's own
 * @returns what mocha counted; one failure more when it counted none but did not end well (a crash, a leaked handle, a
 *   time limit), or had no tests
 */
export async function runSuite(suite: Suite, files: readonly string[], options: SuiteOptions): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), 'spot-test-'));
  const file = join(folder, 'counts.json');
  const command: [string, ...string[]] = [
    'mocha',
    ...['--reporter', './scripts/test/mocha-reporter.ts', '--reporter-option', `counts=${file}`],
    ...(files.length > 0 ? files : [...suite.files, ...suite.ignore.map((pattern) => `--ignore=${pattern}`)]),
  ];
  const { code, seconds } = await run(command, { ...options, minutes: suite.minutes, isShown: true });
  const counted = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Counts) : undefined;
  await rm(folder, { recursive: true, force: true });

  const counts = counted ?? NONE;
  const isEmpty = counts.passed + counts.failed + counts.skipped === 0;
  const isGood = code === 0 && (!isEmpty || options.mayBeEmpty === true);
  const ended = isGood || counts.failed > 0 ? counts : { ...counts, failed: 1 };
  if (isGood && isEmpty) return NONE;
  tell(
    ended.failed === 0,
    suite.name,
    `${ended.passed} passed, ${ended.failed} failed, ${ended.skipped} skipped`,
    seconds,
  );
  if (counted === undefined) console.log(`    mocha ended with ${String(code)} before it could count`);
  return ended;
}

/** One line: whether, what, how, how long. */
export function tell(isGood: boolean, name: string, what: string, seconds: number): void {
  console.log(`${isGood ? '✓' : '✗'} ${name.padEnd(9)} ${what.padEnd(74)} ${seconds.toFixed(1).padStart(6)} s`);
}

interface RunOptions extends PhaseOptions {
  readonly minutes: number;
  /** Passed on as it comes, or kept. */
  readonly isShown: boolean;
}

async function run(
  [command, ...args]: readonly [string, ...string[]],
  { env, signal, minutes, isShown }: RunOptions,
): Promise<{ code: number | string; output: string; seconds: number }> {
  const startedAt = performance.now();
  const limit = AbortSignal.timeout(minutes * 60_000);
  const child = spawn(join(BIN, command), args, {
    cwd: ROOT,
    // The Node of our packages first, also for what the tests start.
    env: { ...process.env, ...env, PATH: `${BIN}${delimiter}${process.env['PATH'] ?? ''}` },
    stdio: ['ignore', isShown ? 'inherit' : 'pipe', isShown ? 'inherit' : 'pipe'],
    signal: AbortSignal.any([signal, limit]),
    killSignal: 'SIGKILL',
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  child.on('error', (error) => (output += `${error.message}\n`));
  const code = await new Promise<number | string>((resolve) => {
    child.once('close', (exitCode, killedBy) => {
      resolve(limit.aborted ? `its limit of ${minutes} minutes` : (exitCode ?? killedBy ?? 'no exit code'));
    });
  });
  return { code, output, seconds: (performance.now() - startedAt) / 1000 };
}
