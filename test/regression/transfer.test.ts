import { expect } from 'chai';
import { seededRandom } from '../../src/regression/random.ts';
import { fitModel, type TrainingRun } from '../../src/regression/run-time-model.ts';
import { learnLawPrior } from '../../src/regression/transfer.ts';

const FEATURES = ['executors', 'inputGb'];

/** A family of applications that hardly gain from executors and grow with the square of their input: unusual on purpose. */
function application(seed: number, count: number): TrainingRun[] {
  const random = seededRandom(seed);
  const speed = 1 + 9 * random();
  return Array.from({ length: count }, () => {
    const executors = 2 + Math.floor(14 * random());
    const inputGb = 10 + Math.floor(90 * random());
    return {
      features: { executors, inputGb },
      target: speed * (inputGb / 30) ** 2 * (0.9 + 0.8 / executors) * Math.exp(0.04 * (random() - 0.5)),
    };
  });
}

describe('regression/transfer', () => {
  const teachers = [1, 2, 3, 4, 5].map((seed) => fitModel(application(seed, 30), { features: FEATURES }).document);
  const learned = learnLawPrior(teachers);

  it('learns that size counts squared, and is surer of it than before', () => {
    expect(learned['sizeExponent']!.mean).to.be.above(1.3);
    expect(learned['serial']!.mean).to.be.above(learned['parallel']!.mean);
    expect(learned).to.not.have.property('level');
  });

  it('halves the error of a sixth application of the family with 3 runs, over 10 draws', () => {
    let usual = 0;
    let taught = 0;
    for (let draw = 0; draw < 10; draw += 1) {
      const [train, test] = [application(50 + draw, 23).slice(0, 3), application(50 + draw, 23).slice(3)];
      const error = (prior: typeof learned): number => {
        const model = fitModel(train, {
          features: FEATURES,
          learned: prior,
          candidates: test.map(({ features }) => features),
        });
        return (
          test.reduce((sum, { features, target }) => sum + Math.abs(model.predict(features).value / target - 1), 0) /
          test.length
        );
      };
      usual += error({});
      taught += error(learned);
    }

    expect(taught).to.be.below(usual / 2);
  }).timeout(20_000);

  it('does not depend on the order of the models, and without models teaches nothing', () => {
    expect(learnLawPrior(teachers.toReversed())).to.deep.equal(learned);
    expect(learnLawPrior([])).to.deep.equal({});
  });
});
