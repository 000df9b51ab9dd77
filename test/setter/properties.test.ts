import { expect } from 'chai';
import fc from 'fast-check';
import { choose, goal, judge } from '../../src/setter/choose.ts';
import { contradicts, heapPerCore } from '../../src/setter/bounds.ts';
import type { Spill } from '../../src/setter/evidence.ts';
import type { HistoryRun } from '../../src/setter/history-run.ts';
import { fitHistory } from '../../src/setter/history-model.ts';
import { PRIORITIES, type Question } from '../../src/setter/question.ts';
import { shortlist } from '../../src/setter/shortlist.ts';
import { modelStep } from '../../src/setter/steps/model-step.ts';
import { similarStep } from '../../src/setter/steps/similar-step.ts';
import { suggestionOf } from '../../src/setter/suggestion.ts';
import { CONFIGURATION, GIB, lawHistory, sampleRun } from './sample-history.ts';

const PRICES = { vcpu_hour: 0.05, gib_hour: 0.005, currency: 'USD' };
const question = (change: Partial<Question> = {}): Question => ({
  inputBytes: 10 * GIB,
  priority: 'balanced',
  confidence: 0.9,
  limits: { platform: 'yarn', maxExecutors: 1000 },
  ...change,
});
const history = lawHistory();
const fitted = fitHistory(history);
const given = { fitted, runsSinceFit: 0 };

