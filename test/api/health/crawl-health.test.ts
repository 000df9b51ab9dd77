import { expect } from 'chai';
import { CrawlHealth } from '../../../src/api/health/crawl-health.ts';
import { CrawlMetrics } from '../../../src/api/health/crawl-metrics.ts';
import { allOf, type CrawlObserver, type PassReport } from '../../../src/crawler/observer.ts';
import type { ErrorDocument } from '../../../src/documents/documents.ts';
import { StoreError } from '../../../src/util/errors.ts';

const START = Date.parse('2026-11-21T00:00:00Z');

/** Health and metrics of two sources on a clock of their own. */
function bench() {
  const self = { seconds: 0 };
  const now = (): Date => new Date(START + self.seconds * 1000);
  const clusters = ['north', 'south'];
  const health = new CrawlHealth({ clusters, silentAfterSeconds: 100, now });
  const metrics = new CrawlMetrics({ clusters, health, version: '1.2.3', now, withProcess: false });
  const observer = allOf([health, metrics]) as Required<CrawlObserver>;
  const codes = (): string[] =>
    health.readiness().problems.map(({ what, cluster, code }) => `${what} ${cluster} ${code}`);
  /** The line of the exposition, whole: name, labels, value. */
  const lines = async (name: string): Promise<string[]> =>
    (await metrics.registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return Object.assign(self, { health, metrics, observer, codes, lines });
}

function report(changes: Partial<PassReport> = {}): PassReport {
  return {
    listId: '',
    listed: 3,
    alreadyStored: 0,
    parked: 0,
    saved: 3,
    failed: 0,
    ended: 'complete',
    durationMs: 2000,
    ...changes,
  };
}

function failureOf(code: string, appId = 'app-1', stage: 'raw' | 'listing' = 'raw'): ErrorDocument {
  const time = new Date(START).toISOString();
  return {
    spot: {
      time_processed: time,
      spark_app_id: appId,
      history_host: 'host',
      cluster: 'north',
      error: {
        stage,
        type: 'SourceError',
        code,
        message: 'm',
        first_seen: time,
        count: 1,
        next_try: time,
        retryable: true,
      },
    },
  };
}

const run = (appId: string, cluster = 'north') => ({ cluster, appId });

describe('api/health: ready', () => {
  it('only after every source was swept to the end, not after one of two', () => {
    const { observer, codes } = bench();

    expect(codes()).to.deep.equal(['source north NOT_SWEPT_YET', 'source south NOT_SWEPT_YET']);
    observer.passEnded('north', 'cold', report());
    expect(codes()).to.deep.equal(['source south NOT_SWEPT_YET']);
    observer.passEnded('south', 'cold', report({ ended: 'stopped' }));
    expect(codes()).to.deep.equal(['source south NOT_SWEPT_YET']);
    observer.passEnded('south', 'cold', report());
    expect(codes()).to.deep.equal([]);
  });

  it('is lost at once when a source cannot be listed, tells since when, and comes back with a whole sweep', () => {
    const it = swept();

    it.seconds = 10;
    it.observer.listingFailed('north', failureOf('SOURCE_TIMEOUT', 'n/a', 'listing'));
    it.seconds = 20;
    it.observer.listingFailed('north', failureOf('SOURCE_UNAVAILABLE', 'n/a', 'listing'));

    expect(it.health.readiness()).to.deep.equal({
      isReady: false,
      problems: [{ what: 'source', cluster: 'north', code: 'SOURCE_UNAVAILABLE', since: '2026-11-21T00:00:10.000Z' }],
    });
    it.observer.passEnded('south', 'hot', report());
    expect(it.codes()).to.have.lengthOf(1);
    it.observer.passEnded('north', 'hot', report());
    expect(it.codes()).to.deep.equal([]);
  });

  it('is lost when the source is lost in the middle of a sweep', () => {
    const it = swept();

    it.observer.passEnded('south', 'hot', report({ ended: 'source-lost' }));

    expect(it.codes()).to.deep.equal(['source south SOURCE_UNAVAILABLE']);
  });

  it('is lost when the store fails, and a sweep of another source that had nothing to write does not bring it back', () => {
    const it = swept();

    it.observer.storeFailed(new StoreError('STORE_FULL', 'full'), 'north');
    it.observer.passEnded('south', 'hot', report({ saved: 0 }));

    expect(it.codes()).to.deep.equal(['store north STORE_FULL']);
    it.observer.passEnded('north', 'hot', report());
    expect(it.codes()).to.deep.equal([]);
  });

  it('is lost when nothing was heard of a source for longer than 100 s', () => {
    const it = swept();
    it.seconds = 50;
    it.observer.runSaved(run('a'), START);
    it.observer.passEnded('south', 'hot', report());

    it.seconds = 150;
    expect(it.codes()).to.deep.equal([]);
    it.seconds = 150.001;
    expect(it.codes()).to.deep.equal(['source north SILENT', 'source south SILENT']);
  });

  it('stays with a run that cannot be read: that one is parked, and counted', async () => {
    const it = swept();

    it.observer.runFailed(run('poison'), failureOf('SOURCE_SERVER_ERROR', 'poison'));

    expect(it.codes()).to.deep.equal([]);
    expect(await it.lines('spot_runs_parked')).to.deep.equal([
      'spot_runs_parked{cluster="north",code="SOURCE_SERVER_ERROR"} 1',
    ]);
  });

  function swept() {
    const it = bench();
    it.observer.passEnded('north', 'cold', report());
    it.observer.passEnded('south', 'cold', report());
    expect(it.codes()).to.deep.equal([]);
    return it;
  }
});

describe('api/health: metrics', () => {
  it('count what was found, stored, failed and is still queued', async () => {
    const { observer, lines } = bench();

    observer.workFound('north', { toRead: 5, alreadyStored: 2, parked: 0 });
    observer.runSaved(run('a'), START);
    observer.runSaved(run('b'), START);
    observer.runFailed(run('c'), failureOf('SOURCE_TIMEOUT', 'c'));

    expect(await lines('spot_runs_found_total')).to.have.members([
      'spot_runs_found_total{cluster="north"} 5',
      'spot_runs_found_total{cluster="south"} 0',
    ]);
    expect(await lines('spot_runs_stored_total')).to.include('spot_runs_stored_total{cluster="north"} 2');
    expect(await lines('spot_run_errors_total')).to.deep.equal([
      'spot_run_errors_total{cluster="north",stage="raw",code="SOURCE_TIMEOUT"} 1',
    ]);
    expect(await lines('spot_runs_queued')).to.include('spot_runs_queued{cluster="north"} 2');
    observer.passEnded('north', 'hot', report());
    expect(await lines('spot_runs_queued')).to.include('spot_runs_queued{cluster="north"} 0');
  });

  it('tell the lag from the end of a run to its storage, and none of a run without an end', async () => {
    const it = bench();
    it.seconds = 90;

    it.observer.runSaved(run('a'), START);
    it.observer.runSaved(run('open'), -1);
    it.observer.runSaved(run('of a clock that is ahead'), START + 3_600_000);

    expect(await it.lines('spot_run_storage_lag_seconds_sum')).to.deep.equal([
      'spot_run_storage_lag_seconds_sum{cluster="north"} 90',
    ]);
    expect(await it.lines('spot_run_storage_lag_seconds_count')).to.deep.equal([
      'spot_run_storage_lag_seconds_count{cluster="north"} 2',
    ]);
  });

  it('hold a run as parked under its last code until it is stored, also one of an earlier start; a listing is none', async () => {
    const { observer, metrics, lines } = bench();
    metrics.rememberParked([failureOf('SOURCE_TIMEOUT', 'a'), failureOf('SOURCE_UNAVAILABLE', 'n/a', 'listing')]);

    expect(await lines('spot_runs_parked')).to.deep.equal([
      'spot_runs_parked{cluster="north",code="SOURCE_TIMEOUT"} 1',
    ]);
    observer.runFailed(run('a'), failureOf('DOCUMENT_TIME_REVERSED', 'a'));
    expect(await lines('spot_runs_parked')).to.deep.equal([
      'spot_runs_parked{cluster="north",code="DOCUMENT_TIME_REVERSED"} 1',
    ]);
    observer.runSaved(run('a'), START);
    expect(await lines('spot_runs_parked')).to.deep.equal([]);
  });

  it('tell sweeps, source and store errors by code, and which of them is up', async () => {
    const it = bench();
    it.seconds = 30;
    it.observer.passEnded('north', 'cold', report({ durationMs: 2500 }));
    it.observer.listingFailed('south', {
      spot: { ...failureOf('SOURCE_TIMEOUT', 'n/a', 'listing').spot, cluster: 'south' },
    });
    it.observer.storeFailed(new StoreError('STORE_FULL', 'full'), 'north');
    it.observer.storeFailed(new TypeError('a fault of our own'), 'north');

    expect(await it.lines('spot_sweep_duration_seconds_sum')).to.deep.equal([
      'spot_sweep_duration_seconds_sum{cluster="north",sweep="cold",ended="complete"} 2.5',
    ]);
    expect(await it.lines('spot_last_complete_sweep_timestamp_seconds')).to.deep.equal([
      `spot_last_complete_sweep_timestamp_seconds{cluster="north"} ${START / 1000 + 30}`,
    ]);
    expect(await it.lines('spot_source_errors_total')).to.deep.equal([
      'spot_source_errors_total{cluster="south",code="SOURCE_TIMEOUT"} 1',
    ]);
    expect(await it.lines('spot_store_errors_total')).to.deep.equal([
      'spot_store_errors_total{cluster="north",code="STORE_FULL"} 1',
      'spot_store_errors_total{cluster="north",code="UNEXPECTED"} 1',
    ]);
    expect(await it.lines('spot_source_up')).to.deep.equal([
      'spot_source_up{cluster="north"} 1',
      'spot_source_up{cluster="south"} 0',
    ]);
    expect(await it.lines('spot_store_up')).to.deep.equal([
      'spot_store_up{cluster="north"} 0',
      'spot_store_up{cluster="south"} 1',
    ]);
    expect(await it.lines('spot_ready')).to.deep.equal(['spot_ready 0']);
    expect(await it.lines('spot_build_info')).to.deep.equal([
      `spot_build_info{version="1.2.3",node="${process.versions.node}"} 1`,
    ]);
  });

  it('have as many lines for 10,000 stored runs as for one: no label holds a run', async () => {
    const { observer, metrics } = bench();
    const size = async (): Promise<number> => (await metrics.registry.metrics()).split('\n').length;
    observer.runSaved(run('first'), START);
    const before = await size();

    for (let index = 0; index < 10_000; index += 1) observer.runSaved(run(`app-${index}`), START);

    expect(await size()).to.equal(before);
  });
});
