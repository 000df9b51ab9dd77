import { Worker } from 'node:worker_threads';
import type { Verdict } from './verdict.ts';

/** Cases `from` (inclusive) to `to` (exclusive) of a seed. */
export interface CaseRange {
  readonly kind: 'logs' | 'documents';
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** A bug to be found, for the negative control. */
  readonly sabotage?: Sabotage | undefined;
}

export interface Sabotage {
  readonly number: number;
  readonly how: 'hang' | 'never answer' | 'throw later' | 'throw at once' | 'exhaust the memory';
}

export type CaseAnswer = Verdict & { readonly number: number; readonly ms: number };

export interface Complaint {
  readonly number: number;
  readonly what: string;
}

export interface CasesReport {
  readonly judged: number;
  /** How many cases came to what. */
  readonly outcomes: ReadonlyMap<string, number>;
  readonly complaints: readonly Complaint[];
  readonly slowestMs: number;
}

const MEMORY_MB = 512;
/** The others are of the same few bugs. */
const MOST_COMPLAINTS = 20;

/**
 * Judges cases in threads of their own, so that one that hangs or dies is seen, reported and left behind.
 *
 * @param hangMs - a case that takes longer hangs; its thread is ended, and a new one goes on with the next case
 */
export async function judgeCases(range: CaseRange, options: { threads: number; hangMs: number }): Promise<CasesReport> {
  const { threads, hangMs } = options;
  const outcomes = new Map<string, number>();
  const complaints: Complaint[] = [];
  let [judged, slowestMs] = [0, 0];
  const onAnswer = ({ number, outcome, complaint, ms }: CaseAnswer): void => {
    judged += 1;
    slowestMs = Math.max(slowestMs, ms);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (complaint !== undefined) complaints.push({ number, what: complaint });
  };
  const share = Math.ceil((range.to - range.from) / threads);
  await Promise.all(
    Array.from({ length: threads }, async (_, thread) => {
      const to = Math.min(range.to, range.from + (thread + 1) * share);
      for (let from = range.from + thread * share; from < to && complaints.length < MOST_COMPLAINTS;) {
        const died = await judgeInThread({ ...range, from, to }, hangMs, onAnswer);
        if (died === undefined) return;
        onAnswer({ ...died, outcome: 'died', complaint: died.what, ms: 0 });
        from = died.number + 1;
      }
    }),
  );
  return { judged, outcomes, complaints, slowestMs };
}

/** @returns the case in which the thread hung or ended; undefined when it came to its last one */
async function judgeInThread(
  range: CaseRange,
  hangMs: number,
  onAnswer: (answer: CaseAnswer) => void,
): Promise<Complaint | undefined> {
  const worker = new Worker(new URL('./case-worker.ts', import.meta.url), {
    workerData: range,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  let number = range.from;
  let heardAt = Infinity;
  const ended = Promise.withResolvers<Complaint | undefined>();
  const watchdog = setInterval(() => {
    if (performance.now() - heardAt > hangMs)
      ended.resolve({ number, what: `hangs: no verdict within ${hangMs / 1000} s` });
  }, hangMs / 20);
  // Reading the fixtures is not part of the first case.
  worker.once('online', () => (heardAt = performance.now() + START_MS));
  worker.on('message', (answer: CaseAnswer) => {
    onAnswer(answer);
    number = answer.number + 1;
    heardAt = performance.now();
    if (number >= range.to) ended.resolve(undefined);
  });
  worker.on('error', (error: Error) => {
    ended.resolve({ number, what: `dies: ${error.stack ?? error.message}` });
  });
  worker.on('exit', (code) => {
    ended.resolve(number >= range.to ? undefined : { number, what: `dies: the thread ended with ${code}` });
  });
  try {
    return await ended.promise;
  } finally {
    clearInterval(watchdog);
    await worker.terminate();
  }
}

/** A thread needs some time to load what it judges with. */
const START_MS = 20_000;
