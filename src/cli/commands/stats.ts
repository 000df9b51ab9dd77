import { Option } from 'commander';
import { chargeBack } from '../../app/charge-back.ts';
import { loadPriceBook } from '../../app/prices.ts';
import { GROUPINGS, type Grouping } from '../../money/charge-back.ts';
import type { Store } from '../../store/store.ts';
import { chargeBackCsv, chargeBackText } from '../charge-back-text.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import { toRunFilter, withRunFilter, type FilterOptions } from '../run-filter.ts';
import { parseCount } from '../time-argument.ts';
import { bytesText, timeText } from '../units.ts';

interface StatsOptions extends FilterOptions {
  readonly by?: Grouping;
  readonly limit?: number;
}

/** Groups that a screen has room for. */
const MOST_SHOWN = 20;

/** `spot stats`: how much is stored; with `--by`, what the runs used and cost, added up by whom they are charged to. */
export function statsCommand(host: CommandHost) {
  return defineCommand<StatsOptions>(
    {
      name: 'stats',
      summary: 'how much is stored; with --by, what users, tags, queues, … used and cost',
      // Its own below: only --by has csv.
      formats: [],
      examples: [
        'spot stats',
        'spot stats --by user --since 30d',
        'spot stats --by tag --since 2026-11-01 --until 2026-12-01 --format csv > november.csv',
      ],
    },
    host,
    (command) =>
      withRunFilter(command.addOption(new Option('--by <what>', 'add the runs up by this').choices([...GROUPINGS])))
        .option('--limit <n>', `with --by: groups in the table (default: ${MOST_SHOWN})`, parseCount)
        .addOption(
          new Option('--format <format>', 'how to print the answer').choices(['table', 'json', 'csv']).default('table'),
        ),
    async ({ spot, output, signal }, options) => {
      const { by, limit = MOST_SHOWN } = options;
      const format: string = options.format;
      if (by === undefined) {
        const senseless = onlyWithBy(options);
        if (senseless !== undefined) {
          output.note(`${senseless} needs --by ${GROUPINGS.join('|')}: without it the whole store is told of`);
          return EXIT.usage;
        }
        await printStore(await spot.openStore('read'), output, format);
        return EXIT.ok;
      }
      const book = loadPriceBook(spot.config);
      const store = await spot.openStore('read');
      const filter = toRunFilter(options);
      const answer = await chargeBack(store, { by, filter, book, now: spot.environment.now(), signal });
      if (format === 'json') await output.json(answer);
      else if (format === 'csv') await output.line(chargeBackCsv(answer));
      else if (answer.total.runs === 0) output.note(`No run in ${store.description} fits.`);
      else await output.line(chargeBackText(answer, { width: output.columns, limit }));
      return EXIT.ok;
    },
  );
}

function onlyWithBy({
  app,
  user,
  tag,
  cluster,
  since,
  until,
  limit,
  format,
}: StatsOptions & { readonly format: string }) {
  if (format === 'csv') return '--format csv';
  const given = Object.entries({ app, user, tag, cluster, since, until, limit }).find(
    ([, value]) => value !== undefined,
  );
  return given === undefined ? undefined : `--${given[0]}`;
}

async function printStore(store: Store, output: Output, format: string): Promise<void> {
  const stats = await store.stats();
  if (format === 'json') {
    await output.json({ store: store.description, ...stats });
    return;
  }
  const facts: readonly (readonly [string, string])[] = [
    ['Store', store.description],
    ['Runs', String(stats.agg)],
    ['  with raw document', String(stats.raw)],
    ['  with task detail', String(stats.detail)],
    ['Errors', String(stats.err)],
    ['Oldest end', stats.oldestEnd === undefined ? '-' : timeText(stats.oldestEnd)],
    ['Newest end', stats.newestEnd === undefined ? '-' : timeText(stats.newestEnd)],
    ['Size', stats.bytes === undefined ? 'not told by the store' : bytesText(stats.bytes)],
  ];
  await output.line(facts.map(([title, text]) => `${title.padEnd(20)}${text}`).join('\n'));
}
