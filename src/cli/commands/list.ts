import { toRunRow, type RunRow } from '../../documents/run-row.ts';
import type { AggregateDocument } from '../../documents/documents.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { toRunFilter, withRunFilter, type FilterOptions } from '../run-filter.ts';
import { table, type Column } from '../table.ts';
import { parseCount } from '../time-argument.ts';
import { bytesText, durationText, percentText, timeText } from '../units.ts';

interface ListOptions extends FilterOptions {
  readonly limit: number;
}

const MS_PER_HOUR = 3_600_000;

const COLUMNS: readonly Column<RunRow>[] = [
  { title: 'RUN', cell: (row) => row.run },
  { title: 'NAME', cell: (row) => row.name },
  { title: 'USER', cell: (row) => row.user, optional: true },
  { title: 'ENDED (UTC)', cell: (row) => (row.endTime === null ? 'no end' : timeText(row.endTime)) },
  { title: 'DURATION', align: 'right', cell: (row) => some(row.durationMs, durationText) },
  { title: 'EXEC', align: 'right', cell: (row) => String(row.executors) },
  { title: 'CORE-H', align: 'right', cell: (row) => some(row.allocatedCoreMs, (ms) => (ms / MS_PER_HOUR).toFixed(3)) },
  { title: 'EFFICIENCY', align: 'right', cell: (row) => some(row.coreEfficiencyRatio, percentText) },
  {
    title: 'SPEEDUP',
    align: 'right',
    cell: (row) => some(row.estimatedSpeedup, (speedup) => `${speedup.toFixed(2)}×`),
  },
  { title: 'INPUT', align: 'right', cell: (row) => some(row.inputBytes, bytesText), optional: true },
  { title: 'SHUFFLE', align: 'right', cell: (row) => some(row.shuffleBytes, bytesText), optional: true },
  { title: 'SPILL', align: 'right', cell: (row) => some(row.spilledBytes, bytesText), optional: true },
  { title: 'FAILED', align: 'right', cell: (row) => some(row.failedTasks, String), optional: true },
  { title: 'CLUSTER', cell: (row) => row.cluster, optional: true },
  { title: 'FLAGS', cell: (row) => row.flags.join(' '), optional: true },
];

/** `spot list`: the stored runs, newest first, one a line. */
export function listCommand(host: CommandHost) {
  return defineCommand<ListOptions>(
    {
      name: 'list',
      alias: 'list-jobs',
      summary: 'the stored runs, newest first, with efficiency and speedup',
      examples: [
        'spot list --since 7d',
        'spot list --app nightly-etl --limit 50',
        'spot list --user alice --format json | jq .[].coreEfficiencyRatio',
      ],
    },
    host,
    (command) => withRunFilter(command).option('--limit <n>', 'at most so many runs', parseCount, 20),
    async ({ spot, output, signal }, options) => {
      const store = await spot.openStore('read');
      const documents = store.findAggregates(toRunFilter(options), { limit: options.limit, signal });
      if (options.format !== 'table') {
        await output.jsonStream(rowsOf(documents), options.format);
        return EXIT.ok;
      }
      const rows = await Array.fromAsync(rowsOf(documents));
      if (rows.length === 0)
        output.note(`No run in ${store.description} fits. \`spot crawl --once\` reads what a server has.`);
      else await output.line(table(rows, COLUMNS, output.columns));
      if (rows.length === options.limit) output.note(`The newest ${rows.length}; --limit shows more.`);
      return EXIT.ok;
    },
  );
}

async function* rowsOf(documents: AsyncIterable<AggregateDocument>): AsyncIterable<RunRow> {
  for await (const document of documents) yield toRunRow(document);
}

function some(value: number | null, show: (value: number) => string): string | undefined {
  return value === null ? undefined : show(value);
}
