import { expect } from 'chai';
import { compellingSaving, observeSuggestion } from '../../src/tuning/compelling.ts';

type Judged = Parameters<typeof compellingSaving>[0];

/** Now 100 s for 1.00; suggested: at most 70 s for at most 1.05, with the confidence asked for. */
const SUGGESTION: Judged = {
  recommendation_method: 'model',
  predicted_duration_ms: 60_000,
  predicted_duration_interval_ms: { low: 50_000, high: 70_000 },
  predicted_cost_interval: { low: 0.75, high: 1.05 },
  usual: { predicted_duration_ms: 100_000, predicted_cost: 1, num_executors: 2 },
  properties: { 'spark.executor.instances': '4' },
  input_bytes: 1e9,
  validity: { status: 'current', changed: [], runsBefore: 0, runsSince: 20 },
};
const OPTIONS = { leastSaving: 0.25, tolerance: 0.1 };
const compelling = (changes: Partial<Judged>, options = OPTIONS) =>
  compellingSaving({ ...SUGGESTION, ...changes }, options);

describe('tuning/compelling', () => {
  it('is compelling when the worst end of the interval still saves 30 % of the time and costs 5 % more', () => {
    const saving = compelling({});

    expect(saving?.of).to.equal('time');
    expect(saving?.share).to.be.closeTo(0.3, 1e-12);
  });

  it('takes the cost where that saves more', () => {
    const saving = compelling({ predicted_cost_interval: { low: 0.3, high: 0.6 } });

    expect(saving?.of).to.equal('cost');
    expect(saving?.share).to.be.closeTo(0.4, 1e-12);
  });

  it('is silent for 24.9 %, for a cost that may rise by 11 %, without an interval, and for anything but a model', () => {
    expect(compelling({ predicted_duration_interval_ms: { low: 50_000, high: 75_100 } })).to.equal(undefined);
    expect(compelling({ predicted_cost_interval: { low: 0.75, high: 1.11 } })).to.equal(undefined);
    expect(compelling({ predicted_duration_interval_ms: null })).to.equal(undefined);
    expect(compelling({ recommendation_method: 'simulation' })).to.equal(undefined);
  });

  it('is silent while the program has changed and too few runs are of the new one', () => {
    const validity = { status: 'changed' as const, changed: [], runsBefore: 20, runsSince: 1 };

    expect(compelling({ validity })).to.equal(undefined);
  });

  it('tells what to set and what it surely saves, once for each application and cluster', () => {
    const seen = observeSuggestion({ tag: 'night/etl', cluster: 'north' }, SUGGESTION, { ...OPTIONS, confidence: 0.9 });

    expect(seen.status).to.equal('firing');
    expect(seen.subject).to.equal('suggestion/north/night%2Fetl');
    expect(seen.words.title).to.equal('night/etl could save 30 % of its time');
    expect(seen.words.text).to.include('spark.executor.instances=4').and.to.include('With 90 % confidence');
    expect(seen.words.facts).to.include({ saves: 'time', predictedMs: 60_000, usualMs: 100_000 });
  });

  it('is over when the newest run has about what would be suggested', () => {
    const usual = { predicted_duration_ms: 61_000, predicted_cost: 1, num_executors: 4 };
    const seen = observeSuggestion(
      { tag: 'etl', cluster: 'north' },
      { ...SUGGESTION, usual },
      { ...OPTIONS, confidence: 0.9 },
    );

    expect(seen.status).to.equal('fine');
  });
});
