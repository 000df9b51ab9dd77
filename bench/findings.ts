/**
 * Findings against what recorded runs were made to show, and against the clock: `npm run bench findings`.
 *
 * The runs are those of `test/fixtures/spark-corpus` and `test/fixtures/whatif`. A label says which findings of moderate and
 * above are true of a run by its making (their READMEs), and which one must be found at any severity. They are few, and the
 * thresholds were seen with them: precision and recall on runs of others will be lower.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { analyze, type Analysis } from '../src/analysis/analyze.ts';
import { factsOf } from '../src/analysis/facts.ts';
import { analyzeRun } from '../src/app/analyze-run.ts';
import { Spot } from '../src/app/spot.ts';
import { syntheticRun } from '../test/support/synthetic-run.ts';
import { whatIfRuns } from '../test/support/whatif-runs.ts';
import type { Bench } from './support/goals.ts';

interface Label {
  readonly wanted?: string;
  /** True of the run as well. */
  readonly alsoTrue?: readonly string[];
}

const CORPUS: Readonly<Record<string, Label>> = {
  'idle-executors': { wanted: 'idle-executors', alsoTrue: ['driver-bound', 'few-partitions'] },
  streaming: { wanted: 'streaming-batches' },
  'driver-heavy': { wanted: 'driver-bound' },
  crash: { wanted: 'run-quality' },
  etl: {},
  failing: { wanted: 'failed-jobs' },
  retries: { wanted: 'lost-executors', alsoTrue: ['failed-tasks'] },
  'skewed-join': { wanted: 'task-skew' },
  spill: { wanted: 'spill' },
  'second-attempt': {},
};

/** The driver waits 4 s in `etl` and 9 s in `dyn`; the 20-task stage of `etl` has waits of 6 and 2.5 s, visible from 4 slots on. */
function labelOf(application: string, slots: number): Label {
  if (application === 'etl')
    return { ...(slots >= 4 ? { wanted: 'task-skew' } : {}), alsoTrue: ['driver-bound', 'idle-executors'] };
  return application === 'conc' ? {} : { wanted: 'driver-bound' };
}

interface Judged {
  readonly label: Label;
  readonly analysis: Analysis;
}

async function corpus(): Promise<Judged[]> {
  const directory = mkdtempSync(join(tmpdir(), 'spot-findings-'));
  const database = `sqlite:${join(directory, 'spot.sqlite')}`;
  const logs = fileURLToPath(new URL('../test/fixtures/spark-corpus/logs', import.meta.url));
  const launcher = fileURLToPath(new URL('../bin/spot.js', import.meta.url));
  execFileSync(process.execPath, ['--no-warnings', launcher, 'collect', '--event-log-dir', logs, '--store', database], {
    stdio: 'ignore',
  });
  const judged: Judged[] = [];
  {
    await using spot = new Spot({ store: database, logLevel: 'none' });
    const store = await spot.openStore('read');
    for await (const key of store.findKeys({})) {
      const analysis = await analyzeRun(store, key);
      judged.push({ label: CORPUS[analysis.name] ?? {}, analysis });
    }
  }
  rmSync(directory, { recursive: true });
  return judged;
}

function recorded(): Judged[] {
  return whatIfRuns().map(({ application, executors, coresPerExecutor, detail, properties }) => ({
    label: labelOf(application, executors * coresPerExecutor),
    analysis: analyze(factsOf({ detail, properties, sparkVersion: '4.0.1', flags: [] })),
  }));
}

export const bench: Bench = async () => {
  const judged = [...(await corpus()), ...recorded()];
  const wanted = judged.filter(({ label }) => label.wanted !== undefined);
  const found = wanted.filter(({ label, analysis }) => analysis.findings.some(({ id }) => id === label.wanted));
  const serious = judged.flatMap(({ label, analysis }) =>
    analysis.findings
      .filter(({ severity }) => severity !== 'low')
      .map(({ id }) => ({
        run: (analysis as Partial<{ run: string }>).run,
        id,
        isTrue: id === label.wanted || label.alsoTrue?.includes(id) === true,
      })),
  );
  for (const { run, id, isTrue } of serious)
    if (!isTrue) console.log(`false alarm: ${id} in ${run ?? 'a what-if run'}`);
  for (const { label, analysis } of wanted)
    if (!analysis.findings.some(({ id }) => id === label.wanted))
      console.log(`missed: ${label.wanted ?? ''} in ${(analysis as Partial<{ run: string }>).run ?? 'a what-if run'}`);

  const { detail } = syntheticRun({ stages: 100, tasksPerStage: 1000 });
  const before = process.cpuUsage();
  const uniform = analyze(factsOf({ detail, properties: {}, sparkVersion: '4.0.1', flags: [] }));
  const { user, system } = process.cpuUsage(before);
  return [
    {
      what: 'recall, runs whose trouble was found',
      value: found.length / wanted.length,
      unit: `of ${wanted.length}`,
      atLeast: 0.9,
    },
    {
      what: 'precision, findings of moderate and above',
      value: serious.filter(({ isTrue }) => isTrue).length / serious.length,
      unit: `of ${serious.length}`,
      atLeast: 0.95,
    },
    { what: 'findings of a uniform run of 100,000 tasks', value: uniform.findings.length, unit: '', atMost: 0 },
    { what: 'CPU time of all heuristics on 100,000 tasks', value: (user + system) / 1e6, unit: 's', atMost: 2.5 },
  ];
};
