import { expect } from 'chai';
import { describeFeatures, encodeRow, type FeatureRow } from '../../src/regression/features.ts';
import { aroundLaw } from '../../src/regression/members/around-law.ts';
import { boosting } from '../../src/regression/members/boosting.ts';
import { ernest } from '../../src/regression/members/ernest.ts';
import { logLinear, plainGp } from '../../src/regression/members/log-linear.ts';
import type { Member } from '../../src/regression/members/member.ts';
import { toTrainingData } from '../../src/regression/training-data.ts';

const NAMES = ['m', 's'];

/** Fits a member to exact values of a function and returns its prediction at a row. */
function learn(
  member: Member,
  rows: readonly FeatureRow[],
  truth: (row: FeatureRow) => number,
  candidates: readonly FeatureRow[] = [],
): (row: FeatureRow) => number {
  const schema = describeFeatures([...rows, ...candidates], NAMES);
  const data = toTrainingData(
    schema,
    rows.map((row) => encodeRow(schema, row)),
    rows.map((row) => Math.log(truth(row))),
  );
  const fitted = member.fit(data);
  return (row) => Math.exp(fitted.mean(encodeRow(schema, row)));
}

const grid = (ms: readonly number[], ss: readonly number[]): FeatureRow[] =>
  ms.flatMap((m) => ss.map((s) => ({ m, s })));
const amdahl = ({ m, s }: FeatureRow): number => 20 + (3 * Number(s)) / Number(m);

describe('regression/members', () => {
  for (const member of [ernest, aroundLaw(), logLinear]) {
    it(`${member.name} carries 20 + 3·size/machines on from 4 to 8 machines to 16 machines and twice the size, within 15 %`, () => {
      const predict = learn(member, grid([4, 5, 6, 8], [50, 100, 200]), amdahl, [{ m: 16, s: 400 }]);

      expect(predict({ m: 16, s: 400 }) / amdahl({ m: 16, s: 400 })).to.be.within(0.85, 1.15);
    });
  }

  for (const member of [ernest, aroundLaw(), logLinear, plainGp]) {
    it(`${member.name} answers a size between those seen within 2 %`, () => {
      const predict = learn(member, grid([2, 4, 8], [50, 100, 200, 400]), amdahl);

      expect(predict({ m: 4, s: 150 }) / amdahl({ m: 4, s: 150 })).to.be.within(0.98, 1.02);
    });
  }

  it('boosting finds a step: 10 s up to 8 machines, 100 s above', () => {
    const rows = grid([2, 4, 6, 8, 10, 12, 14, 16], [1, 2, 3, 4, 5]);
    const predict = learn(boosting, rows, ({ m }) => (Number(m) <= 8 ? 10 : 100));

    expect(predict({ m: 7, s: 3 })).to.be.closeTo(10, 0.5);
    expect(predict({ m: 13, s: 2 })).to.be.closeTo(100, 5);
  });

  it('around a law one run is enough to answer, by the usual law: more size takes longer, more machines are faster', () => {
    const predict = learn(aroundLaw(), [{ m: 4, s: 100 }], () => 60, grid([2, 8], [50, 200]));

    expect(predict({ m: 4, s: 100 })).to.be.closeTo(60, 1);
    expect(predict({ m: 4, s: 200 })).to.be.within(80, 130);
    expect(predict({ m: 8, s: 100 })).to.be.within(30, 50);
  });
});
