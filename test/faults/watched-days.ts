import type { CrawlContext } from '../../src/crawler/crawl-pass.ts';
import type { ErrorDocument } from '../../src/documents/documents.ts';
import type { RunSource } from '../../src/sources/run-source.ts';
import { around } from './around.ts';
import { memoryStore, SimulatedDaemon, simulatedContext, storedRuns } from './simulated-daemon.ts';
import type { SimulatedClock } from './simulated-server.ts';

const DAY = 24 * 60 * 60;
export const MOST_TRIES_A_DAY = 10;

/** Where runs come from, and how a test makes one that has just ended. */
export interface World {
  readonly clock: SimulatedClock;
  readonly source: RunSource;
  /** @param isBad - it can never be read; what the source throws costs nothing yet */
  readonly bring: (id: string, endsAt: number, isBad: boolean) => Promise<void> | void;
}

export interface DaysOptions {
  readonly runs: number;
  readonly days: number;
  readonly pollSeconds: number;
  readonly isBad: (number: number) => boolean;
  /** What the answer to a question about a bad run takes, with all tries of the client. */
  readonly badAnswerSeconds: number;
}

/** What came of some days, kept by who made the runs and who watched; none of it by who crawled. */
export interface Days {
  readonly good: readonly string[];
  /** When each bad run was asked for, in seconds. */
  readonly tries: ReadonlyMap<string, readonly number[]>;
  readonly stored: readonly string[];
  /** Seconds from the end of a good run to its storage, 95 of 100. */
  readonly p95: number;
}

export interface Crawling {
  readonly poll: () => Promise<void>;
  /** @returns the applications whose runs are stored */
  readonly stop: () => Promise<readonly string[]>;
}

/** @param told - to be called with the application of each run that is stored */
export type Crawler = (
  source: RunSource,
  clock: SimulatedClock,
  told: (appId: string) => void,
) => Promise<Crawling> | Crawling;

/** Lets runs end evenly in the first day, some of which can never be read, and a crawler poll for some days. */
export async function watchDays({ clock, source, bring }: World, options: DaysOptions, open: Crawler): Promise<Days> {
  const { runs, days, pollSeconds, isBad, badAnswerSeconds } = options;
  const ends = new Map<string, number>();
  const tries = new Map<string, number[]>();
  const delays: number[] = [];
  const watched = around(source, {
    async fetchAttempt(application, attempt, callOptions) {
      tries.get(application.id)?.push(clock.seconds);
      try {
        return await source.fetchAttempt(application, attempt, callOptions);
      } catch (error) {
        clock.seconds += badAnswerSeconds;
        throw error;
      }
    },
  });
  const crawling = await open(watched, clock, (id) => {
    delays.push(clock.seconds - (ends.get(id) ?? NaN));
  });

  const startedAt = clock.seconds;
  let next = 0;
  for (; clock.seconds < startedAt + days * DAY; clock.seconds += pollSeconds) {
    for (; next < runs && startedAt + (next * DAY) / runs <= clock.seconds; next++) {
      const id = `${isBad(next) ? 'bad' : 'good'}-${String(next).padStart(6, '0')}`;
      const endsAt = Math.floor(startedAt + (next * DAY) / runs);
      await bring(id, endsAt, isBad(next));
      if (isBad(next)) tries.set(id, []);
      else ends.set(id, endsAt);
    }
    await crawling.poll();
  }
  return { good: [...ends.keys()], tries, stored: await crawling.stop(), p95: percentile(delays, 0.95) };
}

/** What of R13 does not hold, in words: bad runs hold up no others, and are asked for seldom. */
export function complaintsAbout({ good, tries, stored, p95 }: Days, clean: Pick<Days, 'p95'>): string[] {
  const wrong: string[] = [];
  if (new Set(good).symmetricDifference(new Set(stored)).size > 0) wrong.push('others are lost');
  if (p95 > 1.2 * clean.p95) wrong.push('others are late');
  for (const times of tries.values()) {
    const most = Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + DAY).length));
    if (times.length === 0) wrong.push('a bad one was never tried');
    if (most > MOST_TRIES_A_DAY) wrong.push('a bad one is tried too often');
  }
  return [...new Set(wrong)].sort();
}

/** Spot's daemon. @param errors - gets the error documents that it leaves */
export function spotsDaemon(errors: ErrorDocument[], settings: Partial<CrawlContext['settings']> = {}): Crawler {
  return async (source, clock, told) => {
    const store = await memoryStore();
    const observer: CrawlContext['observer'] = {
      runSaved: ({ appId }) => {
        told(appId);
      },
    };
    const daemon = new SimulatedDaemon({ ...simulatedContext(source, store, clock, settings), observer });
    return {
      poll: () => daemon.poll(),
      async stop() {
        await daemon.stop();
        errors.push(...(await Array.fromAsync(store.findErrors({}))));
        const stored = (await storedRuns(store)).map((run) => run.replace(/\/.*/, ''));
        await store[Symbol.asyncDispose]();
        return stored;
      },
    };
  };
}

/** A crawler as one writes it first: the oldest run first, and what fails is asked for again until it comes. */
export const stubbornCrawler: Crawler = (source, _clock, told) => {
  const stored = new Set<string>();
  return {
    async poll() {
      for (const application of (await Array.fromAsync(source.listApplications({}))).reverse()) {
        const [attempt] = application.attempts;
        if (attempt === undefined || stored.has(application.id)) continue;
        try {
          await source.fetchAttempt(application, attempt);
        } catch {
          return;
        }
        stored.add(application.id);
        told(application.id);
      }
    },
    stop: () => Promise.resolve([...stored]),
  };
};

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}
