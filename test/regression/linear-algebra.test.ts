import { expect } from 'chai';
import fc from 'fast-check';
import {
  choleskyInPlace,
  inverseFromCholesky,
  logDeterminant,
  solveCholesky,
} from '../../src/regression/linear-algebra.ts';

const close = (actual: ArrayLike<number>, expected: readonly number[], tolerance = 1e-9): void => {
  expect(actual.length).to.equal(expected.length);
  expected.forEach((value, i) => expect(actual[i]).to.be.closeTo(value, tolerance));
};

describe('regression/linear-algebra', () => {
  // By hand: [[4, 2], [2, 3]] = L·Lᵀ with L = [[2, 0], [1, √2]]; determinant 8; inverse [[3, −2], [−2, 4]] / 8.
  const matrix = (): Float64Array => Float64Array.of(4, 2, 2, 3);

  it('factors [[4, 2], [2, 3]] into [[2, 0], [1, √2]]', () => {
    const a = matrix();

    expect(choleskyInPlace(a, 2)).to.equal(true);

    close([a[0]!, a[2]!, a[3]!], [2, 1, Math.SQRT2]);
    expect(logDeterminant(a, 2)).to.be.closeTo(Math.log(8), 1e-12);
    close(inverseFromCholesky(a, 2), [3 / 8, -2 / 8, -2 / 8, 4 / 8]);
    close(solveCholesky(a, 2, [2, 7]), [(3 * 2 - 2 * 7) / 8, (-2 * 2 + 4 * 7) / 8]);
  });

  it('says that [[1, 2], [2, 1]] is not positive definite', () => {
    expect(choleskyInPlace(Float64Array.of(1, 2, 2, 1), 2)).to.equal(false);
  });

  it('solves A·v = b for any positive definite A: putting v in gives b back', () => {
    const entry = fc.double({ min: -2, max: 2, noNaN: true });
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 8 })
          .chain((n) =>
            fc.tuple(
              fc.constant(n),
              fc.array(entry, { minLength: n * n, maxLength: n * n }),
              fc.array(entry, { minLength: n, maxLength: n }),
            ),
          ),
        ([n, root, b]) => {
          // Rᵀ·R + I is positive definite whatever R is.
          const a = new Float64Array(n * n);
          for (let i = 0; i < n; i += 1)
            for (let j = 0; j < n; j += 1)
              a[i * n + j] = root.reduce(
                (sum, _, at) => (at < n ? sum + root[at * n + i]! * root[at * n + j]! : sum),
                i === j ? 1 : 0,
              );
          const factor = Float64Array.from(a);
          choleskyInPlace(factor, n);

          const v = solveCholesky(factor, n, b);
          const inverse = inverseFromCholesky(factor, n);

          for (let i = 0; i < n; i += 1) {
            expect(v.reduce((sum, value, j) => sum + a[i * n + j]! * value, 0)).to.be.closeTo(b[i]!, 1e-8);
            for (let j = 0; j < n; j += 1) {
              const product = v.reduce((sum, _, k) => sum + a[i * n + k]! * inverse[k * n + j]!, 0);
              expect(product).to.be.closeTo(i === j ? 1 : 0, 1e-8);
            }
          }
        },
      ),
    );
  });
});
