import { Option } from 'commander';
import { compareStoredRuns } from '../../app/compare-runs.ts';
import { findRun } from '../../app/find-run.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { comparisonMarkdown } from '../comparison/comparison-markdown.ts';
import { comparisonTable } from '../comparison/comparison-table.ts';
import { EXIT } from '../exit-codes.ts';

interface CompareCommandOptions {
  readonly cluster?: string;
  readonly all?: true;
}

/** `spot compare A B`: two runs layer by layer, and what of the difference in time comes from which. */
export function compareCommand(host: CommandHost) {
  return defineCommand<CompareCommandOptions>(
    {
      name: 'compare',
      summary: 'two runs layer by layer, and which difference explains how much of the change in time',
      formats: [],
      examples: [
        'spot compare app-20261121083643-0000 app-20261121090103-0000',
        'spot compare application_1795250787152_0001/1 application_1795250787152_0001/2 --format json',
        'spot compare A B --format markdown > difference.md',
      ],
    },
    host,
    (command) =>
      command
        .argument('<a>', 'the run before: application id, or application id/attempt id')
        .argument('<b>', 'the run after')
        .addOption(
          new Option('--format <format>', 'how to print the answer')
            .choices(['table', 'json', 'markdown'])
            .default('table'),
        )
        .option('--cluster <name>', 'where they ran, when the ids alone are not enough')
        .option('--all', 'every stage and all evidence'),
    async ({ spot, output }, options, [a = '', b = '']) => {
      const store = await spot.openStore('read');
      const before = await findRun(store, a, options.cluster);
      const comparison = await compareStoredRuns(store, before, await findRun(store, b, options.cluster));
      const format: string = options.format;
      if (format === 'json') await output.json(comparison);
      else if (format === 'markdown') await output.line(comparisonMarkdown(comparison));
      else await output.line(comparisonTable(comparison, output.columns, options.all === true));
      return EXIT.ok;
    },
  );
}
