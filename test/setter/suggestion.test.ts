import { expect } from 'chai';
import fc from 'fast-check';
import { simulate } from '../../src/simulation/simulate.ts';
import { chainOfJobs, quantilesOf } from '../support/synthetic-run.ts';
import type { Prices } from '../../src/setter/config.ts';
import { choose, goal } from '../../src/setter/choose.ts';
import { pricePerMs } from '../../src/setter/cost.ts';
import { logNormal, upperMs } from '../../src/setter/estimate.ts';
import type { Question } from '../../src/setter/question.ts';
import { profileOf, similarity } from '../../src/setter/similarity.ts';
import type { Candidate, Step } from '../../src/setter/step.ts';
import { modelStep } from '../../src/setter/steps/model-step.ts';
import { rulesStep } from '../../src/setter/steps/rules-step.ts';
import { similarStep } from '../../src/setter/steps/similar-step.ts';
import { spillOf } from '../../src/setter/evidence.ts';
import { simulationStep } from '../../src/setter/steps/simulation-step.ts';
import { suggestionOf } from '../../src/setter/suggestion.ts';
import { CONFIGURATION, GIB, lawHistory, lawMs, sampleRun } from './sample-history.ts';

const PRICES: Prices = { vcpu_hour: 0.05, gib_hour: 0.005, currency: 'USD' };
const QUESTION: Question = {
  inputBytes: 10 * GIB,
  priority: 'balanced',
  confidence: 0.9,
  limits: { platform: 'yarn', maxExecutors: 1000 },
};

const stepOf = (question: Question, runs = lawHistory()): Step => {
  const step = modelStep(runs, question);
  if (step === undefined) throw new Error('There are enough runs for a model');
  return step;
};

describe('setter/cost', () => {
  it('prices 4 executors of 4 cores and 8 GiB for an hour at 1.045', () => {
    // By hand: 17 cores × 0.05 = 0.85; 8g are granted 9 GiB, 2g of the driver 3 GiB: 39 GiB × 0.005 = 0.195.
    expect(pricePerMs(CONFIGURATION, 'yarn', PRICES) * 3_600_000).to.be.closeTo(1.045, 1e-9);
  });
});

describe('setter/estimate', () => {
  // Standard normal: 90 % lie below 1.2816.
  it('is passed by one run in ten at the upper bound of 90 %', () => {
    expect(upperMs(logNormal(1000, 0.1), 0.9)).to.be.closeTo(1000 * Math.exp(0.12816), 0.1);
    expect(upperMs(logNormal(1000, 0.1), 0.5)).to.equal(1000);
  });
});

