import { expect } from 'chai';
import { describeFeatures, encodeRow } from '../../src/regression/features.ts';
import { priorOf, scalingLaw } from '../../src/regression/scaling-law.ts';

const schema = describeFeatures(
  [
    { m: 2, s: 10, k: 3, p: 0 },
    { m: 8, s: 1000, k: 12, p: 1 },
  ],
  ['m', 's', 'k', 'p'],
);

describe('regression/scaling-law', () => {
  const law = scalingLaw(schema);
  const parameters = Float64Array.from(priorOf(law), ({ mean }, k) => mean + 0.1 * Math.sin(k));

  it('is the sum of its parts: at twice the machines and the middle size, by hand', () => {
    // Weights e^0 each, α = 1, no effects; m is twice the middle, s the middle: 1 + 1 + 1/2 + 1/4 + 2 = 4.75.
    const even = new Float64Array(law.parameters.length);
    even[law.parameters.indexOf('sizeExponent')] = 1;

    const value = law.value(encodeRow(schema, { m: 8, s: 100, k: 6, p: 0 }), even);

    expect(Math.exp(value)).to.be.closeTo(4.75, 1e-9);
  });

  it('has the derivatives that finite differences show', () => {
    const x = encodeRow(schema, { m: 3, s: 400, k: 5, p: 0.3 });
    const jacobian = new Float64Array(parameters.length);
    law.value(x, parameters, jacobian);

    jacobian.forEach((slope, k) => {
      const at = (step: number): number =>
        law.value(
          x,
          parameters.map((value, j) => (j === k ? value + step : value)),
        );
      expect(slope, law.parameters[k]).to.be.closeTo((at(1e-5) - at(-1e-5)) / 2e-5, 1e-6);
    });
  });

  it('takes what was learned about a parameter in place of the usual prior', () => {
    const prior = priorOf(law, { sizeExponent: { mean: 1.3, sd: 0.05 } });

    expect(prior[law.parameters.indexOf('sizeExponent')]).to.deep.equal({ mean: 1.3, sd: 0.05 });
    expect(prior[law.parameters.indexOf('parallel')]).to.deep.equal({ mean: Math.log(0.6), sd: 0.5 });
  });
});
