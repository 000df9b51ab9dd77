import { expect } from 'chai';
import fc from 'fast-check';
import { seededRandom } from '../../src/regression/random.ts';
import { standing } from '../../src/tuning/advance.ts';
import type { Range, TuningBounds, TuningSession } from '../../src/tuning/session.ts';
import { CONTEXT, GIB, SETTINGS, START } from './sessions.ts';
import { trueMs, tune, type Truth } from './simulated-application.ts';

const truths: fc.Arbitrary<Truth> = fc.record({
  serialMs: fc.integer({ min: 5_000, max: 300_000 }),
  workMs: fc.integer({ min: 60_000, max: 3_600_000 }),
  taskMs: fc.integer({ min: 10, max: 2_000 }),
  memoryNeed: fc.double({ min: 0, max: 60, noNaN: true }),
  spillFactor: fc.double({ min: 1, max: 3, noNaN: true }),
  leastMib: fc.integer({ min: 0, max: 1024 }),
  noise: fc.double({ min: 0, max: 0.15, noNaN: true }),
});
const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const tolerances = fc.constantFrom(0.05, 0.1, 0.2, 0.5);
const objectives = fc.constantFrom('time' as const, 'cost' as const);

const last = (session: readonly TuningSession[]): TuningSession => session.at(-1)!;

describe('tuning, any application of a hidden law, with noise and failures', () => {
  it('never tries what is not sure to stay below (1 + tolerance) × the start, and stays within the bounds', () => {
    fc.assert(
      fc.property(truths, seeds, tolerances, objectives, (truth, seed, tolerance, objective) => {
        const { rounds, settings } = last(tune(truth, { ...SETTINGS, tolerance, objective }, seed));
        for (const { kind, upperMs, baselineMs, configuration } of rounds) {
          if (kind === 'try') expect(upperMs).to.be.at.most((1 + tolerance) * baselineMs + 1);
          for (const [name, { min, max }] of Object.entries(settings.bounds) as [keyof TuningBounds, Range][])
            if (configuration[name] !== START[name]) expect(configuration[name]).to.be.within(min, max);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('returns to the best known after each setback, and ends after 8 rounds or 2 setbacks at most', () => {
    fc.assert(
      fc.property(truths, seeds, tolerances, (truth, seed, tolerance) => {
        const steps = tune({ ...truth, noise: truth.noise + 0.1 }, { ...SETTINGS, tolerance }, seed);
        expect(last(steps).stopped).to.not.equal(undefined);
        expect(last(steps).rounds.length).to.be.at.most(8);
        const isSetback = (verdict: string): boolean => verdict === 'failed' || verdict === 'slower';
        expect(last(steps).rounds.filter(({ verdict }) => isSetback(verdict)).length).to.be.at.most(2);
        for (const session of steps) {
          const before = session.rounds.at(-1);
          if (session.pending === undefined || before === undefined || !isSetback(before.verdict)) continue;
          const { best } = standing({ ...session, pending: undefined }, CONTEXT, 10 * GIB);
          expect(session.pending.kind).to.equal('return');
          expect(session.pending.configuration).to.deep.equal(best);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('gives the same session for the same runs', () => {
    fc.assert(
      fc.property(truths, seeds, (truth, seed) => {
        expect(tune(truth, SETTINGS, seed)).to.deep.equal(tune(truth, SETTINGS, seed));
      }),
      { numRuns: 10 },
    );
  });

  describe('300 applications of seed 1, 7 % noise', () => {
    const random = seededRandom(1);
    const between = (min: number, max: number): number => min + (max - min) * random();
    const sessions = Array.from({ length: 300 }, (_, seed) => {
      const truth: Truth = {
        serialMs: between(5_000, 100_000),
        workMs: between(120_000, 3_600_000),
        taskMs: between(10, 1_500),
        memoryNeed: between(0, 40),
        spillFactor: between(1, 2),
        leastMib: between(0, 1000),
        noise: 0.07,
      };
      return { truth, session: last(tune(truth, SETTINGS, seed)) };
    });
    const share = (values: readonly boolean[]): number => values.filter(Boolean).length / values.length;

    it('keeps its word: at most 10 % of the rounds are in truth more than 10 % slower than the start, and none fails', () => {
      const broken = sessions.flatMap(({ truth, session }) =>
        session.rounds
          .filter(({ kind }) => kind === 'try')
          .map(
            ({ configuration }) =>
              trueMs(truth, configuration, 10 * GIB) > 1.1 * trueMs(truth, session.baseline.configuration, 10 * GIB),
          ),
      );

      expect(broken.length).to.be.above(1000);
      expect(share(broken)).to.be.at.most(0.1);
      expect(sessions.flatMap(({ session }) => session.rounds.map(({ verdict }) => verdict))).to.not.include('failed');
    });

    it('converges: half of them end at least 80 % faster in truth, and 95 % of them at least 60 %', () => {
      const saved = sessions
        .map(({ truth, session }) => {
          const { best } = standing(session, CONTEXT, 10 * GIB);
          return 1 - trueMs(truth, best, 10 * GIB) / trueMs(truth, session.baseline.configuration, 10 * GIB);
        })
        .sort((a, b) => a - b);

      expect(saved[150]).to.be.above(0.8);
      expect(saved[15]).to.be.above(0.6);
    });
  });
});
