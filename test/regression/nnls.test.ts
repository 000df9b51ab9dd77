import { expect } from 'chai';
import fc from 'fast-check';
import { nonNegativeLeastSquares } from '../../src/regression/nnls.ts';

/** From a design matrix (rows) and b, as AᵀA and Aᵀb. */
function solve(a: readonly (readonly number[])[], b: readonly number[]): Float64Array {
  const p = a[0]!.length;
  const gram = new Float64Array(p * p).map((_, at) =>
    a.reduce((sum, row) => sum + row[Math.floor(at / p)]! * row[at % p]!, 0),
  );
  const target = new Float64Array(p).map((_, i) => a.reduce((sum, row, r) => sum + row[i]! * b[r]!, 0));
  return nonNegativeLeastSquares(gram, target);
}

describe('regression/nnls', () => {
  // The two examples in the documentation of scipy.optimize.nnls.
  it('solves A = [[1, 0], [1, 0], [0, 1]], b = [2, 1, 1] as [1.5, 1], and b = [−1, −1, −1] as [0, 0], like scipy', () => {
    const a = [
      [1, 0],
      [1, 0],
      [0, 1],
    ];

    const positive = solve(a, [2, 1, 1]);
    const negative = solve(a, [-1, -1, -1]);

    expect(positive[0]).to.be.closeTo(1.5, 1e-8);
    expect(positive[1]).to.be.closeTo(1, 1e-8);
    expect([...negative]).to.deep.equal([0, 0]);
  });

  it('puts the weight on one column when the other would become negative', () => {
    // By hand: columns (1, 1) and (1, 0), b = (1, 2). Unconstrained w = (2, −1); with w₂ = 0 the best w₁ is (1 + 2) / 2.
    const w = solve(
      [
        [1, 1],
        [1, 0],
      ],
      [1, 2],
    );

    expect(w[0]).to.be.closeTo(1.5, 1e-8);
    expect(w[1]).to.equal(0);
  });

  it('meets the Karush-Kuhn-Tucker conditions: w ≥ 0, and no weight at 0 would gain by growing', () => {
    const entry = fc.integer({ min: -9, max: 9 });
    fc.assert(
      fc.property(
        fc.array(fc.array(entry, { minLength: 4, maxLength: 4 }), { minLength: 5, maxLength: 9 }),
        fc.array(entry, { minLength: 9, maxLength: 9 }),
        (a, b) => {
          const w = solve(a, b);

          const residual = a.map((row, r) => b[r]! - row.reduce((sum, value, i) => sum + value * w[i]!, 0));
          for (let i = 0; i < 4; i += 1) {
            const gradient = a.reduce((sum, row, r) => sum + row[i]! * residual[r]!, 0);
            expect(w[i]).to.be.at.least(0);
            if (w[i]! > 0) expect(gradient).to.be.closeTo(0, 1e-3);
            else expect(gradient).to.be.at.most(1e-3);
          }
        },
      ),
    );
  });
});