describe('setter/model-step', () => {
  it('takes the most executors for performance and the fewest for cost', () => {
    const performance = suggestionOf(stepOf(QUESTION), { ...QUESTION, priority: 'performance' }, PRICES);
    const cost = suggestionOf(stepOf(QUESTION), { ...QUESTION, priority: 'cost' }, PRICES);

    expect(performance.num_executors).to.equal(32);
    expect(cost.num_executors).to.be.lessThan(5);
    expect(performance.recommendation_method).to.equal('model');
  });

  it('meets an SLA that the formula of the runs meets, and its interval holds that formula', () => {
    const question = { ...QUESTION, priority: 'cost' as const, slaMs: lawMs(10, 32) * 1.3 };

    const {
      qualifies,
      num_executors: executors,
      predicted_duration_interval_ms: interval,
    } = suggestionOf(stepOf(question), question, PRICES);

    const truth = lawMs(10, (executors ?? NaN) * 4);
    expect(qualifies).to.equal(true);
    expect(truth).to.be.at.most(question.slaMs);
    expect(interval?.low).to.be.at.most(truth);
    expect(interval?.high).to.be.at.least(truth);
  });

  it('says so when nothing meets an SLA of 10 s, and the SLA it names is met', () => {
    const question = { ...QUESTION, slaMs: 10_000 };

    const refused = suggestionOf(stepOf(question), question, PRICES);

    const [would] = refused.would_qualify;
    expect(refused.qualifies).to.equal(false);
    expect(refused.num_executors).to.equal(null);
    expect(would?.slaMs).to.be.greaterThan(10_000);
    const again = { ...question, slaMs: would?.slaMs };
    expect(suggestionOf(stepOf(again), again, PRICES)).to.include({ qualifies: true, num_executors: would?.executors });
  });

  it('never takes less memory for a core than a run of this size that spilled, nor does it lower a granted bound', () => {
    const runs = lawHistory().map((run, i) =>
      i % 2 === 0
        ? { ...run, spilledBytes: GIB }
        : { ...run, configuration: { ...run.configuration, memoryMib: 4096 }, durationMs: run.durationMs / 2 },
    );

    const { candidates } = stepOf(QUESTION, runs);

    expect(candidates.length).to.be.greaterThan(0);
    expect(new Set(candidates.map(({ configuration }) => configuration.memoryMib))).to.deep.equal(new Set([8192]));
  });

  it('offers only what the nodes hold: 4 nodes of 16 cores and 64 GiB have 16 executors of 4 cores', () => {
    const limits = { platform: 'yarn', maxExecutors: 1000, node: { cores: 16, memoryMib: 65536 }, nodes: 4 } as const;

    const { candidates } = stepOf({ ...QUESTION, limits });

    expect(Math.max(...candidates.map(({ configuration }) => configuration.executors))).to.equal(16);
  });

  it('says which limit is in the way when no executor fits a node of 8 GiB', () => {
    const limits = { platform: 'yarn', maxExecutors: 1000, node: { cores: 16, memoryMib: 8192 } } as const;
    const question = { ...QUESTION, limits };

    const { num_executors: executors, qualifies, caveats } = suggestionOf(stepOf(question), question, PRICES);

    expect(executors).to.equal(null);
    expect(qualifies).to.equal(false);
    // 8192 + 819 MiB, granted in steps of 1024.
    expect(caveats).to.include('a container of 9216 MiB is larger than a node (8192 MiB)');
  });

  it('is not there with 4 different settings, nor when all runs had as many executors', () => {
    expect(modelStep(lawHistory().slice(0, 8), QUESTION)).to.equal(undefined);
    expect(
      modelStep(
        [1, 2, 3, 4, 5, 6].map((gib) => sampleRun(gib, { inputBytes: gib * GIB })),
        QUESTION,
      ),
    ).to.equal(undefined);
  });

  it('answers the same whatever the order of the history', () => {
    const runs = lawHistory();
    const expected = JSON.stringify(suggestionOf(stepOf(QUESTION, runs), QUESTION, PRICES));

    fc.assert(
      fc.property(fc.shuffledSubarray(runs, { minLength: runs.length }), (shuffled) => {
        expect(JSON.stringify(suggestionOf(stepOf(QUESTION, shuffled), QUESTION, PRICES))).to.equal(expected);
      }),
      { numRuns: 4 },
    );
  });
});

