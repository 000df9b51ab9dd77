import { expect } from 'chai';
import fc from 'fast-check';
import { analyze } from '../../src/analysis/analyze.ts';
import { factsOf } from '../../src/analysis/facts.ts';
import { defineHeuristic, estimated, NO_GAIN, type Heuristic } from '../../src/analysis/heuristic.ts';
import type { Gain } from '../../src/analysis/heuristic.ts';
import { severityOf } from '../../src/analysis/severity.ts';
import { taskSkew } from '../../src/analysis/heuristics/task-skew.ts';
import { even, sample } from './sample-facts.ts';

/** Starts at 1000 ms, one stage of 4 tasks of 1 s on 4 slots, ends 50 ms later: 2050 ms. */
const facts = factsOf(sample([even(4, 1000)]));

function saying(id: string, gain: Gain): Heuristic {
  return defineHeuristic({
    id,
    title: 'well',
    failureTitle: 'not well',
    inputs: ['run'],
    thresholds: {},
    evaluate: () => [{ severity: 'critical', subject: 'run', facts: {}, gain, fix: { text: 'do it' } }],
  });
}

describe('analysis/analyze', () => {
  it('lets the others answer when a heuristic throws, and says which one threw what', () => {
    const throwing: Heuristic = {
      ...saying('broken', NO_GAIN),
      evaluate: () => {
        throw new Error('division by nothing');
      },
    };

    const { findings, errors } = analyze(facts, { heuristics: [throwing, saying('whole', NO_GAIN)] });

    expect(errors).to.deep.equal([{ id: 'broken', message: 'division by nothing' }]);
    expect(findings.map(({ id }) => id)).to.deep.equal(['whole']);
  });

  it('says why a heuristic was not measurable when its input is missing', () => {
    const { findings, notMeasurable } = analyze(factsOf({ properties: {}, flags: [] }), { heuristics: [taskSkew] });

    expect(findings).to.deep.equal([]);
    expect(notMeasurable).to.deep.equal([
      { id: 'task-skew', because: 'neither tasks nor stages of the run are stored' },
    ]);
  });

  it('has findings of a run whose executors tell no cores, as old logs of local mode do', () => {
    const stored = sample([[...even(11, 1000), 9000]], {
      change: (detail) => ({ ...detail, executors: detail.executors.map((executor) => ({ ...executor, cores: 0 })) }),
    });

    expect(analyze(factsOf(stored)).errors).to.deep.equal([]);
    expect(analyze(factsOf(stored)).findings.map(({ id }) => id)).to.include('task-skew');
  });

  it('is silent below 250 ms, and below 1 % of the run', () => {
    const long = factsOf(sample([even(4, 60_000)]));

    expect(analyze(facts, { heuristics: [saying('short', estimated(0, 249))] }).findings).to.have.length(0);
    expect(analyze(facts, { heuristics: [saying('long', estimated(0, 250))] }).findings).to.have.length(1);
    expect(analyze(long, { heuristics: [saying('share', estimated(0, 600))] }).findings).to.have.length(0);
  });

  it('bounds the severity by what could be won: 5 % of the run is moderate, 15 % severe, 30 % critical', () => {
    const severities = [0.04, 0.06, 0.16, 0.31].map(
      (share) =>
        analyze(factsOf(sample([even(4, 60_000)])), {
          heuristics: [saying('x', estimated(share * 61_050, share * 61_050))],
        }).findings[0]?.severity,
    );

    expect(severities).to.deep.equal(['low', 'moderate', 'severe', 'critical']);
  });

  it('puts the worst first, and among equals what saves most', () => {
    const { findings } = analyze(facts, {
      heuristics: [
        saying('a', estimated(300, 300)),
        saying('b', estimated(1000, 1000)),
        saying('c', estimated(900, 900)),
      ],
    });

    expect(findings.map(({ id }) => id)).to.deep.equal(['b', 'c', 'a']);
  });

  it('takes thresholds from outside in place of its own', () => {
    const skewed = factsOf(sample([[...even(11, 1000), 3000]]));
    const strict = { 'task-skew': { maxToMedian: { low: 4, moderate: 5, severe: 8, critical: 16, unit: 'ratio' } } };

    expect(analyze(skewed, { heuristics: [taskSkew] }).findings).to.have.length(1);
    expect(analyze(skewed, { heuristics: [taskSkew], thresholds: strict }).findings).to.have.length(0);
  });

  it('counts overlapping savings once: the same skew seen by two heuristics saves its time, not twice', () => {
    const skewed = factsOf(sample([[...even(11, 1000), 9000]]));
    const once = analyze(skewed, { heuristics: [taskSkew] });

    const twice = analyze(skewed, { heuristics: [taskSkew, { ...taskSkew, id: 'again' }] });

    expect(twice.findings).to.have.length(2);
    expect(twice.total.timeMs.high).to.equal(once.total.timeMs.high);
    expect(twice.findings.reduce((sum, { savings }) => sum + (savings.shareMs ?? 0), 0)).to.be.closeTo(
      once.total.timeMs.high,
      1,
    );
  });

  it('never saves more in all than the run took, whatever is claimed (200 random claims)', () => {
    const claims = fc.array(fc.tuple(fc.nat(5000), fc.nat(5000)), { maxLength: 6 });
    fc.assert(
      fc.property(claims, (ranges) => {
        const heuristics = ranges.map(([a, b], i) => saying(String(i), estimated(Math.min(a, b), Math.max(a, b))));
        const { total, durationMs } = analyze(facts, { heuristics });
        expect(total.timeMs.high).to.be.at.most(durationMs);
        expect(total.timeMs.low).to.be.at.most(total.timeMs.high);
      }),
      { numRuns: 200 },
    );
  });

  it('reads a scale either way round', () => {
    const rising = { low: 2, moderate: 4, severe: 8, critical: 16, unit: 'ratio' };
    const falling = { low: 200, moderate: 100, severe: 50, critical: 20, unit: 'ms' };

    expect([1, 2, 4, 8, 16].map((value) => severityOf(value, rising))).to.deep.equal([
      'none',
      'low',
      'moderate',
      'severe',
      'critical',
    ]);
    expect([201, 200, 100, 50, 20].map((value) => severityOf(value, falling))).to.deep.equal([
      'none',
      'low',
      'moderate',
      'severe',
      'critical',
    ]);
    expect(severityOf(NaN, rising)).to.equal('none');
  });
});
