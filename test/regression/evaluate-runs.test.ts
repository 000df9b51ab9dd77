import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { evaluateRuns } from '../../src/regression/evaluate-runs.ts';
import { parseCsv, type CsvRecord } from '../../src/util/csv.ts';
import { ModelError } from '../../src/util/errors.ts';

const bell = parseCsv(readFileSync(new URL('../fixtures/regression/bell-grep.csv', import.meta.url), 'utf8'));
const idsAt = (nodes: readonly number[]): string[] =>
  bell.filter((row) => nodes.includes(Number(row['nodes']))).map((row) => row['run_id']!);

/** Run time = 10 · size / machines exactly: what every member can learn. */
const exact: CsvRecord[] = [1, 2, 4, 8].flatMap((m) =>
  [10, 20, 40].map((s) => ({ id: `${m}-${s}`, m: String(m), s: String(s), seconds: String((10 * s) / m) })),
);
const TEST_IDS = ['2-20', '4-20', '4-40'];
const exactSplit = {
  id: 'a',
  tag: 'n9',
  train: exact.map((row) => row['id']!).filter((id) => !TEST_IDS.includes(id)),
  test: TEST_IDS,
};

describe('regression/evaluate-runs', () => {
  it('scores splits, sums them up by tag and overall, and says how far it is', () => {
    const progress: number[][] = [];
    const { splits, byTag, overall } = evaluateRuns({
      rows: exact,
      idColumn: 'id',
      target: 'seconds',
      features: ['m', 's'],
      splits: { protocol: 'own', splits: [exactSplit, { ...exactSplit, id: 'b', tag: 'again' }] },
      onProgress: (done, total) => progress.push([done, total]),
    });

    expect(splits.map(({ id, tag, n }) => ({ id, tag, n }))).to.deep.equal([
      { id: 'a', tag: 'n9', n: 9 },
      { id: 'b', tag: 'again', n: 9 },
    ]);
    expect(splits[0]!.mape).to.be.below(2);
    expect(splits[0]!.coverage90).to.equal(1);
    expect(splits[1]).to.deep.include({ mape: splits[0]!.mape, width90: splits[0]!.width90 });
    expect(Object.keys(byTag)).to.deep.equal(['n9', 'again']);
    expect(byTag['n9']).to.have.property('splits', 1);
    expect(overall.mape.mean).to.be.closeTo(splits[0]!.mape, 1e-9);
    expect(progress).to.deep.equal([
      [1, 2],
      [2, 2],
    ]);
  });

  it('takes only the first splits when limited', () => {
    const { splits } = evaluateRuns({
      rows: exact,
      idColumn: 'id',
      target: 'seconds',
      features: ['m', 's'],
      splits: [exactSplit, { ...exactSplit, id: 'b' }],
      limit: 1,
    });

    expect(splits.map(({ id }) => id)).to.deep.equal(['a']);
  });

  it('has no coverage from 2 rows, and says null', () => {
    const { splits, overall } = evaluateRuns({
      rows: exact,
      idColumn: 'id',
      target: 'seconds',
      features: ['m', 's'],
      splits: [{ ...exactSplit, train: exactSplit.train.slice(0, 2) }],
    });

    expect(splits[0]).to.include({ n: 2, coverage90: null, width90: null });
    expect(overall.coverage90).to.deep.equal({ mean: null, median: null, p90: null });
  });

  it('predicts a real job at 7 node counts it has not seen from 8 others with less than 10 % error', () => {
    const train = [4, 12, 20, 28, 36, 44, 52, 60];
    const test = [8, 16, 24, 32, 40, 48, 56];

    const { splits } = evaluateRuns({
      rows: bell,
      idColumn: 'run_id',
      target: 'runtime_s',
      features: ['nodes'],
      splits: [{ id: 'bell', train: idsAt(train), test: idsAt(test) }],
    });

    expect(splits[0]!.n).to.equal(56);
    expect(splits[0]!.mape).to.be.below(10);
    expect(splits[0]!.coverage90).to.be.above(0.7);
  });

  it('refuses a column or a row that is not there, and splits of another shape', () => {
    const base = { rows: exact, idColumn: 'id', target: 'seconds', features: ['m', 's'], splits: [exactSplit] };

    expect(() => evaluateRuns({ ...base, target: 'hours' }))
      .to.throw(ModelError, 'no column hours')
      .with.property('code', 'EVALUATE_COLUMN');
    expect(() => evaluateRuns({ ...base, splits: [{ ...exactSplit, test: ['nowhere'] }] }))
      .to.throw(ModelError, 'nowhere')
      .with.property('code', 'EVALUATE_SPLITS');
    expect(() => evaluateRuns({ ...base, splits: { rows: [] } }))
      .to.throw(ModelError)
      .with.property('code', 'EVALUATE_SPLITS');
  });
});