describe('setter/similar-step', () => {
  /** Six applications of the same shape, each 10 % slower than the one before. */
  const others = [0, 1, 2, 3, 4, 5].flatMap((k) =>
    [2, 8].map((executors, i) =>
      sampleRun(
        10 * k + i,
        { application: `etl-${k}`, durationMs: 1.1 ** k * lawMs(10, executors * 4) },
        { executors },
      ),
    ),
  );

  it('answers the same whatever the order of the history', () => {
    const expected = JSON.stringify(similarStep([], others, QUESTION));

    fc.assert(
      fc.property(fc.shuffledSubarray(others, { minLength: others.length }), (shuffled) => {
        expect(JSON.stringify(similarStep([], shuffled, QUESTION))).to.equal(expected);
        expect(suggestionOf(similarStep([], shuffled, QUESTION)!, QUESTION, PRICES)).to.deep.equal(
          suggestionOf(similarStep([], others, QUESTION)!, QUESTION, PRICES),
        );
      }),
      { numRuns: 20 },
    );
  });

  it('has an interval that holds each of the six applications', () => {
    const step = similarStep([], others, QUESTION);
    const interval = step?.candidates
      .find(({ configuration }) => configuration.executors === 8)
      ?.estimate?.interval(0.9);

    expect(interval?.low).to.be.lessThan(lawMs(10, 32));
    expect(interval?.high).to.be.greaterThan(1.1 ** 5 * lawMs(10, 32));
  });

  it('is not there with three applications', () => {
    expect(similarStep([], others.slice(0, 6), QUESTION)).to.equal(undefined);
  });

  it('finds an application of the same shape and ten times the size more alike than one of another shape', () => {
    const base = profileOf([sampleRun(0)]);
    const larger = profileOf([sampleRun(0, { inputBytes: 100 * GIB, shuffleBytes: 20 * GIB, outputBytes: 10 * GIB })]);
    const other = profileOf([sampleRun(0, { inputBytes: 100 * GIB, shuffleBytes: 900 * GIB, stages: 60 })]);

    expect(similarity(base, base)).to.equal(1);
    // Only the size differs, one of four: exp(−ln 10 / 4).
    expect(similarity(base, larger)).to.be.closeTo(10 ** -0.25, 1e-9);
    expect(similarity(base, larger)).to.be.greaterThan(similarity(base, other));
    expect(similarity(base, other)).to.equal(similarity(other, base));
  });
});

describe('setter/rules-step', () => {
  it('gives 10 GiB, 80 tasks of 128 MiB, to 7 executors of 4 cores in three waves', () => {
    const { candidates } = rulesStep(QUESTION);

    expect(candidates[0]?.configuration).to.include({
      executors: 7,
      coresPerExecutor: 4,
      memoryMib: 8192,
      shufflePartitions: 84,
    });
    expect(candidates[0]?.estimate).to.equal(undefined);
  });

  it('cannot tell whether an SLA is met, and says so', () => {
    const question = { ...QUESTION, slaMs: 1 };

    expect(suggestionOf(rulesStep(question), question, PRICES)).to.include({
      qualifies: null,
      num_executors: 7,
      predicted_duration_ms: null,
      confidence_score: 0,
    });
  });
});

describe('setter/simulation-step', () => {
  const stage = (spilled: readonly number[]) => ({
    sums: { memoryBytesSpilled: spilled.reduce((sum, each) => sum + each, 0) },
    quantiles: { memoryBytesSpilled: quantilesOf(spilled) },
  });
  const spill = (spilledBytes: number, ...stages: readonly ReturnType<typeof stage>[]): string =>
    spillOf({ spilledBytes }, { stages } as unknown as Parameters<typeof spillOf>[1]);

  it('tells spill of most tasks from that of one large one, and from none', () => {
    expect(spill(20, stage([5, 5, 5, 5, 0]))).to.equal('general');
    expect(spill(900, stage([0, 0, 0, 0, 900]))).to.equal('skewed');
    expect(spill(0, stage([0, 0]))).to.equal('none');
  });

  it('knows of spill whose stages are not stored, and does not say which tasks did', () => {
    expect(spill(1)).to.equal('unknown');
  });

  /** 40 tasks of 1 s on 2 executors of 2 cores; each spilled. */
  const detail = chainOfJobs([new Array<number>(40).fill(1000)], { executors: 2, cores: 2 });
  const run = sampleRun(0, { durationMs: 11_050, spilledBytes: 40 }, { executors: 2, coresPerExecutor: 2 });
  const simulation = simulate(detail, { executors: [1, 2, 4] });
  const spilling = {
    stages: detail.stages.map((each) => ({
      ...each,
      sums: { ...each.sums, memoryBytesSpilled: 40 },
      quantiles: stage(new Array<number>(40).fill(1)).quantiles,
    })),
  } as unknown as Parameters<typeof simulationStep>[1];

  it('doubles 200 partitions of a run whose tasks spilled, and leaves its memory', () => {
    const step = simulationStep(run, spilling, simulation, QUESTION);

    for (const { configuration } of step?.candidates ?? [])
      expect(configuration).to.include({ shufflePartitions: 400, memoryMib: 8192 });
    expect(step?.candidates).to.have.length(3);
  });

  it('widens the interval for an input of four times the size, and moves the time by the usual slope of 0.9', () => {
    const [same, four] = [run.inputBytes, 4 * run.inputBytes].map((inputBytes) => {
      const step = simulationStep(run, { stages: [] }, simulation, { ...QUESTION, inputBytes });
      return step?.candidates[0]?.estimate;
    });

    const width = (estimate: typeof same): number => {
      const { low, high } = estimate?.interval(0.9) ?? { low: NaN, high: NaN };
      return Math.log(high / low);
    };
    expect((four?.durationMs ?? NaN) / (same?.durationMs ?? NaN)).to.be.closeTo(4 ** 0.9, 1e-9);
    // 2 × 1.645 × 0.4 × ln 4 = 1.824 from the size alone.
    expect(width(four)).to.be.at.least(1.824);
    expect(width(same)).to.be.lessThan(0.5);
  });
});

