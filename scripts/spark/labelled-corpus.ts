/**
 * Makes test/fixtures/labelled-corpus: real Spark applications, each with one problem injected or none, and what is true
 * of them by that injection.
 *
 * `node scripts/spark/labelled-corpus.ts [--for SECONDS] [--labels] [CASE …]` runs what has no log yet (or the cases
 * named, again) and writes the labels; it ends after SECONDS, so that a shared machine is not held. The whole takes half
 * an hour on two cores.
 */
import { execFile } from 'node:child_process';
import { cpSync, createReadStream, existsSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { decodeZstd } from '../../src/eventlog/bytes/zstd.ts';
import { LEAN_JVM } from '../services/history-server.ts';
import { installSpark, type SparkInstallation } from '../services/install.ts';
import type { Label } from '../../test/support/labelled-corpus.ts';

/** As main.py lists it. */
interface Case extends Omit<Label, 'run' | 'log' | 'sparkVersion' | 'adaptive'> {
  readonly name: string;
  /** `4.0`, or `4.0-` without adaptive execution. */
  readonly runs: readonly string[];
  /** Sets the driver's memory, which is fixed when its JVM starts. */
  readonly ownDriver: boolean;
  /** Starts a cluster of its own: of these one runs at a time. */
  readonly hosts: boolean;
  /** Needs the processor: of these one runs at a time. */
  readonly computes: boolean;
}

interface Recording {
  readonly case: Case;
  readonly sparkVersion: string;
  readonly adaptive: boolean;
  /** Name of its log, without the ending. */
  readonly log: string;
}

const STAGGER_MS = 5300;
const VERSIONS: Readonly<Record<string, string>> = { '4.0': '4.0.1', '3.5': '3.5.7' };
const CORPUS = fileURLToPath(new URL('../../test/fixtures/labelled-corpus/', import.meta.url));
// Call sites in the logs name the programs: they run from a folder that says nothing of this machine.
const WORK = join(tmpdir(), 'spot-labelled');

const { values, positionals } = parseArgs({
  options: { for: { type: 'string', default: '100000' }, labels: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const until = Date.now() + Number(values.for) * 1000;
let recorded = 0;

cpSync(fileURLToPath(new URL('labelled', import.meta.url)), join(WORK, 'program'), { recursive: true });
mkdirSync(join(CORPUS, 'logs'), { recursive: true });

const cases = JSON.parse(await program('4.0', ['list'])) as readonly Case[];
const all = cases.flatMap((one) => one.runs.map((run) => recordingOf(one, run)));
if (!values.labels) {
  if (!existsSync(join(WORK, 'data', 'events'))) {
    rmSync(join(WORK, 'data'), { recursive: true, force: true });
    await program('4.0', ['prepare', '--workdir', WORK]);
  }
  // First what no run shows yet.
  const open = all
    .filter(({ case: { name }, log }) =>
      positionals.length === 0 ? !existsSync(fileOf(log)) : positionals.includes(name),
    )
    .sort((a, b) => runsThatShow(a.case) - runsThatShow(b.case));
  // One driver after the other for each lane: starting one costs more than most cases do.
  const [own, shared] = [open.filter((one) => one.case.ownDriver), open.filter((one) => !one.case.ownDriver)];
  const ofVersion = (version: string): readonly Recording[] =>
    shared.filter(({ sparkVersion }) => sparkVersion === version);
  const lanes = [
    [ofVersion('4.0').filter((one) => !one.case.hosts && !one.case.computes)],
    [ofVersion('4.0').filter((one) => one.case.hosts)],
    [ofVersion('4.0').filter((one) => one.case.computes)],
    [...own.map((one) => [one]), ofVersion('3.5')],
  ];
  await Promise.all(lanes.map((drivers, i) => recordAll(drivers, i * STAGGER_MS)));
}

const labels: Label[] = [];
for (const { case: one, log, sparkVersion, adaptive } of all.filter(({ log }) => existsSync(fileOf(log)))) {
  const { about, must, tell, may, never } = one;
  labels.push({ run: await idIn(fileOf(log)), log, sparkVersion, adaptive, about, must, tell, may, never });
}
writeFileSync(join(CORPUS, 'labels.json'), `${JSON.stringify(labels, undefined, 1)}\n`);
console.log(`${recorded} recorded, ${labels.length} in all.`);

/** Each list in a driver of its own, which ends when the time is over. */
async function recordAll(drivers: readonly (readonly Recording[])[], afterMs: number): Promise<void> {
  await sleep(afterMs);
  for (const [first, ...rest] of drivers) {
    const seconds = (until - Date.now()) / 1000;
    if (first === undefined || seconds <= 0) continue;
    const wanted = [first, ...rest];
    const events = join(WORK, `events-${first.sparkVersion}`);
    const names = wanted.map(nameOf);
    const output = await program(first.sparkVersion, [
      ...names,
      ...['--workdir', WORK, '--eventlog-dir', events, '--seconds', String(seconds)],
    ]);
    for (const [, name] of output.matchAll(/^RECORDED (\S+)$/gm)) {
      const done = wanted.find((one) => nameOf(one) === name);
      const logs = globSync('*', { cwd: join(events, name ?? '') });
      if (done === undefined || logs.length !== 1 || logs[0] === undefined) continue;
      renameSync(join(events, name ?? '', logs[0]), fileOf(done.log));
      recorded += 1;
      console.log(done.log);
    }
  }
}

/** Recorded runs with the same trouble; of a clean case all that are clean. */
function runsThatShow({ must, tell }: Case): number {
  const [shown] = [...must, ...tell];
  return all.filter((other) => [...other.case.must, ...other.case.tell][0] === shown && existsSync(fileOf(other.log)))
    .length;
}

function recordingOf(one: Case, run: string): Recording {
  const [sparkVersion, adaptive] = [run.replace('-', ''), !run.endsWith('-')];
  return { case: one, sparkVersion, adaptive, log: `${one.name}_${sparkVersion}${adaptive ? '' : '_static'}` };
}

/** As main.py takes it. */
function nameOf({ case: { name }, adaptive }: Recording): string {
  return adaptive ? name : `${name}:static`;
}

function fileOf(log: string): string {
  return join(CORPUS, 'logs', `${log}.zstd`);
}

/** As Spark itself calls the run. */
async function idIn(log: string): Promise<string> {
  let text = '';
  for await (const chunk of decodeZstd(createReadStream(log))) {
    text += chunk.toString('latin1');
    const id = /"App ID":"([^"]+)"/.exec(text)?.[1];
    if (id !== undefined) return id;
  }
  throw new Error(`${log} does not name its application`);
}

async function program(version: string, args: readonly string[]): Promise<string> {
  const spark: SparkInstallation = await installSpark(VERSIONS[version] ?? version);
  const env = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    JAVA_HOME: spark.javaHome,
    SPARK_LOCAL_IP: '127.0.0.1',
    JDK_JAVA_OPTIONS: LEAN_JVM,
  };
  const options = { cwd: WORK, env, maxBuffer: 64 * 1024 * 1024 };
  const { stdout, stderr } = await promisify(execFile)(
    spark.python,
    [join(WORK, 'program', 'main.py'), ...args],
    options,
  );
  for (const line of stderr.match(/^\S+: .*(?:Error|Exception).*$/gm) ?? []) console.error(line.slice(0, 500));
  return stdout;
}
