import { expect } from 'chai';
import { observeErrors, observeParked, observeSilence } from '../../src/alerts/observe-clusters.ts';
import { observeRegression } from '../../src/alerts/observe-regressions.ts';
import type { ErrorDocument } from '../../src/documents/documents.ts';
import type { SeriesState, SlowRun } from '../../src/series/kept.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const hoursAgo = (hours: number): Date => new Date(NOW.getTime() - hours * 3_600_000);
const iso = (date: Date): string => date.toISOString().replace('Z', '000+00:00');

function failure(code: string, { first = 1, last = 0, appId = 'app-1' } = {}): ErrorDocument {
  return {
    spot: {
      time_processed: iso(hoursAgo(last)),
      spark_app_id: appId,
      history_host: 'h',
      cluster: 'north',
      error: {
        stage: 'raw',
        type: 'Error',
        code,
        message: `it is ${code}`,
        first_seen: iso(hoursAgo(first)),
        count: 3,
        next_try: iso(NOW),
        retryable: true,
      },
    },
  };
}

describe('alerts/observe-clusters', () => {
  it('finds a cluster silent after six hours, not before, and never when it is switched off', () => {
    const seen = (hours: number, limit = 6) =>
      observeSilence({ cluster: 'north', storedAt: hoursAgo(hours), since: hoursAgo(100) }, limit, NOW);

    expect(seen(5.9)?.status).to.equal('fine');
    expect(seen(6.1)).to.deep.include({ status: 'firing', subject: 'no-new-runs/north' });
    expect(seen(7.5)?.words.title).to.equal('No new runs from north for 7 hours');
    expect(seen(100, 0)).to.equal(undefined);
  });

  it('waits for the first run of a cluster since the start, and says that there was none', () => {
    const seen = observeSilence({ cluster: 'new', since: hoursAgo(7) }, 6, NOW);

    expect(seen?.status).to.equal('firing');
    expect(seen?.words.text).to.include('none was stored since Spot was started at 2026-11-21T05:00:00.000Z');
  });

  it('calls for what Spot could not make sense of in the last day, not for servers and stores, as the original did', () => {
    const servers = [
      failure('SOURCE_UNAVAILABLE'),
      failure('STORE_REJECTED'),
      failure('UNEXPECTED', { last: 25, first: 30 }),
    ];
    const internal = [
      failure('UNEXPECTED'),
      failure('DOCUMENT_INVALID_TIME', { appId: 'app-2' }),
      failure('UNEXPECTED'),
    ];

    expect(observeErrors('north', servers, NOW).status).to.equal('fine');
    const seen = observeErrors('north', [...servers, ...internal], NOW);
    expect(seen.words.title).to.equal('3 runs of north could not be made sense of');
    expect(seen.words.text).to.include('2 × UNEXPECTED, 1 × DOCUMENT_INVALID_TIME').and.to.include('app-2');
  });

  it('calls for what could not be read for a day: runs, oldest first, and the list itself', () => {
    const young = [failure('SOURCE_TIMEOUT', { first: 23 })];
    const old = [
      failure('SOURCE_TIMEOUT', { first: 25, appId: 'app-young' }),
      failure('EVENT_LOG_DAMAGED', { first: 50, appId: 'app-old' }),
    ];
    const list = failure('SOURCE_UNAVAILABLE', { first: 30, appId: 'n/a' });

    expect(observeParked('north', young, 24, NOW).status).to.equal('fine');
    const seen = observeParked('north', [...young, ...old], 24, NOW);
    expect(seen.words.title).to.equal('2 runs of north could not be read for 24 hours');
    expect(seen.words.text.indexOf('app-old')).to.be.below(seen.words.text.indexOf('app-young'));
    expect(observeParked('north', [list], 24, NOW).words.title).to.equal(
      'The list of north could not be read for 24 hours',
    );
    expect(observeParked('north', [list, ...old], 24, NOW).words.text).to.include(
      'The list of runs itself fails since',
    );
  });
});

describe('alerts/observe-regressions', () => {
  const state: SeriesState = {
    type: 'series',
    cluster: 'north',
    tag: 'a/b',
    runs: 11,
    newestRun: 'app-10',
    newestEnd: hoursAgo(1).toISOString(),
    verdict: 'slower',
  };
  const event: SlowRun = {
    type: 'run',
    cluster: 'north',
    tag: 'a/b',
    run: 'app-10',
    endedAt: state.newestEnd,
    durationMs: 180_000,
    inputBytes: 1,
    expectedMs: 100_000,
    highMs: 110_000,
    runsBefore: 10,
    ratio: 1.8,
    likelyCause: {
      comparedWith: 'app-9',
      changeMs: 80_000,
      causes: [{ id: 'data', title: 'more or less data in the same stages', changeMs: 80_000, evidence: [] }],
      newFindings: ['severe: task-skew (stage 3)'],
    },
  };

  it('tells how much slower, what was expected, and why', () => {
    const seen = observeRegression(state, event, NOW);

    expect(seen).to.deep.include({ status: 'firing', subject: 'regression/north/a%2Fb', isOld: false });
    expect(seen?.words.title).to.equal('a/b took 80 % longer than usual');
    expect(seen?.words.text).to.equal(
      [
        'app-10 on north took 180.0 s; 100.0 s were to be expected of its input by the 10 runs before it.',
        'Compared with app-9:',
        '  +80.0 s more or less data in the same stages',
        '  new finding, severe: task-skew (stage 3)',
        'spot compare app-9 app-10',
      ].join('\n'),
    );
  });

  it('takes a run of three days ago for history, a normal one for the end of it, and knows nothing of too few', () => {
    expect(observeRegression({ ...state, newestEnd: hoursAgo(72).toISOString() }, event, NOW)).to.include({
      isOld: true,
    });
    expect(observeRegression({ ...state, verdict: 'normal' }, undefined, NOW)?.status).to.equal('fine');
    expect(observeRegression({ ...state, verdict: 'unknown' }, undefined, NOW)).to.equal(undefined);
  });
});
