import { parentPort, workerData } from 'node:worker_threads';
import { toError } from '../../../src/util/errors.ts';
import { documentCase } from './document-cases.ts';
import { judgeDocument } from './judge-document.ts';
import { judgeLog } from './judge-log.ts';
import { logCase } from './log-cases.ts';
import { inFull, type Verdict } from './verdict.ts';
import type { CaseAnswer, CaseRange, Sabotage } from './watched-cases.ts';

const JUDGES: Readonly<Record<CaseRange['kind'], (seed: number, number: number) => Promise<Verdict>>> = {
  logs: (seed, number) => judgeLog(logCase(seed, number)),
  documents: (seed, number) => judgeDocument(documentCase(seed, number)),
};

/** What a parser with a bug would do. */
const SABOTAGES: Readonly<Record<Sabotage['how'], () => Verdict>> = {
  hang: () => {
    for (;;);
  },
  'never answer': () => {
    process.exit(0);
  },
  'throw later': () => {
    setImmediate(() => {
      throw new Error('thrown by the test');
    });
    return { outcome: 'told' };
  },
  'throw at once': () => {
    throw new TypeError('thrown by the test');
  },
  'exhaust the memory': () => {
    const taken: unknown[] = [];
    for (;;) taken.push(Array.from({ length: 10_000 }, () => ({})));
  },
};

const { kind, seed, from, to, sabotage } = workerData as CaseRange;
for (let number = from; number < to; number++) {
  const started = performance.now();
  let verdict: Verdict;
  try {
    verdict = sabotage?.number === number ? SABOTAGES[sabotage.how]() : await JUDGES[kind](seed, number);
  } catch (error) {
    verdict = { outcome: 'thrown', complaint: `not caught: ${inFull(toError(error))}` };
  }
  parentPort?.postMessage({ number, ...verdict, ms: performance.now() - started } satisfies CaseAnswer);
  // What was thrown in a later turn must not be taken for that of a later case.
  if (sabotage?.number === number) await new Promise(setImmediate);
}
