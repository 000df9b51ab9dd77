import { expect } from 'chai';
import { AsyncLocalStorage } from 'node:async_hooks';
import { StatementSync, type StatementResultingChanges } from 'node:sqlite';
import { crawlOnce } from '../../src/crawler/crawler.ts';
import type { CrawlContext } from '../../src/crawler/crawl-pass.ts';
import { documentId } from '../../src/documents/run-key.ts';
import type { LedgerEntry, RunDocuments, Store } from '../../src/store/store.ts';
import { StoreError } from '../../src/util/errors.ts';
import { applicationOf, MemorySource, sourceFault } from '../support/memory-source.ts';
import { around } from './around.ts';
import { inSoak } from './scale.ts';
import { memoryStore, simulatedContext, storedRuns } from './simulated-daemon.ts';

const RUNS = inSoak(50, 20);
const AT_A_TIME = 16;
const NEVER = new AbortController().signal;
const NAMES = Array.from({ length: RUNS }, (_, number) => `app-${String(number).padStart(2, '0')}`);

/** Counts calls, and throws in the k-th. */
class Fuse {
  calls = 0;
  readonly #blowsAt: number;
  readonly #fault: () => Error;

  constructor(blowsAt: number, fault: () => Error) {
    this.#blowsAt = blowsAt;
    this.#fault = fault;
  }

  get isBlown(): boolean {
    return this.calls >= this.#blowsAt;
  }

  call(): void {
    this.calls += 1;
    if (this.calls === this.#blowsAt) throw this.#fault();
  }
}

/** Where the faults come from: makes one kind of outside call go through the fuse. */
interface Place {
  readonly name: string;
  readonly faults: Readonly<Record<string, () => Error>>;
  /** So many calls of this kind a crawl makes at least, counted by hand. */
  readonly calls: number;
  /** Crawls with the k-th call of this kind failing. */
  readonly crawl: (context: CrawlContext, fuse: Fuse, source: MemorySource) => Promise<void>;
}

const crawlQuietly = async (context: CrawlContext): Promise<void> => {
  // What cannot be had ends a single pass; that is no loss, the next one starts from what is stored.
  await crawlOnce([context], { signal: NEVER }).catch(() => undefined);
};

/** Each call of the store throws before it does anything, or after it has done it: then its answer is lost. */
function fusedStore(store: Store, fuse: Fuse, isDoneFirst: boolean): Store {
  return new Proxy(store, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      if (String(property).startsWith('find')) {
        return async function* (...args: readonly unknown[]) {
          if (!isDoneFirst) fuse.call();
          yield* Reflect.apply(value, target, args) as AsyncIterable<unknown>;
          if (isDoneFirst) fuse.call();
        };
      }
      return async (...args: readonly unknown[]): Promise<unknown> => {
        if (!isDoneFirst) fuse.call();
        const result: unknown = await Reflect.apply(value, target, args);
        if (isDoneFirst) fuse.call();
        return result;
      };
    },
  });
}

/** A store that is not its own ledger: what is to be saved counts as done before it is. For the negative control. */
function ledgerBeside(store: Store, done: Map<string, LedgerEntry>): Store {
  return around(store, {
    readLedger: () => Promise.resolve(done),
    saveRuns(runs: readonly RunDocuments[]) {
      for (const { key, aggregate } of runs) done.set(documentId(key), aggregate.spot);
      return store.saveRuns(runs);
    },
  });
}

const STORE_FAULTS = {
  'an error that may be repeated': () => new StoreError('STORE_UNAVAILABLE', 'made by the test', { retryable: true }),
  'an error that may not': () => new StoreError('STORE_FORBIDDEN', 'made by the test'),
  'an error of nobody knows what': () => new TypeError('made by the test'),
};

/** What the statements of a crawl, and of no other, go through. */
const disk = new AsyncLocalStorage<Fuse>();

/** An error as `node:sqlite` throws it. @see https://www.sqlite.org/rescode.html */
function sqliteError(errcode: number): () => Error {
  return () => Object.assign(new Error('made by the test'), { code: 'ERR_SQLITE_ERROR', errcode });
}

