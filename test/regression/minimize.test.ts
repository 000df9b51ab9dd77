import { expect } from 'chai';
import { minimize } from '../../src/regression/minimize.ts';

describe('regression/minimize', () => {
  it('finds the minimum of the Rosenbrock function at (1, 1) from (−1.2, 1)', () => {
    const rosenbrock = (x: Float64Array, gradient: Float64Array): number => {
      const [a, b] = [x[0]!, x[1]!];
      gradient[0] = -2 * (1 - a) - 400 * a * (b - a * a);
      gradient[1] = 200 * (b - a * a);
      return (1 - a) ** 2 + 100 * (b - a * a) ** 2;
    };

    const { x, value } = minimize(rosenbrock, [-1.2, 1], {
      maxEvaluations: 500,
      valueTolerance: 0,
      gradientTolerance: 1e-6,
    });

    expect(x[0]).to.be.closeTo(1, 1e-4);
    expect(x[1]).to.be.closeTo(1, 1e-4);
    expect(value).to.be.below(1e-8);
  });

  it('steps back from where the function is not defined', () => {
    // x − ln x has its minimum at 1; left of 0 it is not defined.
    const { x } = minimize(
      (at, gradient) => {
        if (at[0]! <= 0) return Infinity;
        gradient[0] = 1 - 1 / at[0]!;
        return at[0]! - Math.log(at[0]!);
      },
      [3],
      { maxEvaluations: 100, valueTolerance: 0, gradientTolerance: 1e-6 },
    );

    expect(x[0]).to.be.closeTo(1, 1e-4);
  });

  it('never evaluates more often than allowed', () => {
    let count = 0;
    const { evaluations } = minimize(
      (x, gradient) => {
        count += 1;
        gradient[0] = Math.exp(-x[0]!) * -1;
        return Math.exp(-x[0]!);
      },
      [0],
      { maxEvaluations: 7, valueTolerance: 0, gradientTolerance: 0 },
    );

    expect(count).to.equal(7);
    expect(evaluations).to.equal(7);
  });
});
