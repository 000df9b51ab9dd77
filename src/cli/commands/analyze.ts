import { Option } from 'commander';
import { analyzeRun } from '../../app/analyze-run.ts';
import { findRun } from '../../app/find-run.ts';
import { priceAnalysis } from '../../app/price-analysis.ts';
import { loadPriceBook } from '../../app/prices.ts';
import { thresholdsIn } from '../../app/settings.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { analysisHtml } from '../findings/findings-html.ts';
import { analysisMarkdown } from '../findings/findings-markdown.ts';
import { analysisTable } from '../findings/findings-table.ts';

interface AnalyzeCommandOptions {
  readonly cluster?: string;
  readonly all?: true;
}

/** `spot analyze RUN`: what was wrong with it, what that cost, and what to do first. */
export function analyzeCommand(host: CommandHost) {
  return defineCommand<AnalyzeCommandOptions>(
    {
      name: 'analyze',
      summary: 'what was wrong with a stored run, what it cost, and what to do first',
      // Its own below: it writes pages for people elsewhere too.
      formats: [],
      examples: [
        'spot analyze app-20261121083643-0000',
        'spot analyze application_1795250787152_0001/2 --format json',
        'spot analyze app-20261121083643-0000 --format html > findings.html',
      ],
    },
    host,
    (command) =>
      command
        .argument('<run>', 'application id, or application id/attempt id')
        .addOption(
          new Option('--format <format>', 'how to print the answer')
            .choices(['table', 'json', 'markdown', 'html'])
            .default('table'),
        )
        .option('--cluster <name>', 'where it ran, when the id alone is not enough')
        .option('--all', 'every finding and every reason why something was not measurable'),
    async ({ spot, output }, options, [label = '']) => {
      const book = loadPriceBook(spot.config);
      const store = await spot.openStore('read');
      const key = await findRun(store, label, options.cluster);
      const found = await analyzeRun(store, key, { thresholds: thresholdsIn(spot.config) });
      const analysis = priceAnalysis(found, await store.readAggregate(key), book);
      const format: string = options.format;
      switch (format) {
        case 'json':
          await output.json(analysis);
          break;
        case 'markdown':
          await output.line(analysisMarkdown(analysis));
          break;
        case 'html':
          await output.line(analysisHtml(analysis));
          break;
        default:
          await output.line(analysisTable(analysis, output.columns, options.all === true));
      }
      return EXIT.ok;
    },
  );
}