const PLACES: readonly Place[] = [
  {
    name: 'call of the source',
    faults: {
      'no connection': () => sourceFault('SOURCE_UNAVAILABLE'),
      'a refusal': () => sourceFault('SOURCE_UNAUTHORIZED', false),
      'an error of nobody knows what': () => new TypeError('made by the test'),
    },
    // The list, each run, and the list again, which brings nothing new.
    calls: RUNS + 2,
    crawl: async (context, fuse, source) => {
      source.onCall = () => {
        fuse.call();
      };
      await crawlQuietly(context);
      source.onCall = () => undefined;
    },
  },
  {
    name: 'call of the store',
    faults: STORE_FAULTS,
    // The ledger twice, the errors once, a batch for 16 runs, and what is left of errors twice.
    calls: 5 + Math.ceil(RUNS / 16),
    crawl: (context, fuse) => crawlQuietly({ ...context, store: fusedStore(context.store, fuse, false) }),
  },
  {
    name: 'answer of the store',
    faults: STORE_FAULTS,
    // The ledger twice, the errors once, a batch for 16 runs, and what is left of errors twice.
    calls: 5 + Math.ceil(RUNS / 16),
    crawl: (context, fuse) => crawlQuietly({ ...context, store: fusedStore(context.store, fuse, true) }),
  },
  {
    name: 'statement on the disk',
    faults: { 'a full disk': sqliteError(13), 'a failing disk': sqliteError(10), 'a locked file': sqliteError(5) },
    // Raw and agg of each run.
    calls: 2 * RUNS,
    crawl: (context, fuse) => disk.run(fuse, () => crawlQuietly(context)),
  },
];

describe('faults: the k-th outside call fails, for every k', function () {
  this.timeout(inSoak(1_800_000, 60_000));

  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own this below
  const originalRun = StatementSync.prototype.run;
  before(() => {
    StatementSync.prototype.run = function (...args: readonly unknown[]) {
      disk.getStore()?.call();
      return Reflect.apply(originalRun, this, args) as StatementResultingChanges;
    };
  });
  after(() => {
    StatementSync.prototype.run = originalRun;
  });

  /** Crawls the applications while the k-th call fails, then once more; tells whether there was a k-th call. */
  async function crawlWithFault(place: Place, k: number, fault: () => Error): Promise<boolean> {
    const source = new MemorySource();
    source.applications = NAMES.map((name, number) => applicationOf(name, { endsAt: number * 60 }));
    await using store = await memoryStore();
    const context = simulatedContext(source, store, { seconds: 10_000 }, { store_patience_seconds: 5 });
    const fuse = new Fuse(k, fault);

    await place.crawl(context, fuse, source);
    if (!fuse.isBlown) return false;
    await crawlOnce([context], { signal: NEVER });

    expect(await storedRuns(store), `call ${k}`).to.deep.equal(NAMES);
    expect(await store.stats(), `call ${k}`).to.include({ raw: RUNS, agg: RUNS, err: 0 });
    return true;
  }

  for (const place of PLACES) {
    for (const [what, fault] of Object.entries(place.faults)) {
      it(`R6: ${place.name}, ${what}: after the next pass all ${RUNS} runs are stored once, whichever call it was`, async () => {
        let failed = 0;
        // Some at a time, because whoever waits for a store waits in real time.
        for (let k = 1; failed === k - 1; k += AT_A_TIME) {
          const some = Array.from({ length: AT_A_TIME }, (_, index) => crawlWithFault(place, k + index, fault));
          failed += (await Promise.all(some)).filter(Boolean).length;
        }

        expect(failed, 'calls that failed').to.be.at.least(place.calls);
      });
    }
  }

  it('negative control: with a ledger beside the store that is written first, a failed write loses runs', async () => {
    const source = new MemorySource();
    source.applications = NAMES.map((name, number) => applicationOf(name, { endsAt: number * 60 }));
    await using store = await memoryStore();
    const context = simulatedContext(source, store, { seconds: 10_000 });
    const done = new Map<string, LedgerEntry>();
    // The errors are asked for first, then comes the first batch.
    const fuse = new Fuse(2, STORE_FAULTS['an error that may not']);

    await crawlQuietly({ ...context, store: ledgerBeside(fusedStore(store, fuse, false), done) });
    await crawlOnce([{ ...context, store: ledgerBeside(store, done) }], { signal: NEVER });

    expect(fuse.isBlown).to.equal(true);
    expect((await storedRuns(store)).length).to.be.below(RUNS);
  });
});
