import { Option } from 'commander';
import type { DocumentKind, Store } from '../../store/store.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { toRunFilter, withRunFilter, type FilterOptions } from '../run-filter.ts';
import { parseCount } from '../time-argument.ts';

interface ExportOptions extends FilterOptions {
  readonly doc: Exclude<DocumentKind, 'detail'>;
  readonly limit?: number;
}

/** `spot export`: whole documents, as a stream. */
export function exportCommand(host: CommandHost) {
  return defineCommand<ExportOptions>(
    {
      name: 'export',
      summary: 'whole documents, oldest first, for other programs',
      formats: ['ndjson', 'json'],
      examples: [
        'spot export --doc agg > runs.ndjson',
        'spot export --doc agg --format json --since 30d',
        'spot export --doc err',
      ],
    },
    host,
    (command) =>
      withRunFilter(command)
        .addOption(new Option('--doc <kind>', 'which documents').choices(['agg', 'raw', 'err']).default('agg'))
        .option('--limit <n>', 'at most so many', parseCount),
    async ({ spot, output, signal }, options) => {
      const store = await spot.openStore('read');
      const count = await output.jsonStream(
        documents(store, options, signal),
        options.format === 'json' ? 'json' : 'ndjson',
      );
      if (output.isTerminal) output.note(`${count} ${count === 1 ? 'document' : 'documents'}.`);
      return EXIT.ok;
    },
  );
}

function documents(store: Store, options: ExportOptions, signal: AbortSignal): AsyncIterable<unknown> {
  const filter = toRunFilter(options);
  const find = { order: 'oldest-first', limit: options.limit, signal } as const;
  switch (options.doc) {
    case 'raw':
      return store.findRaw(filter, find);
    case 'err':
      return store.findErrors(filter, find);
    case 'agg':
      return store.findAggregates(filter, find);
  }
}
