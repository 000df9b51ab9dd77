import { expect } from 'chai';
import { fitHistory } from '../../src/setter/history-model.ts';
import type { HistoryRun } from '../../src/setter/history-run.ts';
import { taughtBy } from '../../src/regression/transfer.ts';
import { similarModels, type SimilarModels } from '../../src/setter/similar-models.ts';
import { carriedOverStep } from '../../src/setter/steps/carried-over-step.ts';
import type { Question } from '../../src/setter/question.ts';
import { GIB, sampleRun } from './sample-history.ts';

/** A family that scales worse than usual: closed formula, its level differs by application. */
const familyMs = (level: number, gib: number, slots: number): number =>
  level * (30_000 + 20_000 * gib + (60_000 * gib) / slots);

const runsOf = (application: string, level: number): HistoryRun[] =>
  [2, 4, 8, 16].flatMap((executors, i) =>
    [5, 10, 20].map((gib, j) =>
      sampleRun(
        i * 3 + j,
        {
          application,
          run: `${application}-${i}-${j}`,
          inputBytes: gib * GIB,
          shuffleBytes: (gib * GIB) / 5,
          outputBytes: (gib * GIB) / 10,
          durationMs: ((i + j) % 2 === 0 ? 0.98 : 1.02) * familyMs(level, gib, executors * 4),
        },
        { executors },
      ),
    ),
  );
const question = (gib: number): Question => ({
  inputBytes: gib * GIB,
  priority: 'balanced',
  confidence: 0.9,
  limits: { platform: 'yarn', maxExecutors: 1000 },
});

describe('setter/steps/carried-over-step', () => {
  const own = runsOf('new', 3)
    .filter(({ run }) => run === 'new-1-1' || run === 'new-1-2')
    .map((run) => ({ ...run, application: 'new' }));
  let similar: SimilarModels | undefined;
  before(() => {
    const profiles = [0.5, 0.8, 1, 1.5, 2, 4].map((level, i) => {
      const runs = runsOf(`other-${i}`, level);
      return { tag: `other-${i}`, runs: runs.slice(0, 3), taught: taughtBy(fitHistory(runs).model.document) };
    });
    similar = similarModels(profiles, 'new', own);
  });

  it('has the level of the two runs of its own and the slope of six others: 16 executors within 10 % of the formula', () => {
    const step = carriedOverStep(own, similar, question(10));
    const at = (executors: number) =>
      step?.candidates.find(({ configuration }) => configuration.executors === executors)?.estimate;

    expect(step?.name).to.equal('similar');
    for (const executors of [2, 4, 16]) {
      const truth = familyMs(3, 10, executors * 4);
      expect((at(executors)?.durationMs ?? NaN) / truth).to.be.within(0.9, 1.1);
      const { low, high } = at(executors)?.interval(0.9) ?? { low: NaN, high: NaN };
      expect(truth).to.be.within(low, high);
    }
    // The usual law would have it 2.6 times faster on 16 executors than on 4; of this family it is 1.12 times.
    expect((at(4)?.durationMs ?? NaN) / (at(16)?.durationMs ?? NaN)).to.be.within(1, 1.3);
  });

  it('names the applications it rests on, does not depend on their order, and needs at least one', () => {
    const step = carriedOverStep(own, similar, question(10));

    expect(new Set(step?.basedOn.map(({ application }) => application)).size).to.equal(7);
    expect(JSON.stringify(carriedOverStep(own.toReversed(), similar, question(10)))).to.equal(JSON.stringify(step));
    expect(carriedOverStep(own, undefined, question(10))).to.equal(undefined);
    expect(similarModels([], 'new', own)).to.equal(undefined);
  });

  it('leaves an application out that is nothing like it: a thousandth of the input, 50 times the shuffle', () => {
    const runs = runsOf('strange', 1).map((run) => ({
      ...run,
      inputBytes: run.inputBytes / 1000,
      shuffleBytes: run.inputBytes * 10,
    }));
    const taught = taughtBy(fitHistory(runs).model.document);

    expect(similarModels([{ tag: 'strange', runs, taught }], 'new', own)).to.equal(undefined);
  });
});
