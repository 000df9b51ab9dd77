import { Option } from 'commander';
import { evaluateSearch } from '../../regression/evaluate-search.ts';
import { parseCsv } from '../../util/csv.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { readInput, readJsonInput } from '../read-input.ts';

interface EvaluateSearchOptions {
  readonly runs: string;
  readonly search: string;
  readonly objective: 'cost' | 'time';
  readonly history?: string;
}

/** `spot evaluate-search`: how near the best found cluster is to the best there is, after so many runs. */
export function evaluateSearchCommand(host: CommandHost) {
  return defineCommand<EvaluateSearchOptions>(
    {
      name: 'evaluate-search',
      summary:
        'how near the best cluster found after 4, 6, 8 and 10 runs is to the best there is, on a table of your own',
      formats: ['json'],
      examples: [
        'spot evaluate-search --runs runs.csv --search search.json --objective cost',
        'spot evaluate-search --runs runs.csv --search search.json --objective time --history runs.csv',
      ],
    },
    host,
    (command) =>
      command
        .requiredOption('--runs <csv>', 'table of runs: one for each workload and cluster')
        .requiredOption(
          '--search <json>',
          'workloads, and for each seed the order in which a random search tries clusters',
        )
        .addOption(new Option('--objective <what>', 'what to minimise').choices(['cost', 'time']).makeOptionMandatory())
        .option('--history <csv>', 'runs of other workloads to learn from; those of the same application are left out'),
    async ({ output }, options) => {
      const evaluation = evaluateSearch({
        rows: parseCsv(readInput(options.runs)),
        search: readJsonInput(options.search),
        objective: options.objective,
        ...(options.history === undefined ? {} : { history: parseCsv(readInput(options.history)) }),
        onProgress: (done, total) => {
          if (output.isTerminal) output.status(done === total ? '' : `  ${done}/${total} workloads`);
        },
      });
      await output.json(evaluation);
      return EXIT.ok;
    },
  );
}