describe('setter: what holds for every question', () => {
  it('permuting the history changes nothing, of the model and of similar applications', () => {
    const others = ['a', 'b', 'c', 'd', 'e'].flatMap((application, i) =>
      history.slice(i, i + 3).map((run, k) => ({ ...run, application, run: `${application}-${k}` })),
    );
    const model = JSON.stringify(suggestionOf(modelStep(history, question())!, question(), PRICES));
    const similar = JSON.stringify(suggestionOf(similarStep([], others, question())!, question(), PRICES));

    fc.assert(
      fc.property(fc.shuffledSubarray(history, { minLength: history.length }), (shuffled) => {
        expect(JSON.stringify(suggestionOf(modelStep(shuffled, question())!, question(), PRICES))).to.equal(model);
      }),
      { numRuns: 5 },
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(others, { minLength: others.length }), (shuffled) => {
        expect(JSON.stringify(suggestionOf(similarStep([], shuffled, question())!, question(), PRICES))).to.equal(
          similar,
        );
      }),
      { numRuns: 50 },
    );
  });

  it('more budget or a looser SLA never makes the answer worse, nor does it stop to qualify', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PRIORITIES),
        fc.option(fc.double({ min: 30_000, max: 2_000_000, noNaN: true }), { nil: undefined }),
        fc.option(fc.double({ min: 0.01, max: 5, noNaN: true }), { nil: undefined }),
        fc.double({ min: 1, max: 4, noNaN: true }),
        fc.double({ min: 1, max: 4, noNaN: true }),
        fc.double({ min: 0.55, max: 0.97, noNaN: true }),
        (priority, slaMs, budget, moreTime, moreMoney, confidence) => {
          const tight = question({ priority, slaMs, budget, confidence });
          const loose = question({
            priority,
            confidence,
            slaMs: slaMs === undefined ? undefined : slaMs * moreTime,
            budget: budget === undefined ? undefined : budget * moreMoney,
          });
          const before = choose(modelStep(history, tight, given)!.candidates, tight, PRICES);
          const after = choose(modelStep(history, loose, given)!.candidates, loose, PRICES);

          if (before.chosen === undefined) return;
          expect(after.qualifies).to.equal(true);
          expect(goal(after.chosen!, loose)).to.be.at.most(goal(before.chosen, tight) * (1 + 1e-12));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('what it says would qualify does, and a little less does not', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1_000, max: 60_000, noNaN: true }),
        fc.option(fc.double({ min: 0.001, max: 0.05, noNaN: true }), { nil: undefined }),
        (slaMs, budget) => {
          const asked = question({ slaMs, budget });
          const { candidates } = modelStep(history, asked, given)!;
          const { chosen, wouldQualify } = choose(candidates, asked, PRICES);
          if (chosen !== undefined) return;

          expect(wouldQualify).to.not.be.empty;
          for (const { slaMs: sla, budget: money } of wouldQualify) {
            const relaxed = {
              ...asked,
              ...(sla === undefined ? {} : { slaMs: sla }),
              ...(money === undefined ? {} : { budget: money }),
            };
            expect(choose(candidates, relaxed, PRICES).qualifies).to.equal(true);
            if (sla !== undefined && money === undefined)
              expect(choose(candidates, { ...relaxed, slaMs: sla * 0.999 }, PRICES).qualifies).to.equal(false);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('never has less memory for a core than a run of this size that spilled by skew or ran out of memory, nor more partitions with skew', () => {
    const configuration = fc.record({
      executors: fc.constantFrom(2, 4, 8),
      coresPerExecutor: fc.constantFrom(2, 4),
      memoryMib: fc.constantFrom(2048, 4096, 8192, 16_384),
      shufflePartitions: fc.constantFrom(50, 200, 800),
    });
    const run = fc
      .record({
        configuration,
        spill: fc.constantFrom<Spill>('none', 'general', 'skewed', 'unknown'),
        memoryFailures: fc.constantFrom(0, 0, 0, 2),
        gib: fc.constantFrom(5, 10, 20),
      })
      .map(({ configuration: had, spill, memoryFailures, gib }): Omit<HistoryRun, 'run'> =>
        sampleRun(
          0,
          {
            inputBytes: gib * GIB,
            durationMs: 20_000 + (240_000 * gib) / (had.executors * had.coresPerExecutor),
            spilledBytes: spill === 'none' ? 0 : GIB,
            evidence: { spill, memoryFailures },
          },
          had,
        ),
      );
    fc.assert(
      fc.property(fc.array(run, { minLength: 8, maxLength: 14 }), (some) => {
        const runs = some.map((each, i) => ({ ...each, run: `app-${i}`, endTime: `2026-11-${10 + i}T00:00:00+00:00` }));
        const step = modelStep(runs, question());
        if (step === undefined) return;
        const alike = runs.filter(({ inputBytes }) => inputBytes <= 10 * GIB);
        const firm = alike.filter(({ evidence }) => evidence!.spill === 'skewed' || evidence!.memoryFailures > 0);
        const newest = runs.at(-1)!;
        for (const { configuration: chosen } of step.candidates) {
          for (const each of firm) expect(heapPerCore(chosen)).to.be.at.least(heapPerCore(each.configuration));
          for (const each of alike.filter(({ spilledBytes }) => spilledBytes > 0))
            expect(
              heapPerCore(chosen) >= heapPerCore(each.configuration) ||
                chosen.shufflePartitions > each.configuration.shufflePartitions,
            ).to.equal(true);
          if (alike.some(({ evidence }) => evidence!.spill === 'skewed'))
            expect(chosen.shufflePartitions).to.be.at.most(newest.configuration.shufflePartitions);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('forbids nothing on account of a run of a larger input', () => {
    const large = sampleRun(1, {
      inputBytes: 20 * GIB,
      spilledBytes: GIB,
      evidence: { spill: 'skewed', memoryFailures: 1 },
    });

    expect(contradicts([large], 10 * GIB)({ ...CONFIGURATION, memoryMib: 1024, shufflePartitions: 900 })).to.equal(
      false,
    );
    expect(contradicts([large], 20 * GIB)({ ...CONFIGURATION, memoryMib: 1024 })).to.equal(true);
  });

  it('a first choice among many keeps the fastest and the cheapest of all priorities', () => {
    const many = [1, 2, 4].flatMap((coresPerExecutor) =>
      Array.from({ length: 60 }, (_, i) => ({
        ...CONFIGURATION,
        executors: i + 1,
        coresPerExecutor,
        memoryMib: 2048 * coresPerExecutor,
      })),
    );
    const time = ({ executors, coresPerExecutor }: typeof CONFIGURATION): number =>
      20_000 + 2_400_000 / executors / coresPerExecutor + 500 * executors;
    const some = shortlist(many, time);
    const bestOf = (of: readonly (typeof CONFIGURATION)[], priority: Question['priority']): number =>
      Math.min(
        ...of.map((configuration) =>
          goal(
            judge(
              { configuration, estimate: { durationMs: time(configuration), interval: () => undefined } },
              question({ priority }),
              PRICES,
            ),
            question({ priority }),
          ),
        ),
      );

    expect(some.length).to.be.at.most(16);
    for (const priority of PRIORITIES) expect(bestOf(some, priority)).to.be.at.most(bestOf(many, priority) * 1.1);
  });
});
