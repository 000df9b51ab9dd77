/**
 * Tuning on real Spark, through the command line alone: spark-submit with the printed fragment, `spot collect` of its log,
 * `spot tune next`. From a bad start: 200 partitions, one executor of one core, memory in which the sort spills.
 *
 *     node bench/closed-loop.ts OUT [--input MIB] [--rounds N] [--minutes M] [--scratch DIR]
 *
 * What is done is in the store OUT/spot.sqlite: broken off at any time, or killed, it goes on where it was. Before each
 * round a `spot tune next` is killed with -9 at a random moment, which must change nothing. Exit code 3: rounds are left.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { installSpark, SPARK_VERSIONS } from '../scripts/services/install.ts';
import { fixedConf, sparkEnvironment, sweepInput } from '../scripts/spark/sweep.ts';
import type { TuningSession } from '../src/tuning/session.ts';
import { runSpot, spotEnded, spotJson, startSpot } from '../test/support/run-spot.ts';
import { printGoals, type Figure } from './support/goals.ts';

const TAG = 'sweep';
const TOLERANCE = 0.1;
const START =
  'spark-submit --conf spark.cores.max=1 --conf spark.executor.cores=1 --conf spark.executor.memory=512m ' +
  '--conf spark.sql.shuffle.partitions=200';
/** Rows so wide and memory so small that the shuffle of a map task does not fit at the start. */
const SHORT_OF_MEMORY = { SWEEP_WIDTH: '8', SWEEP_MEMORY_FRACTION: '0.03' };
const SHORT_OF_MEMORY_CONF = { 'spark.shuffle.sort.bypassMergeThreshold': '1' };
const APPLICATION = fileURLToPath(new URL('../scripts/spark/sweep-app.py', import.meta.url));

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    input: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '8' },
    minutes: { type: 'string', default: '600' },
    scratch: { type: 'string', default: '/tmp/spot-sweep' },
  },
});
const [folder] = positionals;
if (folder === undefined) throw new Error('Usage: node bench/closed-loop.ts OUT');
const out = resolve(folder);
const store = `sqlite:${join(out, 'spot.sqlite')}`;
const until = Date.now() + Number(values.minutes) * 60_000;
mkdirSync(values.scratch, { recursive: true });
mkdirSync(out, { recursive: true });
const spark = await installSpark(SPARK_VERSIONS[0]);
const input = await sweepInput(spark, values.scratch, Number(values.input));

type Told = TuningSession & {
  readonly standing: { readonly bestMs: number; readonly saved: number };
};
const tune = async (...args: readonly string[]): Promise<Told> =>
  (await spotJson(['tune', ...args, '--store', store, '--format', 'json'])) as Told;

if (!existsSync(join(out, 'spot.sqlite'))) {
  await submitAndCollect('start', START);
  const { code, stderr } = await runSpot([
    ...['tune', 'start', TAG, '--store', store, '--platform', 'standalone', '--max-rounds', values.rounds],
    // All rounds are to be run: by default it ends when little more is to be gained, here after four.
    ...[
      '--least-gain',
      '0.0001',
      '--tolerance',
      String(TOLERANCE),
      '--max-executors',
      '4',
      '--max-cores',
      '4',
      '--max-memory',
      '1536m',
    ],
  ]);
  if (code !== 0) throw new Error(stderr);
}
let session = await tune('next', TAG);
while (session.pending !== undefined && Date.now() < until) {
  await killedNext();
  const again = await tune('next', TAG);
  if (JSON.stringify(again.pending) !== JSON.stringify(session.pending))
    throw new Error('kill -9 has changed what is proposed');
  const { stdout: fragment } = await runSpot(['tune', 'next', TAG, '--store', store, '--format', 'spark-submit']);
  await submitAndCollect(`round-${session.pending.round}`, fragment.trim());
  session = await tune('next', TAG);
  const last = session.rounds.at(-1);
  console.log(`round ${last?.round}: ${last?.trial.durationMs} ms, ${last?.verdict}`);
}
if (session.pending === undefined) report(session);
else process.exitCode = 3;

/** The fragment as it was printed, run by a shell, with what this cluster needs and the application behind it; then `spot collect`. */
async function submitAndCollect(name: string, fragment: string): Promise<void> {
  const logDir = join(out, 'logs', name);
  mkdirSync(logDir, { recursive: true });
  const conf = Object.entries({ ...fixedConf(logDir, values.scratch), ...SHORT_OF_MEMORY_CONF });
  const rest = [...conf.flatMap(([key, value]) => ['--conf', `${key}=${value}`]), APPLICATION, input];
  const env = sparkEnvironment(spark);
  const submitted = promisify(execFile)('/bin/sh', ['-c', `${fragment} "$@"`, 'sh', ...rest], {
    env: { ...env, ...SHORT_OF_MEMORY, PATH: `${join(spark.home, 'bin')}:${env['PATH'] ?? ''}` },
    cwd: values.scratch,
    maxBuffer: 64 * 2 ** 20,
  });
  // A run that fails has its log as well: the tuning is to find out by itself.
  await submitted.catch((error: unknown) => {
    console.log(`${name} failed: ${String(error).slice(-400)}`);
  });
  const { code, stderr } = await runSpot(['collect', '--event-log-dir', logDir, '--store', store]);
  if (code !== 0) throw new Error(stderr);
}

async function killedNext(): Promise<void> {
  const child = startSpot(['tune', 'next', TAG, '--store', store]);
  const ended = spotEnded(child);
  await delay(Math.random() * 1500);
  child.kill('SIGKILL');
  await ended;
}

function report({ rounds, baseline, standing, stopped }: Told): void {
  const seconds = (ms: number | undefined): string => (ms === undefined ? '' : (ms / 1000).toFixed(1));
  console.log('| round | executors × cores | heap MiB | partitions | at most s | took s | spilled MB | verdict |');
  console.log('|---|---|---|---|---|---|---|---|');
  const shape = ({ configuration: c }: { readonly configuration: typeof baseline.configuration }): string =>
    `${c.executors} × ${c.coresPerExecutor} | ${c.memoryMib} | ${c.shufflePartitions}`;
  console.log(
    `| start | ${shape(baseline)} | | ${seconds(baseline.durationMs)} | ${megabytes(baseline.spilledBytes)} | |`,
  );
  for (const round of rounds)
    console.log(
      `| ${round.round} | ${shape(round)} | ${seconds(round.upperMs)} | ${seconds(round.trial.durationMs)} | ${megabytes(round.trial.spilledBytes)} | ${round.verdict} |`,
    );
  console.log(`\nEnded: ${stopped?.reason ?? ''}.\n`);
  const slowest = Math.max(...rounds.map(({ trial }) => trial.durationMs ?? Infinity));
  const figures: Figure[] = [
    { what: 'slowest round / start', value: slowest / baseline.durationMs, unit: '', atMost: 1 + TOLERANCE },
    { what: 'saved at the end', value: 100 * standing.saved, unit: '%', atLeast: 30 },
    { what: 'rounds', value: rounds.length, unit: '' },
  ];
  process.exitCode = printGoals(figures) > 0 ? 1 : 0;
  writeFileSync(join(out, 'session.json'), JSON.stringify({ baseline, rounds, standing, stopped }, null, 2));
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? '' : (bytes / 1e6).toFixed(0);
}
