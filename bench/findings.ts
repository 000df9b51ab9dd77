/**
 * Findings against what recorded runs were made to show, and against the clock: `npm run bench findings`.
 *
 * The runs are those of `test/fixtures/labelled-corpus`, with labels written before any of them ran, of
 * `test/fixtures/spark-corpus` and of `test/fixtures/whatif`. Heuristics were worked on with the runs of Spark 4.0 in
 * sight; those of 3.5 are counted apart.
 */
import { analyze, type Analysis } from '../src/analysis/analyze.ts';
import { factsOf } from '../src/analysis/facts.ts';
import { HEURISTICS } from '../src/analysis/heuristics/index.ts';
import { analysisOf, collectedRuns } from '../test/support/collected-runs.ts';
import { judge, type Judgement } from '../test/support/judge-findings.ts';
import { LABELLED_LOGS, labelledRuns, type Label } from '../test/support/labelled-corpus.ts';
import { syntheticRun } from '../test/support/synthetic-run.ts';
import { whatIfRuns } from '../test/support/whatif-runs.ts';
import { fileURLToPath } from 'node:url';
import type { Bench, Figure } from './support/goals.ts';

interface Judged extends Judgement {
  readonly run: string;
  readonly isHeldOut: boolean;
  readonly isClean: boolean;
}

type Truth = Pick<Label, 'must' | 'tell' | 'may'>;

/** These were made short and small, before there were findings: to be told is enough. */
function truth(told: string, ...may: readonly string[]): Truth {
  return {
    must: [],
    tell: told === '' ? [] : [told],
    may: Object.fromEntries(may.map((id) => [id, 'true by its making'])),
  };
}

/** By the name of the application (test/fixtures/spark-corpus/README.md). */
const SPARK_CORPUS: Readonly<Record<string, Truth>> = {
  'idle-executors': truth('idle-executors', 'driver-bound', 'few-partitions'),
  streaming: truth('streaming-batches'),
  'driver-heavy': truth('driver-bound'),
  crash: truth('run-quality'),
  etl: truth(''),
  failing: truth('failed-jobs'),
  retries: truth('lost-executors', 'failed-tasks'),
  'skewed-join': truth('task-skew'),
  spill: truth('spill'),
  'second-attempt': truth(''),
};

/** The driver waits 4 s in `etl` and 9 s in `dyn`; the 20-task stage of `etl` has waits of 6 and 2.5 s, visible from 4 slots on. */
function truthOf(application: string, slots: number): Truth {
  if (application === 'etl') return truth(slots >= 4 ? 'task-skew' : '', 'driver-bound', 'idle-executors');
  return application === 'conc' ? truth('') : truth('driver-bound');
}

async function labelled(): Promise<Judged[]> {
  const labels = new Map(labelledRuns().map((label) => [label.run, label]));
  const judged: Judged[] = [];
  for (const run of await collectedRuns(LABELLED_LOGS)) {
    const label = labels.get(run.appId);
    if (label === undefined) throw new Error(`${run.appId} has no label`);
    judged.push(judgedOf(label.log, label, await analysisOf(run), label.sparkVersion === '3.5'));
  }
  return judged;
}

async function recorded(): Promise<Judged[]> {
  const logs = fileURLToPath(new URL('../test/fixtures/spark-corpus/logs', import.meta.url));
  const ofLogs: Judged[] = [];
  for (const run of await collectedRuns(logs)) {
    const analysis = await analysisOf(run);
    ofLogs.push(judgedOf(`${analysis.name} (spark-corpus)`, SPARK_CORPUS[analysis.name] ?? truth(''), analysis));
  }
  const ofWhatIf = whatIfRuns().map(({ application, executors, coresPerExecutor, detail, properties }) =>
    judgedOf(
      `${application} ${executors}x${coresPerExecutor} (whatif)`,
      truthOf(application, executors * coresPerExecutor),
      analyze(factsOf({ detail, properties, sparkVersion: '4.0.1', flags: [] })),
    ),
  );
  return [...ofLogs, ...ofWhatIf];
}

