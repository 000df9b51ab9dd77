import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Observation } from '../../src/alerts/observation.ts';
import { findRegressions } from '../../src/app/regressions.ts';
import { Spot } from '../../src/app/spot.ts';
import { openWatch, type Watch } from '../../src/app/watch.ts';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import { allOf } from '../../src/crawler/observer.ts';
import type { AlertMessage } from '../../src/integrations/alert-channel.ts';
import type { Store } from '../../src/store/store.ts';
import { openAlertSink, type AlertSink } from '../support/alert-sink.ts';
import { applicationOf, MemorySource, sourceFault, START } from '../support/memory-source.ts';

const NEVER = new AbortController().signal;
const HOUR = 3600;

/** A crawl in memory with everything around it real: configuration, store on disk, alerts over HTTP. */
class Bench implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'spot-watch-'));
  readonly source = new MemorySource('north');
  readonly sink: AlertSink;
  /** Seconds after START. */
  now = 0;
  #spot: Spot | undefined;
  store: Store | undefined;
  #watch: Watch | undefined;

  constructor(sink: AlertSink, settings = '') {
    this.sink = sink;
    writeFileSync(join(this.#folder, 'config.ini'), `[ALERTS]\nwebhook_url = ${sink.url}/\n${settings}\n`);
  }

  async start(): Promise<void> {
    const environment = {
      env: { STATE_DIRECTORY: this.#folder },
      now: () => new Date(START + this.now * 1000),
      random: Math.random,
    };
    this.#spot = new Spot({ config: join(this.#folder, 'config.ini'), logLevel: 'none', environment });
    this.store = await this.#spot.openStore('write');
    this.#watch = openWatch(this.#spot, [this.source], this.store);
  }

  async stop(): Promise<void> {
    await this.#watch?.[Symbol.asyncDispose]();
    await this.#spot?.[Symbol.asyncDispose]();
    this.#spot = undefined;
  }

  /** Adds a run that takes so many seconds, an hour after the one before; the newest is listed first. */
  ran(seconds: number): void {
    const id = `app-${String(this.source.applications.length).padStart(3, '0')}`;
    this.now += HOUR;
    const run = { ...applicationOf(id, { startsAt: this.now - seconds, endsAt: this.now }), name: 'nightly' };
    this.source.applications = [run, ...this.source.applications];
  }

  /** One pass, and what the watch makes of it. */
  async crawl(): Promise<void> {
    const [spot, store, watch] = [this.#spot, this.store, this.#watch];
    if (spot === undefined || store === undefined || watch === undefined) throw new Error('Not started');
    await crawlOnce(spot.crawlContexts([this.source], store, allOf([watch.observer])), { signal: NEVER });
    await watch.settled();
  }

  tell(observation: Observation): void {
    this.#watch?.tell(observation);
  }

  get told(): string[] {
    return this.sink.received.map(({ body }) => (JSON.parse(body) as AlertMessage).title);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.#folder, { recursive: true });
  }
}

describe('app/watch', () => {
  it('tells of a slow run once, keeps it, tells when its application is well again, and repeats nothing after a restart', async () => {
    await using sink = await openAlertSink();
    await using it = new Bench(sink);
    await it.start();
    for (let i = 0; i < 10; i += 1) it.ran(100);
    await it.crawl();
    expect(it.told).to.deep.equal([]);

    it.ran(300);
    await it.crawl();
    await it.crawl();
    expect(it.told).to.deep.equal(['nightly took 200 % longer than usual']);
    expect(it.store && (await findRegressions(it.store, {})).map(({ run }) => run)).to.deep.equal(['app-010']);

    await it.stop();
    await it.start();
    await it.crawl();
    expect(it.told).to.have.length(1);

    it.ran(101);
    await it.crawl();
    expect(it.told.slice(1)).to.deep.equal(['nightly is as fast as usual again']);
  });

  it('judges and tells after the start what was stored just before it was killed', async () => {
    await using sink = await openAlertSink();
    await using it = new Bench(sink);
    await it.start();
    for (let i = 0; i < 10; i += 1) it.ran(100);
    await it.crawl();
    await it.stop();

    // Stored by a process that died before it looked at its series.
    it.ran(300);
    await it.start();
    const spot = new Spot({
      logLevel: 'none',
      environment: {
        env: { STATE_DIRECTORY: '/nonexistent' },
        now: () => new Date(START + it.now * 1000),
        random: Math.random,
      },
    });
    if (it.store !== undefined) await crawlOnce(spot.crawlContexts([it.source], it.store, {}), { signal: NEVER });
    await it.stop();
    expect(it.told).to.deep.equal([]);

    await it.start();
    await it.crawl();
    expect(it.told).to.deep.equal(['nightly took 200 % longer than usual']);
  });

  it('calls nobody for the history that fills an empty store', async () => {
    await using sink = await openAlertSink();
    await using it = new Bench(sink, 'kinds = regression');
    for (let i = 0; i < 10; i += 1) it.ran(100);
    it.ran(300);
    it.now += 72 * HOUR;
    await it.start();
    await it.crawl();

    expect(it.told).to.deep.equal([]);
    expect(it.store && (await findRegressions(it.store, {})).length).to.equal(1);
  });

  it('tells when a cluster falls silent for six hours, though the list is still read, and when runs come in again', async () => {
    await using sink = await openAlertSink();
    await using it = new Bench(sink);
    await it.start();
    it.ran(100);
    await it.crawl();
    it.now += 5 * HOUR;
    await it.crawl();
    expect(it.told).to.deep.equal([]);

    it.now += 2 * HOUR;
    await it.crawl();
    await it.crawl();
    it.ran(100);
    await it.crawl();
    expect(it.told).to.deep.equal(['No new runs from north for 7 hours', 'Runs of north come in again']);
  });

  it('does not take its own absence for silence of the cluster', async () => {
    await using sink = await openAlertSink();
    await using it = new Bench(sink);
    await it.start();
    it.ran(100);
    await it.crawl();
    await it.stop();
    it.now += 100 * HOUR;
    it.ran(100);
    await it.start();
    await it.crawl();

    expect(it.told).to.deep.equal([]);
  });

  it('tells of what others hand in, such as a suggestion', async () => {
    await using sink = await openAlertSink();
    await using it = new Bench(sink);
    await it.start();
    const words = { title: 'nightly could take half as long', text: 'spot suggest --tag nightly', facts: {} };
    it.tell({ status: 'firing', kind: 'suggestion', subject: 'suggestion/north/nightly', words });
    await it.crawl();

    expect(it.told).to.deep.equal(['nightly could take half as long']);
  });

  it('tells of a run that cannot be read for a day, and of its end', async () => {
    await using sink = await openAlertSink();
    await using it = new Bench(sink, 'kinds = parked, errors');
    await it.start();
    it.source.onCall = (call) => {
      if (call === 'fetch') throw sourceFault('SOURCE_TIMEOUT');
    };
    it.ran(100);
    await it.crawl();
    it.now += 25 * HOUR;
    await it.crawl();
    expect(it.told).to.deep.equal(['1 run of north could not be read for 24 hours']);

    it.source.onCall = () => undefined;
    await it.crawl();
    expect(it.told.slice(1)).to.deep.equal(['Nothing of north waits to be read any more']);
  });
});
