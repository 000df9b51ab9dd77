import { seededRandom } from '../../src/regression/random.ts';
import { normalQuantile } from '../../src/regression/distributions.ts';
import type { Configuration, HistoryRun } from '../../src/setter/history-run.ts';
import { propose, record, recordFailure, startSession, type TuningContext } from '../../src/tuning/advance.ts';
import type { TuningSession, TuningSettings } from '../../src/tuning/session.ts';
import { CONTEXT, GIB, runOf, START } from './sessions.ts';

/** An application whose law the tuner does not know; times in milliseconds. */
export interface Truth {
  /** On the driver, whatever it is given. */
  readonly serialMs: number;
  /** Of one slot for 10 GiB. */
  readonly workMs: number;
  /** Of each task. */
  readonly taskMs: number;
  /** MiB that one task needs for each MiB it works on; with less it spills and takes longer in proportion. */
  readonly memoryNeed: number;
  readonly spillFactor: number;
  /** Below so many MiB of heap for a core it fails. */
  readonly leastMib: number;
  /** Standard deviation of the logarithm of time. */
  readonly noise: number;
}

export function trueMs(truth: Truth, configuration: Configuration, inputBytes: number): number {
  const { executors, coresPerExecutor, shufflePartitions } = configuration;
  const slots = executors * coresPerExecutor;
  const size = inputBytes / (10 * GIB);
  const waves = Math.ceil(shufflePartitions / slots);
  const spills = isSpilling(truth, configuration, inputBytes) ? truth.spillFactor : 1;
  const perTask = (truth.workMs * size * spills) / shufflePartitions + truth.taskMs;
  return truth.serialMs + waves * perTask;
}

function isSpilling({ memoryNeed }: Truth, configuration: Configuration, inputBytes: number): boolean {
  const { memoryMib, coresPerExecutor, shufflePartitions } = configuration;
  return (inputBytes / 2 ** 20 / shufflePartitions) * memoryNeed > memoryMib / coresPerExecutor;
}

/** Runs a session to its end. @returns it after each round */
export function tune(
  truth: Truth,
  settings: TuningSettings,
  seed: number,
  context: TuningContext = CONTEXT,
): TuningSession[] {
  const random = seededRandom(seed);
  const noise = (): number => Math.exp(truth.noise * normalQuantile(Math.min(0.9999, Math.max(0.0001, random()))));
  let count = 0;
  const run = (configuration: Configuration): HistoryRun | undefined => {
    count += 1;
    const inputBytes = 10 * GIB * (0.8 + 0.4 * random());
    if (configuration.memoryMib / configuration.coresPerExecutor < truth.leastMib) return undefined;
    const durationMs = Math.round(trueMs(truth, configuration, inputBytes) * noise());
    const spilledBytes = isSpilling(truth, configuration, inputBytes) ? inputBytes : 0;
    return runOf(`run-${count}`, durationMs, configuration, { inputBytes, spilledBytes });
  };
  const first = run(START);
  if (first === undefined) throw new Error('the start must not fail');
  let session = startSession({ tag: 'etl', settings, runs: [first], now: context.now });
  const after: TuningSession[] = [];
  for (let step = 0; step < 50; step += 1) {
    session = propose(session, context, 10 * GIB);
    after.push(session);
    if (session.pending === undefined) break;
    const done = run(session.pending.configuration);
    session = done === undefined ? recordFailure(session, `run-${count}`) : record(session, done, context);
    after.push(session);
  }
  return after;
}
