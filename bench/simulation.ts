/**
 * The simulator against reality: every size of an application predicted from every other one, and against the clock.
 *
 * `npm run bench simulation`; with `--verbose` each prediction. The recorded runs are in `test/fixtures/whatif`.
 * Whatever is learnt is learnt without the application that is predicted (`etl` and `etlfix` count as one).
 */
import { simulate, type SimulateOptions } from '../src/simulation/simulate.ts';
import { learnFromStore, type Knowledge } from '../src/simulation/knowledge.ts';
import { withoutTasks } from '../test/support/without-tasks.ts';
import { whatIfRuns, type WhatIfRun } from '../test/support/whatif-runs.ts';
import { NO_EFFECTS } from '../src/simulation/size-effects.ts';
import type { Bench, Figure } from './support/goals.ts';
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

/** Median, p90 and worst error in % that each variant has to reach. */
const GOALS: Readonly<Record<string, readonly [number, number, number?]>> = {
  'one log, effects of other applications': [8, 20, 35],
  'store: and own runs at other sizes': [4.5, 10, 15],
  'REST only, effects unknown': [11.7, 34],
  'REST only, effects of other applications': [11.7, 34],
};

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

/** The errors per variant as a table, and the figures that have a goal. */
export const bench: Bench = () => {
  console.log(`${runs.length} runs, ${pairs.length} predictions. Absolute error in %: median / p90 / worst.\n`);
  console.log('| variant | all | etl | etlfix | conc | dyn | in range | width |\n|---|---|---|---|---|---|---|---|');
  const measured = new Map<string, readonly Outcome[]>();
  for (const [name, variant] of Object.entries(variants)) {
    const list = outcomes(variant, pairs);
    measured.set(name, list);
    printRow(name, list);
  }
  printRow(
    'the same size again',
    outcomes((pair) => predicted(pair, { knowledge: nothingKnown }), repeats),
  );
  const effects = learnFromStore(runs, null).sharedHost;
  const rounded = Object.entries(effects).map(([name, effect]: [string, number]) => `${name} ${Math.round(effect)}`);
  console.log(`\nEffects fitted on all runs: ${rounded.join(', ')}.\n`);
  return Promise.resolve([...selfCheckFigures(), ...errorFigures(measured), ...speedFigures()]);
};

function printRow(name: string, list: readonly Outcome[]): void {
  const cells = ['etl', 'etlfix', 'conc', 'dyn'].map((application) =>
    errors(list.filter(({ source }) => source.application === application)),
  );
  const widths = list.map(({ relativeWidth }) => relativeWidth);
  const ranged = list.some(({ relativeWidth }) => Number.isNaN(relativeWidth))
    ? ['', '']
    : [`${percent(covered(list))} %`, `${percent(quantile(widths, 0.5))} %`];
  console.log(`| ${name} | ${[errors(list), ...cells, ...ranged].join(' | ')} |`);
  if (!process.argv.includes('--verbose')) return;
  for (const { source, target, error, inRange } of list) {
    console.log(`    ${source.name} -> ${target.name}: ${percent(error)} ${inRange ? '' : 'OUT'}`);
  }
}

function covered(list: readonly Outcome[]): number {
  return list.filter(({ inRange }) => inRange).length / list.length;
}

function selfCheckFigures(): Figure[] {
  const selfChecks = runs.map(({ detail, executors, properties }) =>
    Math.abs(simulate(detail, { executors: [executors], properties }).selfCheck?.errorRatio ?? NaN),
  );
  return [
    { what: 'self-check, median error', value: 100 * quantile(selfChecks, 0.5), unit: '%', atMost: 1.5 },
    { what: 'self-check, worst error', value: 100 * quantile(selfChecks, 1), unit: '%', atMost: 4 },
  ];
}

function errorFigures(measured: ReadonlyMap<string, readonly Outcome[]>): Figure[] {
  return Object.entries(GOALS).flatMap(([name, goals]) => {
    const list = measured.get(name) ?? [];
    const sizes = list.map(({ error }) => Math.abs(error));
    const figure = (what: string, q: number, atMost: number | undefined): Figure => ({
      what: `${name}: ${what} error`,
      value: 100 * quantile(sizes, q),
      unit: '%',
      ...(atMost === undefined ? {} : { atMost }),
    });
    return [
      figure('median', 0.5, goals[0]),
      figure('p90', 0.9, goals[1]),
      figure('worst', 1, goals[2]),
      {
        what: `${name}: reruns in the range (${percent(covered(list))} %), off 90 %`,
        value: Math.abs(100 * covered(list) - 90),
        unit: 'points',
        atMost: 5,
      },
    ];
  });
}

function speedFigures(): Figure[] {
  const large = syntheticRun({ stages: 12, tasksPerStage: 8334 });
  simulate(large.detail, { executors: [4] });
  const before = process.cpuUsage();
  simulate(large.detail, { executors: [1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128] });
  const { user, system } = process.cpuUsage(before);
  return [{ what: '100,000 tasks at 12 sizes, CPU', value: (user + system) / 1e6, unit: 's', atMost: 1 }];
}