describe('setter/choose', () => {
  const candidate = fc
    .record({
      executors: fc.integer({ min: 1, max: 64 }),
      seconds: fc.integer({ min: 1, max: 5000 }),
      sd: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
    })
    .map(({ executors, seconds, sd }): Candidate => ({
      configuration: { ...CONFIGURATION, executors },
      estimate: logNormal(seconds * 1000, sd),
    }));
  const constraint = fc.record({
    slaMs: fc.double({ min: 100, max: 5e6, noNaN: true }),
    budget: fc.double({ min: 0.001, max: 50, noNaN: true }),
    moreTime: fc.double({ min: 1, max: 5, noNaN: true }),
    moreMoney: fc.double({ min: 1, max: 5, noNaN: true }),
    priority: fc.constantFrom('performance', 'balanced', 'cost'),
  });
  /** Smaller is better; nothing is worst. */
  const worth = (candidates: readonly Candidate[], question: Question): number => {
    const { chosen } = choose(candidates, question, PRICES);
    return chosen === undefined ? Infinity : goal(chosen, question);
  };

  it('never answers worse for more budget, a looser SLA, or neither of them', () => {
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1, maxLength: 30 }), constraint, (candidates, limits) => {
        const { slaMs, budget, moreTime, moreMoney, priority } = limits;
        const tight: Question = { ...QUESTION, priority: priority, slaMs, budget };
        const worthTight = worth(candidates, tight);

        expect(worth(candidates, { ...tight, slaMs: slaMs * moreTime })).to.be.at.most(worthTight);
        expect(worth(candidates, { ...tight, budget: budget * moreMoney })).to.be.at.most(worthTight);
        expect(worth(candidates, { ...tight, slaMs: undefined, budget: undefined })).to.be.at.most(worthTight);
      }),
      { numRuns: 300 },
    );
  });

  it('names constraints that would be met, whenever it refuses', () => {
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1, maxLength: 10 }), constraint, (candidates, { slaMs, budget }) => {
        const question: Question = { ...QUESTION, slaMs, budget };
        const { chosen, wouldQualify } = choose(candidates, question, PRICES);
        if (chosen !== undefined) return;

        expect(wouldQualify).not.to.deep.equal([]);
        for (const would of wouldQualify)
          expect(choose(candidates, { ...question, ...would }, PRICES).qualifies).to.equal(true);
      }),
      { numRuns: 300 },
    );
  });

  it('chooses the same whatever the order of the candidates', () => {
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1, maxLength: 12 }), (candidates) => {
        expect(worth(candidates.toReversed(), QUESTION)).to.equal(worth(candidates, QUESTION));
      }),
      { numRuns: 100 },
    );
  });
});
