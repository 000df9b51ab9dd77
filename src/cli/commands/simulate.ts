import { writeFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { findRun, RunNotFoundError } from '../../app/find-run.ts';
import { priceSimulation, type PricedPoint, type PricedSimulation } from '../../app/price-simulation.ts';
import { loadPriceBook } from '../../app/prices.ts';
import { simulateRun } from '../../app/simulate-run.ts';
import { runLabel } from '../../documents/run-key.ts';
import type { Simulation } from '../../simulation/simulate.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { amountText, EXAMPLE_PRICES, moneyText } from '../money-text.ts';
import { barPlot, curveSvg } from '../plot.ts';
import { table, type Column } from '../table.ts';
import { durationText, percentText } from '../units.ts';

interface SimulateCommandOptions {
  readonly executors?: readonly number[];
  readonly cores?: number;
  readonly set: Readonly<Record<string, string>>;
  readonly cluster?: string;
  readonly plot?: string;
}

const MS_PER_HOUR = 3_600_000;

const columnsOf = (currency: string): readonly Column<PricedPoint>[] => [
  { title: 'EXECUTORS', align: 'right', cell: (point) => String(point.executors) },
  { title: 'CORES EACH', align: 'right', cell: (point) => String(point.coresPerExecutor) },
  { title: 'DURATION', align: 'right', cell: (point) => durationText(point.durationMs) },
  {
    title: '9 OF 10 BETWEEN',
    align: 'right',
    cell: (point) => `${durationText(point.durationLowMs)} – ${durationText(point.durationHighMs)}`,
  },
  { title: 'CORE-H', align: 'right', cell: (point) => (point.coreMs / MS_PER_HOUR).toFixed(3) },
  { title: 'UTILISATION', align: 'right', cell: (point) => percentText(point.utilizationRatio) },
  {
    title: `COST (${currency})`,
    align: 'right',
    cell: ({ cost }) => (cost === undefined ? undefined : amountText(cost)),
  },
  {
    title: 'SPARKLENS SAYS',
    align: 'right',
    optional: true,
    cell: (point) => (point.sparklensMs === undefined ? undefined : durationText(point.sparklensMs)),
  },
];

/** `spot simulate RUN`: the same run on other numbers of executors and cores. */
export function simulateCommand(host: CommandHost) {
  return defineCommand<SimulateCommandOptions>(
    {
      name: 'simulate',
      summary: 'how long a stored run would have taken on other numbers of executors and cores',
      formats: ['table', 'json'],
      examples: [
        'spot simulate app-20261121083643-0000 --executors 1,2,4,8',
        'spot simulate app-20261121083643-0000 --executors 4 --cores 4 --set spark.sql.shuffle.partitions=64',
        'spot simulate app-20261121083643-0000 --plot curve.svg',
      ],
    },
    host,
    (command) =>
      command
        .argument('<run>', 'application id, or application id/attempt id')
        .option('--executors <n,n,…>', 'numbers of executors (default: around what it had)', parseSizes)
        .option('--cores <n>', 'cores of each executor (default: as it had)', parseSize)
        .option('--set <property=value>', 'a Spark property to change; may be repeated', collectProperty, {})
        .option('--cluster <name>', 'where it ran, when the id alone is not enough')
        .option('--plot <file>', 'also write the curve as SVG'),
    async ({ spot, output }, options, [label = '']) => {
      const book = loadPriceBook(spot.config);
      const store = await spot.openStore('read');
      const key = await findRun(store, label, options.cluster);
      const replayed = await simulateRun(store, key, {
        executors: options.executors ?? [],
        coresPerExecutor: options.cores,
        set: options.set,
      });
      const aggregate = await store.readAggregate(key);
      if (aggregate === undefined) throw new RunNotFoundError('RUN_NOT_FOUND', `${runLabel(key)} was just deleted`);
      const simulation = priceSimulation(replayed, aggregate, options.set, book);
      const isRefused = simulation.refusal !== undefined;
      if (options.plot !== undefined && !isRefused) {
        writeFileSync(
          options.plot,
          curveSvg(`${runLabel(key)}: simulated duration`, plotPoints(simulation), durationText),
        );
      }
      if (options.format === 'json') await output.json(simulation);
      else await output.line(simulationText(simulation, output.columns));
      return isRefused ? EXIT.failed : EXIT.ok;
    },
  );
}

/** Why a run gets no number at all, for people; the JSON answer has the code and the facts. */
const WHY_REFUSED: Readonly<Record<NonNullable<Simulation['refusal']>['code'], string>> = {
  NO_SUCCESSFUL_JOB:
    'no job of it that succeeded is known; a run read from its event log (spot collect) tells its jobs.',
  LOST_EVENTS: 'Spark dropped events of it, so tasks are missing.',
  MISSING_TASKS: 'stages of it have fewer tasks than they should.',
  NO_EXECUTORS: 'no executor of it is known.',
  SELF_CHECK_FAILED: 'replayed at its own size it does not come to what it took, so no other size can be trusted.',
  CANNOT_FINISH: 'it cannot finish on that size.',
};

function simulationText(simulation: PricedSimulation, width: number): string {
  const { refusal, source, bounds, selfCheck, assumptions, cost, currency } = simulation;
  const on = source.executors === 0 ? '' : ` on ${source.executors} × ${source.coresPerExecutor} cores`;
  const paid = 'because' in cost ? '' : ` and cost ${moneyText(cost.total, currency)}`;
  const had = `It ran ${durationText(source.durationMs)}${on}${paid}.`;
  if (refusal !== undefined) return `${had}\nNo simulation: ${WHY_REFUSED[refusal.code]}`;
  const facts = [
    bounds &&
      `Whatever you pay, it does not get below ${durationText(bounds.floorMs)}; with no waiting for cores it is ${durationText(bounds.criticalPathMs)}.`,
    bounds &&
      `The driver works alone for ${durationText(bounds.driverMs)} (${percentText(bounds.driverShare)}); on a single core all of it takes ${durationText(bounds.oneCoreMs)}.`,
    selfCheck &&
      `Replayed at its own size it comes to ${durationText(selfCheck.durationMs)} (${percentText(Math.abs(selfCheck.errorRatio))} off).`,
    simulation.precision === 'log'
      ? undefined
      : 'Only sums and quantiles of its stages are known, not its tasks: the ranges are wider.',
    ...assumptions.map(({ because }) => `Beware: ${because}`),
    'because' in cost ? `What it really cost is not measurable, because ${cost.because}.` : undefined,
    simulation.hasExamplePrices ? EXAMPLE_PRICES : undefined,
  ];
  return [
    had,
    '',
    table(simulation.points, columnsOf(currency), width),
    '',
    barPlot(plotPoints(simulation), durationText),
    '',
    ...facts.filter((fact) => fact !== undefined),
  ].join('\n');
}

function plotPoints({ points }: Simulation) {
  return points.map(({ executors, coresPerExecutor, durationMs, durationLowMs, durationHighMs }) => ({
    label: `${executors} × ${coresPerExecutor}`,
    value: durationMs,
    low: durationLowMs,
    high: durationHighMs,
  }));
}

function parseSize(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('write a whole number from 1 up');
  return value;
}

function parseSizes(text: string): readonly number[] {
  return text.split(',').map(parseSize);
}

function collectProperty(text: string, sofar: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const [, key, value] = /^(spark\.[\w.-]+)=(.*)$/.exec(text) ?? [];
  if (key === undefined || value === undefined) throw new InvalidArgumentError('write spark.some.property=value');
  return { ...sofar, [key]: value };
}
