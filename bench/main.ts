/**
 * `npm run bench [NAME ...]`: measures what the promises of docs/benchmarks.md rest on, each beside a floor or a peer
 * in the same run, because machines are noisy and absolute times mean little.
 *
 * Exit code 1 when a goal is missed.
 */
import { cpus, totalmem } from 'node:os';
import { printGoals, type Bench } from './support/goals.ts';

const BENCHES: Readonly<Record<string, () => Promise<{ readonly bench: Bench }>>> = {
  crawl: () => import('./crawl/crawl.ts'),
  'event-log': () => import('./event-log/goals.ts'),
  collect: () => import('./collect/collect.ts'),
  simulation: () => import('./simulation.ts'),
  findings: () => import('./findings.ts'),
  suggest: () => import('./suggest/suggest.ts'),
  sweep: () => import('./sweep.ts'),
};

const wanted = process.argv.slice(2).filter((name) => !name.startsWith('--'));
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}: ${Object.keys(BENCHES).join(', ')}`);
  process.exit(2);
}

const [cpu] = cpus();
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpu?.model ?? 'unknown CPU'}, ${(totalmem() / 1024 ** 3).toFixed(0)} GiB`,
);
let missed = 0;
for (const [name, load] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n## ${name}`);
  const { bench } = await load();
  missed += printGoals(await bench());
}
process.exitCode = missed > 0 ? 1 : 0;
