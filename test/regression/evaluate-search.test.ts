import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { evaluateSearch } from '../../src/regression/evaluate-search.ts';
import { seededRandom } from '../../src/regression/random.ts';
import { parseCsv, type CsvRecord } from '../../src/util/csv.ts';
import { ModelError } from '../../src/util/errors.ts';

const scout = parseCsv(readFileSync(new URL('../fixtures/regression/scout-runs.csv', import.meta.url), 'utf8'));
const names = [...new Set(scout.map((row) => row['workload']!))];

/** Completed clusters in a random order, as in the files the command reads. */
function searchFile(workloads: readonly string[], seeds: number, rows: readonly CsvRecord[] = scout): unknown {
  return {
    workloads: workloads.map((workload) => ({
      workload,
      seeds: Array.from({ length: seeds }, (_, seed) => {
        const random = seededRandom(seed + 1);
        const ids = rows
          .filter((row) => row['workload'] === workload && row['completed'] === '1')
          .map((row) => ({ id: row['config_id']!, at: random() }));
        return { seed, order: ids.sort((a, b) => a.at - b.at).map(({ id }) => id) };
      }),
    })),
  };
}

describe('regression/evaluate-search', () => {
  it('scores a random order as the least so far over the optimum, counted by hand', () => {
    const seconds = [50, 40, 80, 30, 90, 25, 60, 20, 100, 10, 70];
    const rows = seconds.map((elapsed, i) => ({
      workload: 'w',
      app: 'a',
      config_id: `c${i}`,
      nodes: String(i + 1),
      vcpu_per_node: '4',
      mem_GB_per_node: '16',
      completed: '1',
      elapsed_s: String(elapsed),
    }));
    const search = { workloads: [{ workload: 'w', seeds: [{ order: seconds.map((_, i) => `c${i}`) }] }] };

    const { overall, byWorkload } = evaluateSearch({ rows, search, objective: 'time', method: 'random' });

    // After 4: 30, after 6: 25, after 8: 20, after 10: 10; the optimum is 10.
    for (const [runs, ratio] of Object.entries({ '4': 3, '6': 2.5, '8': 2, '10': 1 })) {
      expect(overall[runs]).to.be.closeTo(ratio, 1e-9);
    }
    expect(byWorkload).to.deep.equal({ w: overall });
  });

  it('beats random on 3 real workloads, with and without history, in time after 6 runs and in cost after 8', () => {
    const search = searchFile(names, 4);
    // Random never tries a cluster that fails, the model does: with two other workloads to learn from it may pay for it in cost at first.
    for (const [objective, runs] of [
      ['cost', '8'],
      ['time', '6'],
    ] as const) {
      const random = evaluateSearch({ rows: scout, search, objective, method: 'random' }).overall;
      const alone = evaluateSearch({ rows: scout, search, objective }).overall;
      const taught = evaluateSearch({ rows: scout, search, objective, history: scout }).overall;

      expect(alone[runs], `${objective}, alone`).to.be.below(random[runs]!);
      expect(taught[runs], `${objective}, taught`).to.be.below(random[runs]!);
      expect(taught[runs]).to.be.at.least(1);
    }
  }).timeout(60_000);

  it('chooses its first runs itself when asked to, whatever the seeds, and is then nearer to the optimum after 4 runs', () => {
    const evaluate = (seeds: number, start: 'seed' | 'model') =>
      evaluateSearch({ rows: scout, search: searchFile(names, seeds), objective: 'cost', start }).overall;
    const own = evaluate(1, 'model');

    expect(evaluate(3, 'model')).to.deep.equal(own);
    expect(own['4']).to.be.below(evaluate(6, 'seed')['4']!);
  }).timeout(60_000);

  it('learns nothing from the same application: its rows in the history change nothing', () => {
    const search = searchFile(['join_huge_spark'], 1);
    const others = scout.filter((row) => row['app'] !== 'join');

    const withOwn = evaluateSearch({ rows: scout, search, objective: 'cost', history: scout });
    const without = evaluateSearch({ rows: scout, search, objective: 'cost', history: others.toReversed() });

    expect(withOwn).to.deep.equal(without);
  }).timeout(20_000);

  it('pays a run for a cluster that fails, and finds nothing there', () => {
    // Ten clusters of equal price; the three of most memory per price fail, and the seed begins with them.
    const rows = Array.from({ length: 11 }, (_, i) => ({
      workload: 'w',
      app: 'a',
      config_id: `c${i}`,
      nodes: String(i + 1),
      vcpu_per_node: '4',
      mem_GB_per_node: '16',
      price_usd_per_node_hour: '1',
      completed: i < 3 ? '0' : '1',
      elapsed_s: String(100 + i),
    }));
    const search = { workloads: [{ workload: 'w', seeds: [{ order: ['c0', 'c1', 'c2'] }] }] };

    const { overall } = evaluateSearch({ rows, search, objective: 'time' });

    // After 3 failures one run was made that completed: it can be any of 103 … 110 s; after 10 of 11 at most one is left untried.
    expect(overall['4']).to.be.within(1, 110 / 103 + 1e-9);
    expect(overall['10']).to.be.within(1, 104 / 103 + 1e-9);
  });

  it('refuses cost without prices, a workload without rows and a search file of another shape', () => {
    const free = scout.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([name]) => name !== 'price_usd_per_node_hour')),
    );

    expect(() => evaluateSearch({ rows: free, search: searchFile(names, 1), objective: 'cost' }))
      .to.throw(ModelError)
      .with.property('code', 'SEARCH_PRICE');
    expect(() =>
      evaluateSearch({ rows: scout, search: { workloads: [{ workload: 'x', seeds: [] }] }, objective: 'time' }),
    )
      .to.throw(ModelError, 'workload x')
      .with.property('code', 'EVALUATE_SEARCH');
    expect(() => evaluateSearch({ rows: scout, search: 5, objective: 'time' }))
      .to.throw(ModelError)
      .with.property('code', 'EVALUATE_SEARCH');
  });
});
