import { expect } from 'chai';
import { describeFeatures, encodeRow, type FeatureRow } from '../../src/regression/features.ts';
import { axesOf, levelsOf, noveltyOf, rehearsals } from '../../src/regression/question.ts';
import { toTrainingData, type TrainingData } from '../../src/regression/training-data.ts';

const NAMES = ['executors', 'inputGb', 'rounds', 'format'];

function dataOf(rows: readonly FeatureRow[]): TrainingData {
  const schema = describeFeatures(rows, NAMES);
  return toTrainingData(
    schema,
    rows.map((row) => encodeRow(schema, row)),
    rows.map((_, i) => i),
  );
}

/** 20 runs of each number of rounds, except for one of which there are only so many. */
function rowsWith(rounds: readonly number[], few: number, count: number): FeatureRow[] {
  return rounds.flatMap((value) =>
    Array.from({ length: value === few ? count : 20 }, (_, i) => ({
      executors: 2 + 2 * (i % 4),
      inputGb: 10 + i,
      rounds: value,
      format: ['csv', 'orc', 'parquet'][i % 3]!,
    })),
  );
}

describe('regression/question', () => {
  const data = dataOf(rowsWith([1, 10, 100, 1000], 1000, 2));
  const axes = axesOf(data.schema).map((axis) => ({ axis, levels: levelsOf(data, axis) }));
  const rounds = axes[2]!;
  const format = axes[3]!;
  const encoded = (value: number): number => rounds.axis.valueOf(encodeRow(data.schema, { rounds: value }));

  it('takes the columns of a category for one axis', () => {
    expect(axes.map(({ axis }) => [axis.column, axis.named])).to.deep.equal([
      [0, false],
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(format.levels.all).to.deep.equal([0, 1, 2]);
    expect(noveltyOf(format.levels, 1, true).novelty).to.equal('known');
    expect(noveltyOf(format.levels, -1, true).novelty).to.equal('inside');
  });

  it('calls a value with 2 runs beside others with 20 hardly known, and answers it as one above the others', () => {
    expect([...rounds.levels.thin.values()]).to.deep.equal([2]);
    expect(rounds.levels.firm).to.have.length(3);
    expect(noveltyOf(rounds.levels, encoded(1000))).to.include({ novelty: 'above', own: 2 });
    expect(noveltyOf(rounds.levels, encoded(100))).to.include({ novelty: 'known', own: 0 });
    // A further value lies between those seen, few runs or not.
    expect(noveltyOf(rounds.levels, encoded(500))).to.include({ novelty: 'inside', own: 0 });
    expect(noveltyOf(rounds.levels, encoded(5000))).to.include({ novelty: 'above', own: 0 });
  });

  it('does not call a value hardly known where 3 runs of each value are usual, or only two values have many', () => {
    const even = dataOf(rowsWith([1, 10, 100], 0, 0).filter((_, i) => i % 7 === 0));
    const two = dataOf(rowsWith([1, 10, 100], 100, 1));

    expect(levelsOf(even, rounds.axis).thin.size).to.equal(0);
    expect(levelsOf(two, rounds.axis).thin.size).to.equal(0);
  });

  it('rehearses a hardly known value with as few runs of each other value, and without its own', () => {
    const few = rehearsals(data, axes).filter(({ column, own }) => column === 2 && own === 2);
    const hardly = data.x.flatMap((row, i) => (rounds.levels.thin.has(rounds.axis.valueOf(row)) ? [i] : []));

    expect(few.map(({ novelty }) => novelty)).to.deep.equal(['inside', 'below', 'above']);
    for (const { folds } of few) {
      for (const { asked, withheld } of folds) {
        expect(withheld).to.deep.equal(hardly);
        // 18 of the 20 runs are asked about; two stay.
        expect(asked).to.have.length(18);
      }
    }
  });

  it('leaves each name out once, and each end of a number', () => {
    const unseen = rehearsals(data, axes).filter(({ own }) => own === 0);
    const kinds = (column: number): string[] =>
      unseen.filter((each) => each.column === column).map(({ novelty, folds }) => `${novelty} ${folds.length}`);

    expect(kinds(3)).to.deep.equal(['inside 3']);
    expect(kinds(2)).to.deep.equal(['inside 2', 'below 1', 'above 1']);
    // 20 sizes are continuous: nothing between them is new.
    expect(kinds(1)).to.deep.equal(['below 1', 'above 1']);
  });
});
