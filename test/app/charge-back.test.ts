import { expect } from 'chai';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { chargeBack, type ChargeBackAnswer, type ChargeBackQuestion } from '../../src/app/charge-back.ts';
import type { AggregateDocument } from '../../src/documents/documents.ts';
import type { RunFilter, StoreStats } from '../../src/store/store.ts';
import { costedRun, priceBook } from '../money/sample-cost.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const STATS: StoreStats = {
  raw: 0,
  agg: 0,
  err: 0,
  detail: 0,
  oldestEnd: '2026-11-01T00:00:00.000000+00:00',
  newestEnd: '2026-11-21T00:00:00.000000+00:00',
};

/** Remembers what it was asked for. */
class SyntheticStore {
  readonly filters: RunFilter[] = [];
  readonly #runs: number;
  readonly #users: number;
  readonly #onRun: (i: number) => void;

  constructor(runs: number, users: number, onRun: (i: number) => void = () => undefined) {
    this.#runs = runs;
    this.#users = users;
    this.#onRun = onRun;
  }

  async *findAggregates(filter: RunFilter): AsyncGenerator<AggregateDocument> {
    this.filters.push(filter);
    for (let i = 0; i < this.#runs; i++) {
      this.#onRun(i);
      // A store has parsed each anew.
      yield structuredClone(runOf(`user ${i % this.#users}`));
      if (i % 1000 === 0) await Promise.resolve();
    }
  }

  stats(): Promise<StoreStats> {
    return Promise.resolve(STATS);
  }
}

const runOf = (user: string): AggregateDocument => costedRun({ user, end: '2026-11-20T00:00:00.000000+00:00' });

function ask(store: SyntheticStore, question: Partial<ChargeBackQuestion> = {}): Promise<ChargeBackAnswer> {
  return chargeBack(store, { by: 'user', filter: {}, book: priceBook(), now: NOW, ...question });
}

describe('app/charge-back', () => {
  it('reads the period and as long a time before it, in one go', async () => {
    const store = new SyntheticStore(1, 1);
    const filter = { cluster: 'north', endedAfter: new Date('2026-11-11T12:00:00Z') };
    const answer = await ask(store, { filter });

    expect(store.filters).to.deep.equal([{ cluster: 'north', endedAfter: new Date('2026-11-01T12:00:00Z') }]);
    expect(answer).to.deep.include({
      since: '2026-11-11T12:00:00.000Z',
      until: undefined,
      before: { since: '2026-11-01T12:00:00.000Z', until: '2026-11-11T12:00:00.000Z' },
    });
  });

  it('reads everything without a period, also runs without an end, and compares with nothing', async () => {
    const store = new SyntheticStore(1, 1);
    const { before, total } = await ask(store);

    expect(store.filters).to.deep.equal([{ endedAfter: undefined }]);
    expect(before).to.equal(undefined);
    expect(total).not.to.have.property('before');
    // The store's runs end from the 1st to the 21st; the 20th is in the last twelfth.
    expect(total.series.findIndex((cost) => cost > 0)).to.equal(11);
  });

  it('adds up 20,000 runs of 40 users to their sums, in memory that does not grow by 4 MB', async function () {
    this.timeout(60_000);
    const heap: number[] = [];
    const store = new SyntheticStore(20_000, 40, (i) => {
      if (i % 5000 === 1000) heap.push(heapAfterCollection());
    });
    const { groups, total } = await ask(store);

    // By hand: 20,000 runs of 8 core-hours at 0.55 (run-cost.test.ts), 500 for each of the 40.
    expect(groups).to.have.length(40);
    expect(groups.every(({ runs, coreHours }) => runs === 500 && coreHours === 4000)).to.equal(true);
    expect(total.cost).to.be.closeTo(11_000, 1e-6);
    expect(Math.max(...heap) - heap[0]!).to.be.below(4 * 2 ** 20);
  });
});

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
