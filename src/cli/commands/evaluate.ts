import { evaluateRuns } from '../../regression/evaluate-runs.ts';
import { parseCsv } from '../../util/csv.ts';
import { EXIT } from '../exit-codes.ts';
import { defineCommand, type CommandHost } from '../command.ts';
import { parseCount } from '../time-argument.ts';
import { readInput, readJsonInput } from '../read-input.ts';

interface EvaluateOptions {
  readonly runs: string;
  readonly id: string;
  readonly target: string;
  readonly features: string;
  readonly splits: string;
  readonly limit?: number;
}

/** `spot evaluate`: how well the models predict runs that they have not seen, on anybody's own table. */
export function evaluateCommand(host: CommandHost) {
  return defineCommand<EvaluateOptions>(
    {
      name: 'evaluate',
      summary: 'how well run time is predicted for runs that were left out, on a table of your own',
      formats: ['json'],
      examples: [
        'spot evaluate --runs sort.configs.csv --id config_id --target runtime_median_s \\',
        '    --features instance_count,data_size_MB --splits sort.p90.json',
      ],
    },
    host,
    (command) =>
      command
        .requiredOption('--runs <csv>', 'table of runs, one a line')
        .requiredOption('--id <column>', 'column that names a run in the splits')
        .requiredOption('--target <column>', 'column to predict')
        .requiredOption('--features <columns>', 'columns to predict from, with commas: scale-out first, size second')
        .requiredOption('--splits <json>', 'which runs to learn from and which to predict: [{id, tag, train, test}]')
        .option('--limit <n>', 'only the first so many splits', parseCount),
    async ({ output }, options) => {
      const evaluation = evaluateRuns({
        rows: parseCsv(readInput(options.runs)),
        idColumn: options.id,
        target: options.target,
        features: options.features.split(',').map((name) => name.trim()),
        splits: readJsonInput(options.splits),
        ...(options.limit === undefined ? {} : { limit: options.limit }),
        onProgress: (done, total) => {
          if (output.isTerminal) output.status(done === total ? '' : `  ${done}/${total} splits`);
        },
      });
      await output.json(evaluation);
      return EXIT.ok;
    },
  );
}
