import { findRegressions, seriesNames } from '../../app/regressions.ts';
import { refreshSeries } from '../../app/refresh-series.ts';
import { thresholdsIn } from '../../app/settings.ts';
import type { RegressionEvent } from '../../series/kept.ts';
import { defineCommand, type CommandContext, type CommandHost } from '../command.ts';
import { changeText } from '../comparison/comparison-text.ts';
import { EXIT } from '../exit-codes.ts';
import { table, type Column } from '../table.ts';
import { parseMoment } from '../time-argument.ts';
import { durationText, timeText } from '../units.ts';

interface RegressionsCommandOptions {
  readonly tag?: string;
  readonly cluster?: string;
  readonly since?: Date;
  readonly until?: Date;
  readonly refresh?: true;
}

const COLUMNS: readonly Column<RegressionEvent>[] = [
  { title: 'ENDED (UTC)', cell: ({ endedAt }) => timeText(endedAt) },
  { title: 'TAG', cell: ({ tag }) => tag },
  { title: 'WHAT', cell: whatText },
  { title: 'RUN', cell: ({ run }) => run },
  {
    title: 'TOOK',
    align: 'right',
    cell: (event) => (event.type === 'run' ? durationText(event.durationMs) : undefined),
  },
  {
    title: 'EXPECTED',
    align: 'right',
    cell: (event) => (event.type === 'run' ? durationText(event.expectedMs) : undefined),
  },
  { title: 'LIKELY CAUSE', cell: causeText },
  { title: 'CLUSTER', cell: ({ cluster }) => cluster, optional: true },
];

/** `spot regressions`: runs that were slower than their application's usual, and changes of its level. */
export function regressionsCommand(host: CommandHost) {
  return defineCommand<RegressionsCommandOptions>(
    {
      name: 'regressions',
      summary: 'runs that took longer than usual, and changes of level, each with its likely cause',
      examples: [
        'spot regressions --since 7d',
        'spot regressions --tag nightly-etl --format json',
        'spot regressions --refresh --since 30d    judge again what is stored (spot crawl does it by itself)',
      ],
    },
    host,
    (command) => {
      const moment = (text: string): Date => parseMoment(text, new Date());
      return command
        .option('--tag <tag>', 'only of this application')
        .option('--cluster <name>', 'only of this cluster')
        .option('--since <time>', 'only of runs that ended at or after it: 7d, 12h, 2026-11-01', moment)
        .option('--until <time>', 'only of runs that ended at or before it', moment)
        .option('--refresh', 'judge the stored runs first: all applications that have one in the range');
    },
    async (context, options) => {
      const { spot, output } = context;
      const store = await spot.openStore(options.refresh === true ? 'share' : 'read');
      if (options.refresh === true) await refresh(context, store, options);
      const events = await findRegressions(store, options);
      if (options.format !== 'table') await output.jsonStream(inTurn(events), options.format);
      else if (events.length > 0) await output.line(table(events, COLUMNS, output.columns));
      else
        output.note(
          'No regression is kept. `spot crawl` looks for them as runs come in; --refresh looks at what is stored.',
        );
      return EXIT.ok;
    },
  );
}

async function refresh(
  { spot, output, signal }: CommandContext,
  store: Parameters<typeof refreshSeries>[0],
  { tag, cluster, since, until }: RegressionsCommandOptions,
): Promise<void> {
  const filter = { tag, cluster, endedAfter: since, endedBefore: until };
  const names = await seriesNames(store, filter, signal);
  for (const name of names) {
    signal.throwIfAborted();
    const analysis = { thresholds: thresholdsIn(spot.config) };
    await refreshSeries(store, name, { now: spot.environment.now(), analysis, signal });
  }
  output.note(`${names.length} ${names.length === 1 ? 'application' : 'applications'} looked at.`);
}

function whatText(event: RegressionEvent): string {
  const percent = `${Math.round(Math.abs(event.ratio - 1) * 100)} %`;
  if (event.type === 'run') return `${percent} slower`;
  return `from here on ${percent} ${event.ratio > 1 ? 'slower' : 'faster'}`;
}

function causeText({ likelyCause }: RegressionEvent): string | undefined {
  if (likelyCause === undefined) return undefined;
  const { causes, newFindings } = likelyCause;
  const parts = causes.slice(0, 2).map(({ id, changeMs }) => `${id} ${changeText(changeMs)}`);
  return [...parts, ...newFindings.slice(0, 1)].join(', ');
}

async function* inTurn(events: readonly RegressionEvent[]): AsyncIterable<RegressionEvent> {
  for (const event of events) yield await Promise.resolve(event);
}
