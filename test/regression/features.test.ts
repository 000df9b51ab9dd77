import { expect } from 'chai';
import { describeFeatures, encodeRow } from '../../src/regression/features.ts';
import { ModelError } from '../../src/util/errors.ts';

describe('regression/features', () => {
  it('encodes positive numbers as ln(value / geometric middle): 2 and 8 around 4', () => {
    const schema = describeFeatures([{ m: 2 }, { m: 8 }], ['m']);

    expect(schema.features[0]).to.include({ role: 'scale', kind: 'log', unit: 4 });
    expect(schema.features[0]!.reach).to.be.closeTo(Math.log(2), 1e-12);
    expect([...encodeRow(schema, { m: 4 })]).to.deep.equal([0]);
    expect(encodeRow(schema, { m: 8 })[0]).to.be.closeTo(Math.log(2), 1e-12);
  });

  it('encodes numbers that may be 0 as a share of the largest', () => {
    const schema = describeFeatures(
      [
        { m: 1, p: 0 },
        { m: 1, p: 0.5 },
      ],
      ['m', 'p'],
    );

    expect(schema.features[1]).to.include({ kind: 'linear', unit: 0.5 });
    expect([...encodeRow(schema, { m: 1, p: 0.25 })]).to.deep.equal([0, 0.5]);
  });

  it('gives each category a column, and a name it has not seen a row of zeros', () => {
    const schema = describeFeatures(
      [
        { m: 1, type: 'r4' },
        { m: 1, type: 'c4' },
      ],
      ['m', 'type'],
    );

    expect(schema.features[1]!.categories).to.deep.equal(['c4', 'r4']);
    expect([...encodeRow(schema, { m: 1, type: 'r4' })]).to.deep.equal([0, 0, 1]);
    expect([...encodeRow(schema, { m: 1, type: 'x1' })]).to.deep.equal([0, 0, 0]);
  });

  it('flags a missing value and puts the middle in its place', () => {
    const schema = describeFeatures([{ m: 2 }, { m: 8 }, { m: null }], ['m']);

    expect(schema.columns.map(({ kind }) => kind)).to.deep.equal(['log', 'flag']);
    expect([...encodeRow(schema, { m: null })]).to.deep.equal([0, 1]);
    expect([...encodeRow(schema, { m: 4 })]).to.deep.equal([0, 0]);
  });

  it('takes roles by name when they are given', () => {
    const schema = describeFeatures([{ size: 1, executors: 2 }], ['size', 'executors'], {
      size: 'size',
      executors: 'scale',
    });

    expect(schema.features.map(({ role }) => role)).to.deep.equal(['size', 'scale']);
  });

  it('refuses a table without rows', () => {
    expect(() => describeFeatures([], ['m']))
      .to.throw(ModelError)
      .with.property('code', 'MODEL_NO_FEATURES');
  });
});