function judgedOf(run: string, label: Truth, { findings, errors }: Analysis, isHeldOut = false): Judged {
  for (const { id, message } of errors) console.log(`error: ${id} in ${run}: ${message}`);
  const judgement = judge(label, findings);
  for (const id of judgement.missed) console.log(`missed: ${id} in ${run}`);
  for (const id of judgement.falseAlarms) console.log(`false alarm: ${id} in ${run}`);
  return { ...judgement, run, isHeldOut, isClean: label.must.length + label.tell.length === 0 };
}

function recall(judged: readonly Judged[]): { readonly value: number; readonly of: number } {
  const found = judged.reduce((sum, one) => sum + one.found.length, 0);
  const of = judged.reduce((sum, one) => sum + one.found.length + one.missed.length, 0);
  return { value: of === 0 ? 1 : found / of, of };
}

function precision(judged: readonly Judged[]): { readonly value: number; readonly of: number } {
  const right = judged.reduce((sum, one) => sum + one.trueAlarms.length, 0);
  const of = judged.reduce((sum, one) => sum + one.trueAlarms.length + one.falseAlarms.length, 0);
  return { value: of === 0 ? 1 : right / of, of };
}

/** One row for each heuristic: the runs that show it, those found, and what it said without cause. */
function printTable(judged: readonly Judged[]): void {
  console.log(
    '| heuristic | runs that show it | found | recall | said, moderate and above | of these true | precision |',
  );
  console.log('|---|---|---|---|---|---|---|');
  const count = (id: string, of: (one: Judged) => readonly string[]): number =>
    judged.filter((one) => of(one).includes(id)).length;
  for (const { id } of HEURISTICS) {
    const [found, missed] = [count(id, (one) => one.found), count(id, (one) => one.missed)];
    const [right, wrong] = [count(id, (one) => one.trueAlarms), count(id, (one) => one.falseAlarms)];
    const share = (part: number, whole: number): string => (whole === 0 ? '-' : (part / whole).toFixed(2));
    console.log(
      `| ${id} | ${found + missed} | ${found} | ${share(found, found + missed)} | ${right + wrong} | ${right} | ${share(right, right + wrong)} |`,
    );
  }
  console.log();
}

function figures(what: string, judged: readonly Judged[]): readonly Figure[] {
  const [recalled, precise] = [recall(judged), precision(judged)];
  return [
    { what: `recall, ${what}`, value: recalled.value, unit: `of ${recalled.of}`, atLeast: 0.9 },
    { what: `precision of moderate and above, ${what}`, value: precise.value, unit: `of ${precise.of}`, atLeast: 0.95 },
  ];
}

export const bench: Bench = async () => {
  const ours = await labelled();
  const others = await recorded();
  printTable([...ours, ...others]);
  const { detail } = syntheticRun({ stages: 100, tasksPerStage: 1000 });
  const before = process.cpuUsage();
  const uniform = analyze(factsOf({ detail, properties: {}, sparkVersion: '4.0.1', flags: [] }));
  const { user, system } = process.cpuUsage(before);
  const clean = ours.filter(({ isClean }) => isClean);
  return [
    ...figures(
      'labelled runs of Spark 4.0',
      ours.filter(({ isHeldOut }) => !isHeldOut),
    ),
    ...figures(
      'labelled runs of Spark 3.5, held out',
      ours.filter(({ isHeldOut }) => isHeldOut),
    ),
    ...figures('the other recorded runs, recall at any severity', others),
    {
      what: 'clean runs with a finding above low',
      value: clean.filter(({ falseAlarms }) => falseAlarms.length > 0).length,
      unit: `of ${clean.length}`,
      atMost: 0,
    },
    { what: 'findings of a uniform run of 100,000 tasks', value: uniform.findings.length, unit: '', atMost: 0 },
    { what: 'CPU time of all heuristics on 100,000 tasks', value: (user + system) / 1e6, unit: 's', atMost: 2.5 },
  ];
};
