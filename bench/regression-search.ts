/**
 * How good the best cluster found is after a few runs, beside random choice and the prototypes' figures.
 *
 *   node bench/regression-search.ts [--data ../shared/data] [--sets scout,cherrypick,lumos]
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { evaluateSearch, type RegretByRuns } from '../src/regression/evaluate-search.ts';
import { parseCsv } from '../src/util/csv.ts';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    sets: { type: 'string', default: 'scout,cherrypick,lumos' },
    verbose: { type: 'boolean', default: false },
  },
});
/** The prototypes' best figures on Scout, without failed clusters among the candidates. */
const PROTOTYPE: Readonly<Record<string, string>> = {
  'scout cost': '1.261 / 1.125 / 1.081 / 1.028',
  'scout time': '1.087 / 1.085 / 1.053 / 1.026',
};

const shown = (regret: RegretByRuns): string =>
  Object.values(regret)
    .map((value) => value.toFixed(3))
    .join(' / ');
process.stdout.write(
  '| set, objective | method | best found / optimum after 4 / 6 / 8 / 10 runs | best prototype | CPU ms per workload |\n| --- | --- | --- | --- | --- |\n',
);
for (const set of values.sets.split(',')) {
  const folder = resolve(values.data, set);
  if (!existsSync(join(folder, 'search.json'))) {
    process.stdout.write(`| ${set} | not measured: no data at ${folder} | | | |\n`);
    continue;
  }
  const rows = parseCsv(readFileSync(join(folder, 'runs.csv'), 'utf8'));
  const search: unknown = JSON.parse(readFileSync(join(folder, 'search.json'), 'utf8'));
  for (const objective of set === 'lumos' ? (['time'] as const) : (['cost', 'time'] as const)) {
    for (const [method, options] of [
      ['random', { method: 'random' }],
      ['model, no history, 3 runs of the seed first', {}],
      ['model, no history, its own start', { start: 'model' }],
      ['model, history of other applications', { history: rows }],
    ] as const) {
      const started = process.cpuUsage();
      const { overall, byWorkload } = evaluateSearch({ rows, search, objective, ...options });
      const { user, system } = process.cpuUsage(started);
      process.stdout.write(
        `| ${set} ${objective} | ${method} | ${shown(overall)} | ${PROTOTYPE[`${set} ${objective}`] ?? ''} | ${((user + system) / 1000 / Object.keys(byWorkload).length).toFixed(0)} |\n`,
      );
      if (values.verbose)
        for (const [workload, regret] of Object.entries(byWorkload))
          process.stdout.write(`|   ${workload} | | ${shown(regret)} | | |\n`);
    }
  }
}
