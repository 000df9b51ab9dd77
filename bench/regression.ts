/**
 * How well run time is predicted on the C3O tables: one line per protocol, one column per job.
 *
 *   node bench/regression.ts [--data ../shared/data] [--limit SPLITS_PER_TAG] [--jobs sort,grep,sgd] [--protocols few,p90]
 *
 * The data carries no licence and is read where it lies, never copied. Prototype figures: the best and the blend of docs/regression.md.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { evaluateRuns, type Split, type SplitScore } from '../src/regression/evaluate-runs.ts';
import { parseCsv } from '../src/util/csv.ts';

/** Mean MAPE in percent of the prototypes this engine was to beat (sort / grep / sgd), from their own table. */
const BLEND: Readonly<Record<string, readonly number[]>> = {
  cv5: [1.4, 1.9, 1.2],
  p90: [1.2, 1.7, 1.2],
  'few n20': [1.5, 4.4, 6.2],
  'few n10': [2.3, 5.7, 8.2],
  'few n6': [4.6, 10.8, 10.6],
  'few n3': [11.8, 26.2, 25.7],
  'loso interpolate': [2.6, 3.8, 2.1],
  'loso extrapolate_up': [3.7, 3.6, 2.7],
  'loso extrapolate_down': [24.1, 22.3, 11.4],
};
const BEST: Readonly<Record<string, readonly number[]>> = {
  cv5: [1.4, 1.9, 1.1],
  p90: [2.61, 2.74, 2.25],
  'few n20': [1.5, 4.4, 6.2],
  'few n10': [1.6, 5.7, 8.2],
  'few n6': [3.4, 10.8, 10.6],
  'few n3': [6.9, 26.2, 25.7],
  'loso interpolate': [1.3, 2.7, 1.5],
  'loso extrapolate_up': [1.7, 2.8, 2.7],
  'loso extrapolate_down': [2.6, 20.7, 2.6],
};

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    limit: { type: 'string' },
    jobs: { type: 'string' },
    protocols: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const folder = resolve(values.data, 'c3o');
if (!existsSync(join(folder, 'jobs.json'))) {
  process.stdout.write(`No C3O data at ${folder}: nothing measured. Name its folder with --data\n`);
  process.exit(0);
}

interface Line {
  readonly key: string;
  readonly job: string;
  readonly scores: readonly SplitScore[];
  readonly cpuMs: number;
}

const jobs = JSON.parse(readFileSync(join(folder, 'jobs.json'), 'utf8')) as Readonly<
  Record<string, { features: string[] }>
>;
const wantedJobs = values.jobs?.split(',') ?? Object.keys(jobs);
const wantedProtocols = values.protocols?.split(',') ?? ['p90', 'cv5', 'few', 'loso', 'lodo', 'ctx', 'transfer'];
const limit = values.limit === undefined ? Infinity : Number(values.limit);
const lines: Line[] = [];
for (const job of wantedJobs) {
  const rows = parseCsv(readFileSync(join(folder, `${job}.configs.csv`), 'utf8'));
  for (const protocol of wantedProtocols) {
    const file = `${job}.${protocol}.json`;
    if (!readdirSync(join(folder, 'splits')).includes(file)) continue;
    const { splits } = JSON.parse(readFileSync(join(folder, 'splits', file), 'utf8')) as { splits: Split[] };
    for (const tag of new Set(splits.map((split) => split.tag))) {
      const started = process.cpuUsage();
      const some = splits.filter((split) => split.tag === tag).slice(0, limit);
      const { splits: scores } = evaluateRuns({
        rows,
        idColumn: 'config_id',
        target: 'runtime_median_s',
        features: jobs[job]!.features,
        splits: some,
      });
      const { user, system } = process.cpuUsage(started);
      lines.push({
        key: [protocol, tag].filter(Boolean).join(' '),
        job,
        scores,
        cpuMs: (user + system) / 1000 / some.length,
      });
    }
  }
}

const average = (numbers: readonly number[]): number => numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
const cell = (key: string, of: (score: SplitScore) => number | null, digits: number): string =>
  wantedJobs
    .map((job) => {
      const scores = lines
        .find((line) => line.key === key && line.job === job)
        ?.scores.flatMap((score) => of(score) ?? []);
      return scores === undefined || scores.length === 0 ? '-' : average(scores).toFixed(digits);
    })
    .join(' / ');
const keys = [...new Set(lines.map(({ key }) => key))];
process.stdout.write(
  `| protocol (${wantedJobs.join(' / ')}) | splits | MAPE % | blend | best prototype or published | covers (nominal 90 %) | mean | width | CPU ms per split |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n`,
);
for (const key of keys) {
  const here = lines.filter((line) => line.key === key);
  const covered = here.flatMap(({ scores }) =>
    scores.some(({ coverage90 }) => coverage90 !== null)
      ? [average(scores.flatMap(({ coverage90 }) => coverage90 ?? []))]
      : [],
  );
  process.stdout.write(
    `| ${[key, here[0]!.scores.length, cell(key, ({ mape }) => mape, 1), BLEND[key]?.join(' / ') ?? '', BEST[key]?.join(' / ') ?? '', cell(key, ({ coverage90 }) => (coverage90 === null ? null : 100 * coverage90), 0), covered.length === 0 ? '-' : (100 * average(covered)).toFixed(0), cell(key, ({ width90 }) => width90, 2), average(here.map(({ cpuMs }) => cpuMs)).toFixed(0)].join(' | ')} |\n`,
  );
}
