/**
 * The simulator against reality: every size of an application predicted from every other one, and against the clock.
 *
 * `node bench/simulation.ts [--verbose]`; the recorded runs are in `test/fixtures/whatif`.
 * Whatever is learnt is learnt without the application that is predicted (`etl` and `etlfix` count as one).
 */
import { simulate, type SimulateOptions } from '../src/simulation/simulate.ts';
import { learnFromStore, type Knowledge } from '../src/simulation/knowledge.ts';
import { withoutTasks } from '../test/support/without-tasks.ts';
import { whatIfRuns, type WhatIfRun } from '../test/support/whatif-runs.ts';
import { NO_EFFECTS } from '../src/simulation/size-effects.ts';
import { syntheticRun } from '../test/support/synthetic-run.ts';

interface Pair {
  readonly source: WhatIfRun;
  readonly target: WhatIfRun;
}
interface Outcome extends Pair {
  /** Predicted over real, minus 1. */
  readonly error: number;
  readonly inRange: boolean;
  readonly relativeWidth: number;
}
type Variant = (pair: Pair) => { readonly durationMs: number; readonly lowMs?: number; readonly highMs?: number };

const runs = whatIfRuns();
const family = (run: WhatIfRun): string => run.application.replace(/fix$/, '');
const sameSize = (a: WhatIfRun, b: WhatIfRun): boolean =>
  a.executors === b.executors && a.coresPerExecutor === b.coresPerExecutor;
const pairs: Pair[] = runs.flatMap((source) =>
  runs
    .filter((target) => target.application === source.application && !sameSize(source, target))
    .map((target) => ({ source, target })),
);
const repeats: Pair[] = runs.flatMap((source) =>
  runs
    .filter((target) => target !== source && target.application === source.application && sameSize(source, target))
    .map((target) => ({ source, target })),
);

const nothingKnown: Knowledge = {
  sharedHost: NO_EFFECTS,
  separateHosts: NO_EFFECTS,
  applications: { sharedHost: 0, separateHosts: 0 },
};
const learnt = new Map<string, Knowledge>();
function knowledgeWithout(run: WhatIfRun): Knowledge {
  const known =
    learnt.get(family(run)) ??
    learnFromStore(
      runs.filter((other) => family(other) !== family(run)),
      null,
    );
  learnt.set(family(run), known);
  return known;
}

function predicted(
  { source, target }: Pair,
  options: Partial<SimulateOptions>,
  detail = source.detail,
): ReturnType<Variant> {
  const { points, refusal } = simulate(detail, {
    executors: [target.executors],
    coresPerExecutor: target.coresPerExecutor,
    properties: source.properties,
    ...options,
  });
  const [point] = points;
  if (point === undefined) throw new Error(`${source.name} was refused: ${JSON.stringify(refusal)}`);
  return { durationMs: point.durationMs, lowMs: point.durationLowMs, highMs: point.durationHighMs };
}

const variants: Readonly<Record<string, Variant>> = {
  "Sparklens' formula": ({ source, target }) => ({
    durationMs: simulate(source.detail, {
      executors: [target.executors],
      coresPerExecutor: target.coresPerExecutor,
      properties: source.properties,
    }).points[0]!.sparklensMs!,
  }),
  'one log, effects of size unknown': (pair) => predicted(pair, { knowledge: nothingKnown }),
  'one log, effects of other applications': (pair) => predicted(pair, { knowledge: knowledgeWithout(pair.source) }),
  'store: and own runs at other sizes': (pair) =>
    predicted(pair, {
      knowledge: knowledgeWithout(pair.source),
      ownRuns: runs.filter(
        (run) => run !== pair.source && run.application === pair.source.application && !sameSize(run, pair.target),
      ),
    }),
  'REST only, effects unknown': (pair) =>
    predicted(pair, { knowledge: nothingKnown }, withoutTasks(pair.source.detail)),
  'REST only, effects of other applications': (pair) =>
    predicted(pair, { knowledge: knowledgeWithout(pair.source) }, withoutTasks(pair.source.detail)),
};

function outcomes(variant: Variant, of: readonly Pair[]): Outcome[] {
  return of.map((pair) => {
    const real = pair.target.detail.applicationEnd!;
    const { durationMs, lowMs = NaN, highMs = NaN } = variant(pair);
    return {
      ...pair,
      error: durationMs / real - 1,
      inRange: lowMs <= real && real <= highMs,
      relativeWidth: (highMs - lowMs) / durationMs,
    };
  });
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN;
}
const percent = (ratio: number): string => (100 * ratio).toFixed(1);
function errors(list: readonly Outcome[]): string {
  const sizes = list.map(({ error }) => Math.abs(error));
  return list.length === 0
    ? ''
    : `${percent(quantile(sizes, 0.5))} / ${percent(quantile(sizes, 0.9))} / ${percent(quantile(sizes, 1))}`;
}

console.log(
  `Node ${process.version}; ${runs.length} runs, ${pairs.length} predictions. Absolute error in %: median / p90 / worst.\n`,
);
console.log('| variant | all | etl | etlfix | conc | dyn | in range | width |\n|---|---|---|---|---|---|---|---|');
for (const [name, variant] of Object.entries(variants)) {
  const list = outcomes(variant, pairs);
  const cells = ['etl', 'etlfix', 'conc', 'dyn'].map((application) =>
    errors(list.filter(({ source }) => source.application === application)),
  );
  const ranged = name.startsWith('Sparklens')
    ? ['', '']
    : [
        `${percent(list.filter(({ inRange }) => inRange).length / list.length)} %`,
        `${percent(
          quantile(
            list.map(({ relativeWidth }) => relativeWidth),
            0.5,
          ),
        )} %`,
      ];
  console.log(`| ${name} | ${[errors(list), ...cells, ...ranged].join(' | ')} |`);
  if (process.argv.includes('--verbose'))
    for (const { source, target, error, inRange } of list)
      console.log(`    ${source.name} -> ${target.name}: ${percent(error)} ${inRange ? '' : 'OUT'}`);
}
const repeated = outcomes((pair) => predicted(pair, { knowledge: nothingKnown }), repeats);
console.log(
  `| the same size again | ${errors(repeated)} | | | | | ${percent(repeated.filter(({ inRange }) => inRange).length / repeated.length)} % | |`,
);
const selfChecks = runs.map((run) =>
  Math.abs(
    simulate(run.detail, { executors: [run.executors], properties: run.properties }).selfCheck?.errorRatio ?? NaN,
  ),
);
console.log(
  `\nSelf-check: median ${percent(quantile(selfChecks, 0.5))} %, worst ${percent(quantile(selfChecks, 1))} %.`,
);
console.log(
  'Effects fitted on all runs:',
  JSON.stringify(learnFromStore(runs, null).sharedHost, (_, value: unknown) =>
    typeof value === 'number' ? Math.round(value) : value,
  ),
);

const large = syntheticRun({ stages: 12, tasksPerStage: 8334 });
simulate(large.detail, { executors: [4] });
const before = process.cpuUsage();
simulate(large.detail, { executors: [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128] });
const { user, system } = process.cpuUsage(before);
console.log(`\n100,000 tasks at 12 sizes: ${((user + system) / 1e6).toFixed(2)} s of CPU (goal 1 s).`);
