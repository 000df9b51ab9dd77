/**
 * Suggestions put to the test: for 20 questions (input × what is asked) the top suggestion is run on Spark, and Spark's defaults on the
 * same input: 2 executors of 1 core and 1 GiB as on YARN, 200 shuffle partitions.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runSweep, type SweepSetting } from '../scripts/spark/sweep.ts';
import { modelStep } from '../src/setter/steps/model-step.ts';
import type { Configuration, HistoryRun } from '../src/setter/history-run.ts';
import { suggestionOf, type Suggestion } from '../src/setter/suggestion.ts';
import type { Priority, Question } from '../src/setter/question.ts';
import type { Figure } from './support/goals.ts';
import { sweptRuns } from './sweep-record.ts';

const TRIALS = new URL('../test/fixtures/spark-sweep/trials.ndjson', import.meta.url);
const MIB = 2 ** 20;
const SIZES_MIB = [1, 2, 3, 4, 5] as const;
/** Seconds within which it must be done, or none. */
const QUESTIONS: readonly { readonly priority: Priority; readonly slaS?: number }[] = [
  { priority: 'performance' },
  { priority: 'balanced' },
  { priority: 'cost', slaS: 60 },
  { priority: 'balanced', slaS: 45 },
];
const DEFAULTS: Configuration = {
  executors: 2,
  coresPerExecutor: 1,
  memoryMib: 1024,
  shufflePartitions: 200,
  driverCores: 1,
  driverMemoryMib: 1024,
  isDynamic: false,
};

export interface SweepTrial {
  readonly id: string;
  readonly inputMib: number;
  readonly configuration: Configuration;
  readonly predictedMs: number;
  readonly lowMs: number;
  readonly highMs: number;
  readonly tookMs: number;
  readonly defaultsMs: number;
}

/** The suggestion for each question from the recorded runs; a question that nothing qualifies for is no trial. */
export function sweepTrials(runs: readonly HistoryRun[]): (Omit<SweepTrial, 'tookMs' | 'defaultsMs'> & SweepSetting)[] {
  return SIZES_MIB.flatMap((inputMib) =>
    QUESTIONS.flatMap(({ priority, slaS }, i) => {
      const question: Question = {
        inputBytes: inputMib * MIB,
        priority,
        slaMs: slaS === undefined ? undefined : slaS * 1000,
        confidence: 0.9,
        limits: { platform: 'standalone', maxExecutors: 4 },
      };
      const step = modelStep(runs, question);
      const suggestion = step && suggestionOf(step, question, { vcpu_hour: 0.05, gib_hour: 0.005, currency: 'USD' });
      if (suggestion === undefined) return [];
      const { predicted_duration_ms: predictedMs, predicted_duration_interval_ms: interval } = suggestion;
      const configuration = configurationOf(suggestion);
      if (configuration === undefined || predictedMs === null || interval === null) return [];
      const id = `${inputMib}-${priority}-${i}`;
      return [
        {
          id,
          inputMib,
          configuration,
          predictedMs,
          lowMs: interval.low,
          highMs: interval.high,
          conf: confOf(configuration),
        },
      ];
    }),
  );
}

/** Runs what is missing and writes the fixture. */
export async function runTrials(
  runs: readonly HistoryRun[],
  { scratch, sessions }: { readonly scratch: string; readonly sessions: number },
  until = new Date(Date.now() + 6 * 3_600_000),
): Promise<void> {
  const trials = sweepTrials(runs);
  const defaults = SIZES_MIB.flatMap((inputMib): SweepSetting[] => [
    { id: `defaults-${inputMib}`, inputMib, conf: confOf(DEFAULTS) },
  ]);
  const plan = [...trials.map(({ id, inputMib, conf }) => ({ id, inputMib, conf })), ...defaults];
  const out = join(scratch, 'verify');
  await runSweep({ plan, out, scratch, sessions, until });
  const took = new Map((await sweptRuns(out)).map(({ run, durationMs }) => [run, durationMs]));
  const done = trials.flatMap(({ conf: _conf, ...trial }): SweepTrial[] => {
    const [tookMs, defaultsMs] = [took.get(trial.id), took.get(`defaults-${trial.inputMib}`)];
    return tookMs === undefined || defaultsMs === undefined ? [] : [{ ...trial, tookMs, defaultsMs }];
  });
  writeFileSync(TRIALS, done.map((trial) => `${JSON.stringify(trial)}\n`).join(''));
}

export function readTrials(): SweepTrial[] {
  if (!existsSync(TRIALS)) return [];
  return readFileSync(TRIALS, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as SweepTrial);
}

export function trialFigures(trials: readonly SweepTrial[]): Figure[] {
  if (trials.length === 0) return [];
  const share = (is: (trial: SweepTrial) => boolean): number => (100 * trials.filter(is).length) / trials.length;
  return [
    { what: 'suggestions that were run', value: trials.length, unit: '', atLeast: 20 },
    {
      what: 'their time within the 90 % interval',
      value: share(({ tookMs, lowMs, highMs }) => lowMs <= tookMs && tookMs <= highMs),
      unit: '%',
      atLeast: 85,
    },
    {
      what: "quicker than Spark's defaults",
      value: share(({ tookMs, defaultsMs }) => tookMs < defaultsMs),
      unit: '%',
      atLeast: 90,
    },
  ];
}

function confOf({ executors, coresPerExecutor, memoryMib, shufflePartitions }: Configuration): Record<string, string> {
  return {
    'spark.cores.max': String(executors * coresPerExecutor),
    'spark.executor.cores': String(coresPerExecutor),
    'spark.executor.memory': `${memoryMib}m`,
    'spark.sql.shuffle.partitions': String(shufflePartitions),
  };
}

function configurationOf(suggestion: Suggestion): Configuration | undefined {
  const { num_executors: executors, executor_cores: cores, executor_memory_mb: memory } = suggestion;
  const { shuffle_partitions: partitions } = suggestion;
  if (executors === null || cores === null || memory === null || partitions === null) return undefined;
  return { ...DEFAULTS, executors, coresPerExecutor: cores, memoryMib: memory, shufflePartitions: partitions };
}
