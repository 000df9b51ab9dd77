import { expect } from 'chai';
import fc from 'fast-check';
import { sum } from '../../src/simulation/statistics.ts';
import { shuffle, tasksFromQuantiles } from '../../src/simulation/tasks-from-quantiles.ts';
import { quantilesOf, stageOf } from '../support/synthetic-run.ts';

const stageWith = (tasks: readonly number[]) =>
  stageOf(0, { tasks }, { launch: tasks.map(() => 0), executor: tasks.map(() => 0), submitted: 0, completed: 1 });

describe('simulation/tasks-from-quantiles', () => {
  it('gives as many tasks, with the longest and (as far as it allows) the sum that were reported', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 300 }), (tasks) => {
        const { runTimes } = tasksFromQuantiles(stageWith(tasks));

        expect(runTimes).to.have.lengthOf(tasks.length);
        expect(Math.max(...runTimes)).to.be.closeTo(Math.max(...tasks), 1e-6);
        expect(sum(runTimes)).to.be.at.most(sum(tasks) + 1e-6);
        expect(Math.min(...runTimes)).to.be.at.least(0);
      }),
    );
  });

  it('is exact for equal tasks and for up to 4 different ones', () => {
    expect([...tasksFromQuantiles(stageWith([70, 70, 70])).runTimes]).to.deep.equal([70, 70, 70]);
    expect([...tasksFromQuantiles(stageWith([40, 10, 30, 20])).runTimes].toSorted((a, b) => a - b)).to.deep.equal([
      10, 20, 30, 40,
    ]);
  });

  it('adds delay and deserialization rank by rank for the overheads, the largest first', () => {
    const stage = stageWith([40, 10, 30, 20]);
    const quantiles = {
      ...stage.quantiles!,
      schedulerDelay: quantilesOf([5, 6, 7, 90]),
      executorDeserializeTime: quantilesOf([300, 2, 3, 4]),
    };

    expect([...tasksFromQuantiles({ ...stage, quantiles }).overheads]).to.deep.equal([390, 11, 9, 7]);
  });

  it('takes slot time less run time for the overhead where neither was told', () => {
    const stage = stageWith([40, 10, 30, 20]);
    const quantiles = { ...stage.quantiles!, duration: quantilesOf([45, 110, 31, 22]) };

    // 22 - 10, 31 - 20, 45 - 30, 110 - 40 by rank.
    expect([...tasksFromQuantiles({ ...stage, quantiles }).overheads]).to.deep.equal([70, 15, 12, 11]);
  });

  it('gives nothing where no task succeeded', () => {
    expect(tasksFromQuantiles({ ...stageWith([5]), quantiles: undefined }).runTimes).to.have.lengthOf(0);
  });

  it('shuffles by its seed: the same order each time, all values kept', () => {
    const values = Float64Array.from({ length: 50 }, (_, i) => i);
    const [first, second] = [values.slice(), values.slice()];
    shuffle(first, 1);
    shuffle(second, 1);

    expect(first).to.deep.equal(second);
    expect(first.toSorted()).to.deep.equal(values);
    expect(quantilesOf([...first])[6]).to.equal(49);
  });
});
