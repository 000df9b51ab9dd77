import { expect } from 'chai';
import { stack } from '../../src/regression/stacking.ts';

describe('regression/stacking', () => {
  it('gives everything to the member without error when there are many left-out runs', () => {
    const errors = Array.from({ length: 400 }, (_, i) => [0, i % 2 === 0 ? 0.3 : -0.3]);

    const weights = stack(errors, [0.5, 0.5], 8);

    expect(weights[0]).to.be.above(0.97);
    expect(weights[0]! + weights[1]!).to.be.closeTo(1, 1e-9);
  });

  it('weighs two members of opposite errors so that they cancel: 0.1 and −0.3 by 3 to 1', () => {
    const errors = Array.from({ length: 4000 }, () => [0.1, -0.3]);

    const weights = stack(errors, [0.5, 0.5], 8);

    expect(weights[0]).to.be.closeTo(0.75, 0.01);
  });

  it('keeps to the prior when there is one left-out run or no error at all', () => {
    expect(stack([[0.2, 0.1]], [0.8, 0.2], 8)[0]).to.be.closeTo(0.8, 0.05);
    expect(stack([[0, 0]], [0.8, 0.2], 8)).to.deep.equal([0.8, 0.2]);
  });
});
