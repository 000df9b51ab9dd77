/**
 * Runs sweep-app.py on real Spark, one run for each setting of a plan, several at a time: nearly all of a run is waiting.
 *
 *     node scripts/spark/sweep.ts PLAN OUT [--minutes M] [--sessions N] [--scratch DIR]
 *
 * PLAN has one {@link SweepSetting} a line. The log of each run goes to a folder of its own in OUT/logs, what was run to OUT/runs.ndjson. What is there already
 * is not run again, so it can be broken off at any time; with `--minutes` it starts nothing after so long.
 */
import { execFile, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { LEAN_JVM } from '../services/history-server.ts';
import { installSpark, SPARK_VERSIONS, type SparkInstallation } from '../services/install.ts';

/** One run: its input in MiB and what it is given. */
export interface SweepSetting {
  /** Tells a run from its repeats. */
  readonly id: string;
  readonly inputMib: number;
  readonly conf: Readonly<Record<string, string>>;
}

export interface SweepRun extends SweepSetting {
  readonly application: string;
}

/** The cluster of the sweep: 4 workers of 4 cores and 1536 MiB; their executors are processes of their own. */
export const SWEEP_CLUSTER = 'local-cluster[4,4,1536]';

const PROGRAM = fileURLToPath(new URL('sweep-app.py', import.meta.url));

/** What every run of the sweep is given beside its setting. */
export function fixedConf(logDir: string, scratch: string): Record<string, string> {
  return {
    'spark.master': SWEEP_CLUSTER,
    'spark.eventLog.enabled': 'true',
    'spark.eventLog.dir': `file://${resolve(logDir)}`,
    'spark.eventLog.rolling.enabled': 'false',
    'spark.eventLog.compress': 'true',
    'spark.ui.enabled': 'false',
    'spark.ui.showConsoleProgress': 'false',
    'spark.local.dir': join(resolve(scratch), 'local'),
  };
}

/** What Spark's programs need in their environment. */
export function sparkEnvironment(spark: SparkInstallation): Record<string, string> {
  return {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    JAVA_HOME: spark.javaHome,
    PYSPARK_PYTHON: spark.python,
    SPARK_LOCAL_IP: '127.0.0.1',
    JDK_JAVA_OPTIONS: LEAN_JVM,
  };
}

/** The folder with so much input; made when it is not there. */
export async function sweepInput(spark: SparkInstallation, scratch: string, mib: number): Promise<string> {
  const folder = join(resolve(scratch), `in-${mib}`);
  if (!existsSync(folder)) await promisify(execFile)(spark.python, [PROGRAM, 'generate', folder, String(mib)]);
  return folder;
}

export interface SweepOptions {
  readonly plan: readonly SweepSetting[];
  readonly out: string;
  readonly scratch: string;
  readonly sessions: number;
  /** Nothing is started after this. */
  readonly until: Date;
}

/** @returns how many of the plan are still to be run */
export async function runSweep({ plan, out, scratch, sessions, until }: SweepOptions): Promise<number> {
  const spark = await installSpark(SPARK_VERSIONS[0]);
  for (const mib of new Set(plan.map(({ inputMib }) => inputMib))) await sweepInput(spark, scratch, mib);
  const done = new Set(readRuns(out).map(({ id }) => id));
  const queue = plan.filter(({ id }) => !done.has(id));
  const session = async (): Promise<void> => {
    const driver = spawn(spark.python, [PROGRAM, 'batch'], {
      cwd: scratch,
      env: sparkEnvironment(spark),
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const answers = createInterface({ input: driver.stdout })[Symbol.asyncIterator]();
    let isWarm = false;
    while (new Date() < until) {
      const setting = queue.shift();
      if (setting === undefined) break;
      // A folder each: two local clusters that begin in the same second give their applications the same id.
      const logDir = logDirOf(out, setting);
      rmSync(logDir, { recursive: true, force: true });
      mkdirSync(logDir, { recursive: true });
      const conf = { ...fixedConf(logDir, scratch), ...setting.conf };
      const input = await sweepInput(spark, scratch, setting.inputMib);
      const run = async (given: typeof conf): Promise<Answer | undefined> => {
        driver.stdin.write(`${JSON.stringify({ input, conf: given })}\n`);
        return await nextAnswer(answers);
      };
      // The first run of a driver takes up to three times as long, for all it has to load and compile: it is not kept.
      if (!isWarm) await run({ ...conf, 'spark.eventLog.enabled': 'false' });
      isWarm = true;
      const answer = await run(conf);
      if (answer === undefined) {
        console.error(`${setting.id}: the driver has ended`);
        return;
      }
      if (answer.application === undefined) console.error(`${setting.id}: ${answer.error ?? 'no application'}`);
      else appendFileSync(runsFile(out), `${JSON.stringify({ ...setting, application: answer.application })}\n`);
    }
    driver.stdin.end();
  };
  await Promise.all(Array.from({ length: sessions }, session));
  const left = plan.length - new Set(readRuns(out).map(({ id }) => id)).size;
  return left;
}

export function logDirOf(out: string, { id }: Pick<SweepSetting, 'id'>): string {
  return join(out, 'logs', id);
}

export function readRuns(out: string): SweepRun[] {
  const file = runsFile(out);
  return existsSync(file) ? readLines<SweepRun>(file) : [];
}

export function readLines<T>(file: string): T[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

function runsFile(out: string): string {
  return join(out, 'runs.ndjson');
}

interface Answer {
  readonly application?: string;
  readonly error?: string;
}

/** @returns `undefined` when the driver has ended */
async function nextAnswer(lines: AsyncIterator<string>): Promise<Answer | undefined> {
  for (;;) {
    const line = await lines.next();
    if (line.done === true) return undefined;
    if (line.value.startsWith('ANSWER ')) return JSON.parse(line.value.slice('ANSWER '.length)) as Answer;
  }
}

if (import.meta.main) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      minutes: { type: 'string', default: '600' },
      sessions: { type: 'string', default: '4' },
      scratch: { type: 'string', default: '/tmp/spot-sweep' },
    },
  });
  const [planFile, out] = positionals;
  if (planFile === undefined || out === undefined) throw new Error('Usage: node scripts/spark/sweep.ts PLAN OUT');
  mkdirSync(values.scratch, { recursive: true });
  const left = await runSweep({
    plan: readLines<SweepSetting>(planFile),
    out,
    scratch: values.scratch,
    sessions: Number(values.sessions),
    until: new Date(Date.now() + Number(values.minutes) * 60_000),
  });
  console.log(`${left} runs are left`);
}
