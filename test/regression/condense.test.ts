import { expect } from 'chai';
import { condense } from '../../src/regression/condense.ts';
import { describeFeatures, encodeRow } from '../../src/regression/features.ts';
import { toTrainingData, type TrainingData } from '../../src/regression/training-data.ts';

/** Two heaps of runs, each a little apart in size; run time follows size to the power of 2, times what `off` says. */
function heaps(off: readonly number[]): TrainingData {
  const rows = [10, 1000].flatMap((inputGb) =>
    [1, 1.02, 1.04, 1.06].map((factor) => ({ executors: inputGb === 10 ? 2 : 16, inputGb: inputGb * factor })),
  );
  const schema = describeFeatures(rows, ['executors', 'inputGb']);
  return toTrainingData(
    schema,
    rows.map((row) => encodeRow(schema, row)),
    rows.map(({ inputGb }, i) => 2 * Math.log(inputGb) + off[i % off.length]!),
  );
}

describe('regression/condense', () => {
  it('leaves few rows alone', () => {
    const data = heaps([0]);

    expect(condense(data, 8)).to.equal(data);
  });

  it('joins runs of nearly equal settings to their mean, and keeps each of them', () => {
    const joined = condense(heaps([0]), 2);

    expect([...joined.weight]).to.deep.equal([4, 4]);
    expect(joined.runs.map((runs) => runs.length)).to.deep.equal([4, 4]);
    joined.runs.forEach((runs, row) => {
      expect(joined.y[row]).to.be.closeTo(runs.reduce((sum, { y }) => sum + y, 0) / 4, 1e-12);
    });
  });

  it('takes what their common slope explains for no noise, and the rest for noise', () => {
    expect([...condense(heaps([0]), 2).scatter].every((scatter) => scatter < 1e-6)).to.equal(true);

    // ±0.1 that goes down, up, up, down has no slope along the size, nearly: 4 · 0.1² is left of each heap.
    for (const scatter of condense(heaps([-0.1, 0.1, 0.1, -0.1]), 2).scatter)
      expect(scatter).to.be.closeTo(0.04, 0.001);
  });
});
