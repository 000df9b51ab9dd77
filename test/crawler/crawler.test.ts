import { expect } from 'chai';
import { defaultsOf } from '../../src/config/section.ts';
import { crawlerSection } from '../../src/crawler/config.ts';
import type { CrawlContext } from '../../src/crawler/crawl-pass.ts';
import { crawlForever, crawlOnce } from '../../src/crawler/crawler.ts';
import { verifySource } from '../../src/crawler/verify.ts';
import { documentId } from '../../src/documents/run-key.ts';
import { silentLogger } from '../../src/logging/logger.ts';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { StoreError } from '../../src/util/errors.ts';
import { applicationOf, MemorySource, sourceFault, START } from '../support/memory-source.ts';

const NEVER = new AbortController().signal;

interface Bench {
  readonly source: MemorySource;
  readonly store: SqliteStore;
  readonly context: CrawlContext;
  /** Seconds after START. */
  now: number;
  [Symbol.asyncDispose](): Promise<void>;
}

async function bench(
  overrides: Partial<CrawlContext['settings']> = {},
  cluster = 'default',
  shared?: SqliteStore,
): Promise<Bench> {
  const source = new MemorySource(cluster);
  const store = shared ?? (await SqliteStore.open({ path: ':memory:' }, silentLogger));
  const self: Bench = {
    source,
    store,
    now: 10_000,
    context: {
      source,
      store,
      settings: { ...defaultsOf(crawlerSection), ...overrides },
      enrich: () => Promise.resolve({ classification: { app: 'a', type: 'a' }, tag: 'a' }),
      redactor: { text: (text) => text, property: (_key, value) => value, deep: (value) => value },
      keepRaw: true,
      observer: {},
      logger: silentLogger,
      now: () => new Date(START + self.now * 1000),
    },
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
  return self;
}

async function storedRuns(store: SqliteStore): Promise<string[]> {
  const keys = await Array.fromAsync(store.findKeys({}));
  return keys
    .map((key) => `${key.cluster}:${key.appId}${key.attemptId === undefined ? '' : `/${key.attemptId}`}`)
    .sort();
}

describe('crawler/crawler', () => {
  it('reads oldest end first, stores each run once, and asks for nothing of what is stored', async () => {
    await using it = await bench({ concurrency: 1 });
    it.source.applications = [
      applicationOf('b', { endsAt: 300 }),
      applicationOf('a', { endsAt: 100 }),
      applicationOf('c', { endsAt: 200 }),
    ];

    await crawlOnce([it.context], { signal: NEVER });
    expect(it.source.fetched).to.deep.equal(['a', 'c', 'b']);
    await crawlOnce([it.context], { signal: NEVER });

    expect(it.source.fetched).to.have.length(3);
    expect(await storedRuns(it.store)).to.deep.equal(['default:a', 'default:b', 'default:c']);
  });

  it('asks for the next run before it makes the documents of the one before, and holds no more than one', async () => {
    await using it = await bench({ concurrency: 1 });
    const order: string[] = [];
    it.source.applications = ['a', 'b', 'c'].map((id, i) => applicationOf(id, { endsAt: 100 + i }));
    it.source.onCall = (call, id) => {
      if (call === 'fetch') order.push(`ask ${id}`);
    };
    const { enrich } = it.context;
    const context: CrawlContext = {
      ...it.context,
      enrich: (application, attempt, options) => {
        order.push(`make ${application.id}`);
        return enrich(application, attempt, options);
      },
    };

    await crawlOnce([context], { signal: NEVER });

    expect(order).to.deep.equal(['ask a', 'ask b', 'make a', 'ask c', 'make b', 'make c']);
  });

  it('an idle pass costs the source one request', async () => {
    await using it = await bench();
    it.source.applications = [applicationOf('a', { endsAt: 100 })];
    await crawlOnce([it.context], { signal: NEVER });
    it.source.listings = [];

    await crawlOnce([it.context], { signal: NEVER });

    expect(it.source.listings).to.have.length(1);
  });

  it('lists again while reading brings something new: a server that has just started lists a part', async () => {
    await using it = await bench();
    it.source.applications = [applicationOf('new', { endsAt: 300 })];
    it.source.onCall = (call) => {
      if (call === 'fetch')
        it.source.applications = [applicationOf('new', { endsAt: 300 }), applicationOf('old', { endsAt: 1 })];
    };

    await crawlOnce([it.context], { signal: NEVER });

    expect(await storedRuns(it.store)).to.deep.equal(['default:new', 'default:old']);
  });

  it('reads every attempt, those without end of an application that is over too, and none that still runs', async () => {
    await using it = await bench();
    it.source.applications = [
      applicationOf('two', { attemptId: '2', endsAt: 200 }, { attemptId: '1' }),
      applicationOf('again', { attemptId: '2' }, { attemptId: '1', endsAt: 50 }),
      applicationOf('running', {}),
    ];

    await crawlOnce([it.context], { signal: NEVER });

    expect(await storedRuns(it.store)).to.deep.equal(['default:again/1', 'default:two/1', 'default:two/2']);
    const first = await it.store.readAggregate({ cluster: 'default', appId: 'two', attemptId: '1' });
    expect(first?.isFinalAttempt).to.equal(false);
    expect(first?.spot.flags).to.include('incomplete');
  });

  it('reads what a log tells of a run that goes on, again when it grew, but not at every poll', async () => {
    await using it = await bench({ live_every_seconds: 60 });
    it.source.tellsProgress = true;
    it.source.applications = [applicationOf('live', { lastUpdatedAt: 10 })];
    await crawlOnce([it.context], { signal: NEVER });
    const status = async () => (await it.store.readAggregate({ cluster: 'default', appId: 'live' }))?.spot.status;
    expect(await status()).to.equal('incomplete');

    it.source.applications = [applicationOf('live', { lastUpdatedAt: 20 })];
    it.now += 30;
    await crawlOnce([it.context], { signal: NEVER });
    expect(it.source.fetched).to.have.length(1);
    it.now += 30;
    await crawlOnce([it.context], { signal: NEVER });
    expect(it.source.fetched).to.have.length(2);
    it.source.applications = [applicationOf('live', { endsAt: 30 })];
    await crawlOnce([it.context], { signal: NEVER });

    expect(it.source.fetched).to.have.length(3);
    expect(await status()).to.equal('completed');
    expect(await storedRuns(it.store)).to.deep.equal(['default:live']);
  });

  it('stores a run that a server lists as running for too long as incomplete, once, and replaces it when it completes after all', async () => {
    await using it = await bench({ orphan_after_hours: 2 });
    it.source.applications = [applicationOf('killed', { startsAt: 0 }), applicationOf('young', { startsAt: 9000 })];
    for (const later of [0, 60]) {
      it.now += later;
      await crawlOnce([it.context], { signal: NEVER });
    }
    expect(it.source.fetched).to.deep.equal(['killed']);
    expect((await it.store.readAggregate({ cluster: 'default', appId: 'killed' }))?.spot.status).to.equal('incomplete');

    it.source.applications = [applicationOf('killed', { startsAt: 0, endsAt: 10_100 })];
    await crawlOnce([it.context], { signal: NEVER });

    expect((await it.store.readAggregate({ cluster: 'default', appId: 'killed' }))?.spot.status).to.equal('completed');
  });

  it('reads a run again when it changed, and replaces it', async () => {
    await using it = await bench();
    it.source.applications = [applicationOf('a', { endsAt: 100 })];
    await crawlOnce([it.context], { signal: NEVER });
    it.source.applications = [applicationOf('a', { endsAt: 100, lastUpdatedAt: 500 })];

    await crawlOnce([it.context], { signal: NEVER });

    expect(it.source.fetched).to.deep.equal(['a', 'a']);
    expect(await storedRuns(it.store)).to.deep.equal(['default:a']);
  });

  it('marks an older attempt as not final when a newer one appears', async () => {
    await using it = await bench();
    it.source.applications = [applicationOf('a', { attemptId: '1', endsAt: 100 })];
    await crawlOnce([it.context], { signal: NEVER });
    it.source.applications = [applicationOf('a', { attemptId: '2', endsAt: 300 }, { attemptId: '1', endsAt: 100 })];

    await crawlOnce([it.context], { signal: NEVER });

    const attempts = await Promise.all(
      ['1', '2'].map((attemptId) => it.store.readAggregate({ cluster: 'default', appId: 'a', attemptId })),
    );
    expect(attempts.map((document) => document?.isFinalAttempt)).to.deep.equal([false, true]);
  });

  it('keeps runs of two clusters with the same id apart', async () => {
    await using north = await bench({}, 'north');
    await using south = await bench({}, 'south', north.store);
    north.source.applications = south.source.applications = [applicationOf('local-1', { endsAt: 100 })];

    await crawlOnce([north.context, south.context], { signal: NEVER });

    expect(await storedRuns(north.store)).to.deep.equal(['north:local-1', 'south:local-1']);
  });

  it('makes one error document of a run that cannot be read, counts, doubles the delay, and takes it back when it succeeds', async () => {
    await using it = await bench({ retry_delay_seconds: 60 });
    it.source.applications = [applicationOf('bad', { endsAt: 100 }), applicationOf('good', { endsAt: 200 })];
    it.source.onCall = (_call, appId) => {
      if (appId === 'bad') throw sourceFault('SOURCE_SERVER_ERROR');
    };
    const id = documentId({ cluster: 'default', appId: 'bad' });
    const error = async () => (await it.store.readErrors([id])).get(id)?.spot.error;

    const first = await crawlOnce([it.context], { signal: NEVER });
    expect(first.reports[0]).to.include({ saved: 1, failed: 1 });
    expect(await error()).to.include({
      stage: 'raw',
      type: 'SourceError',
      code: 'SOURCE_SERVER_ERROR',
      count: 1,
      next_try: '2026-11-20T02:47:40+00:00',
    });

    it.now += 10;
    await crawlOnce([it.context], { signal: NEVER });
    expect(await error()).to.include({
      count: 2,
      first_seen: '2026-11-20T02:46:40+00:00',
      next_try: '2026-11-20T02:48:50+00:00',
    });

    it.source.onCall = () => undefined;
    await crawlOnce([it.context], { signal: NEVER });
    expect(await error()).to.equal(undefined);
    expect(await storedRuns(it.store)).to.deep.equal(['default:bad', 'default:good']);
  });

  it('the daemon leaves a failing run alone until its delay has passed', async () => {
    await using it = await bench({ retry_delay_seconds: 60, sleep_seconds: 0 });
    it.source.applications = [applicationOf('bad', { endsAt: 100 })];
    const stop = new AbortController();
    let polls = 0;
    it.source.onCall = (call) => {
      if (call === 'fetch') throw sourceFault('SOURCE_SERVER_ERROR');
      polls += 1;
      it.now += 10;
      if (polls === 20) stop.abort();
    };

    await crawlForever([it.context], { signal: stop.signal }, () => undefined);

    // 20 polls over 200 s: tries at once, after 60 s, after 120 s more; the last is not due before the end.
    expect(it.source.fetched.length).to.be.within(2, 3);
  });

  it('says ready once, after the first sweep of every source, and outlives a source that cannot be listed', async () => {
    await using it = await bench({ sleep_seconds: 0 });
    const stop = new AbortController();
    let ready = 0;
    let lists = 0;
    it.source.onCall = (call) => {
      if (call === 'fetch') return;
      lists += 1;
      if (lists <= 2) throw sourceFault('SOURCE_UNAVAILABLE');
      if (lists === 6) stop.abort();
    };

    await crawlForever([it.context], { signal: stop.signal }, () => (ready += 1));

    expect(ready).to.equal(1);
    expect(
      it.source.listings.slice(0, 3).every((window) => window.endedAfter === undefined),
      'a full sweep after it was unreachable',
    ).to.equal(true);
    expect((await it.store.stats()).err, 'the error of the listing disappears').to.equal(0);
  });

  it('reports a source that cannot be listed, with one error document that counts', async () => {
    await using it = await bench();
    it.source.onCall = () => {
      throw sourceFault('SOURCE_UNAVAILABLE');
    };

    const { unreachable } = await crawlOnce([it.context], { signal: NEVER });
    await crawlOnce([it.context], { signal: NEVER });

    const [error, ...more] = await Array.fromAsync(it.store.findErrors({}));
    expect(unreachable).to.have.length(1);
    expect(more).to.have.length(0);
    expect(error?.spot).to.include({ spark_app_id: 'n/a', cluster: 'default' });
    expect(error?.spot.error).to.include({ stage: 'listing', code: 'SOURCE_UNAVAILABLE', count: 2 });
  });

  it('ends the pass when the source is gone, instead of failing every run that is left', async () => {
    await using it = await bench({ concurrency: 1 });
    it.source.applications = Array.from({ length: 100 }, (_, index) =>
      applicationOf(`app-${index}`, { endsAt: index + 1 }),
    );
    it.source.onCall = (call, appId) => {
      if (call === 'fetch' && Number(appId.slice(4)) >= 10) throw sourceFault('SOURCE_UNAVAILABLE');
    };

    const { reports } = await crawlOnce([it.context], { signal: NEVER });

    expect(reports[0]).to.include({ ended: 'source-lost', saved: 10, failed: 3 });
    expect(await storedRuns(it.store)).to.have.length(10);
  });

  it('waits for a store that does not answer and then loses nothing', async () => {
    await using it = await bench();
    it.source.applications = [applicationOf('a', { endsAt: 100 })];
    let refusals = 2;
    const store = new Proxy(it.store, {
      get(target, name) {
        if (name === 'saveRuns' && refusals > 0) {
          return () => {
            refusals -= 1;
            return Promise.reject(new StoreError('STORE_UNAVAILABLE', 'down', { retryable: true }));
          };
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });

    await crawlOnce([{ ...it.context, store }], { signal: NEVER });

    expect(refusals).to.equal(0);
    expect(await storedRuns(it.store)).to.deep.equal(['default:a']);
  });

  it('stops in the middle without an error document, and keeps what was read', async () => {
    await using it = await bench({ concurrency: 1 });
    it.source.applications = Array.from({ length: 50 }, (_, index) =>
      applicationOf(`app-${index}`, { endsAt: index + 1 }),
    );
    const stop = new AbortController();
    it.source.onCall = (call) => {
      if (call === 'fetch' && it.source.fetched.length === 20) stop.abort();
    };

    const { reports } = await crawlOnce([it.context], { signal: stop.signal });

    expect(reports[0]?.ended).to.equal('stopped');
    expect((await storedRuns(it.store)).length).to.be.within(19, 20);
    expect((await it.store.stats()).err).to.equal(0);
  });

  it('reads nothing that ended before --min-end-date', async () => {
    await using it = await bench();
    it.source.applications = [applicationOf('old', { endsAt: 100 }), applicationOf('new', { endsAt: 5000 })];

    await crawlOnce([it.context], { signal: NEVER, minEndDate: new Date(START + 1_000_000) });

    expect(await storedRuns(it.store)).to.deep.equal(['default:new']);
  });

  it('leaves a run alone for completion_timeout_seconds after its end', async () => {
    await using it = await bench({ completion_timeout_seconds: 1800 });
    it.source.applications = [applicationOf('settled', { endsAt: 8000 }), applicationOf('fresh', { endsAt: 9000 })];

    await crawlOnce([it.context], { signal: NEVER });

    expect(await storedRuns(it.store)).to.deep.equal(['default:settled']);
  });
});

describe('crawler/verify', () => {
  it('finds what is missing, stale and unreadable, and only counts what is no longer listed', async () => {
    await using it = await bench();
    it.source.applications = [
      applicationOf('gone', { endsAt: 1 }),
      applicationOf('same', { endsAt: 2 }),
      applicationOf('stale', { endsAt: 3 }),
      applicationOf('bad', { endsAt: 4 }),
    ];
    it.source.onCall = (_call, appId) => {
      if (appId === 'bad') throw sourceFault('SOURCE_SERVER_ERROR');
    };
    await crawlOnce([it.context], { signal: NEVER });
    it.source.applications = [
      applicationOf('same', { endsAt: 2 }),
      applicationOf('stale', { endsAt: 3, lastUpdatedAt: 9 }),
      applicationOf('bad', { endsAt: 4 }),
      applicationOf('late', { endsAt: 5 }),
    ];

    const report = await verifySource(it.source, it.store, {
      now: it.context.now(),
      settleSeconds: 0,
      orphanAfterHours: 0,
    });

    expect(report).to.include({ listed: 4, stored: 3, noLongerListed: 1 });
    expect(report.findings.map(({ discrepancy, run }) => `${discrepancy} ${run}`).sort()).to.deep.equal([
      'missing late',
      'stale stale',
      'unreadable bad',
    ]);
  });
});
