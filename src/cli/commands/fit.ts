import { requireHistory } from '../../app/run-history.ts';
import { fitHistory, type HistoryModel } from '../../setter/history-model.ts';
import type { HistoryRun } from '../../setter/history-run.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { table, type Column } from '../table.ts';
import { bytesText, durationText, percentText } from '../units.ts';

interface FitCommandOptions {
  readonly tag?: string;
  readonly app?: string;
  readonly cluster?: string;
}

interface FittedApplication {
  readonly tag: string;
  readonly runs: number;
  readonly distinctSettings: number;
  readonly medianDurationMs: number;
  /** On left-out runs; null where there are too few. */
  readonly error: HistoryModel['model']['document']['error'];
  readonly range: HistoryModel['model']['document']['range'];
  readonly learned: readonly string[];
  readonly hash: string;
}

const COLUMNS: readonly Column<FittedApplication>[] = [
  { title: 'TAG', cell: (row) => row.tag },
  { title: 'RUNS', align: 'right', cell: (row) => String(row.runs) },
  { title: 'SETTINGS', align: 'right', cell: (row) => String(row.distinctSettings) },
  { title: 'MEDIAN', align: 'right', cell: (row) => durationText(row.medianDurationMs) },
  { title: 'ERROR', align: 'right', cell: (row) => (row.error === null ? undefined : percentText(row.error.mape)) },
  { title: 'RANGE OF WHAT VARIED', cell: (row) => rangeText(row) },
  { title: 'HASH', cell: (row) => row.hash.slice(0, 12) },
];

/** `spot fit`: what the stored runs teach of run time, and how wrong that is. */
export function fitCommand(host: CommandHost) {
  return defineCommand<FitCommandOptions>(
    {
      name: 'fit',
      summary: 'fit the run time of each application from its stored runs: range of the data, error, hash',
      formats: ['table', 'json'],
      examples: ['spot fit', 'spot fit --tag nightly-etl --format json'],
    },
    host,
    (command) =>
      command
        .option('--tag <tag>', 'only this application')
        .option('--app <id|name>', 'only this application, by id or name')
        .option('--cluster <name>', 'only runs of this cluster'),
    async ({ spot, output }, { tag, app, cluster, format }) => {
      const store = await spot.openStore('read');
      const runs = await requireHistory(store, { tag, app, cluster });
      const fitted = [...Map.groupBy(runs, ({ application }) => application)]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([application, own]) => fittedOf(application, own));
      if (format === 'json') await output.json(fitted);
      else await output.line(table(fitted, COLUMNS, output.columns));
      return EXIT.ok;
    },
  );
}

function fittedOf(tag: string, runs: readonly HistoryRun[]): FittedApplication {
  const { model, learned, medianDurationMs, distinctSettings } = fitHistory(runs);
  const { error, range, hash } = model.document;
  return { tag, runs: runs.length, distinctSettings, medianDurationMs, error, range, learned, hash };
}

function rangeText({ range, learned }: FittedApplication): string | undefined {
  const parts = learned.map((name) => {
    const { min = NaN, max = NaN } = range[name] ?? {};
    const show = name === 'inputBytes' ? bytesText : String;
    return `${name} ${show(min)}–${show(max)}`;
  });
  return parts.length === 0 ? undefined : parts.join(', ');
}
