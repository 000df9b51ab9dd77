import { fitHistory, median, settingOf, type HistoryModel } from '../history-model.ts';
import { newestFirst, type Configuration, type HistoryRun } from '../history-run.ts';
import { faultsOf } from '../launch-properties.ts';
import type { Question } from '../question.ts';
import { executorGrid, type Candidate, type Step } from '../step.ts';

/** Below it the interval is too wide to be of use, and simulating one run says more. */
const LEAST_SETTINGS = 5;
/** How far beyond the numbers of executors seen the model is asked. */
const REACH = 2;
/** A larger input than this would not have fitted either: spilling runs up to it count. */
const SAME_SIZE_RATIO = 1.15;
const MOST_SHAPES = 12;

/**
 * The model of the application itself.
 *
 * @returns `undefined` with fewer than 5 different settings, or when all runs had the same number of executors
 */
export function modelStep(runs: readonly HistoryRun[], question: Question): Step | undefined {
  const own = newestFirst(runs);
  const [newest] = own;
  if (newest === undefined) return undefined;
  const fitted = fitHistory(own);
  if (fitted.distinctSettings < LEAST_SETTINGS || !fitted.learned.includes('executors')) return undefined;

  const counts = own.map(({ configuration }) => configuration.executors);
  const grid = executorGrid(Math.min(...counts) / REACH, Math.max(...counts) * REACH, counts);
  const spilled = own.filter((run) => run.spilledBytes > 0 && run.inputBytes <= question.inputBytes * SAME_SIZE_RATIO);
  const configurations = shapesOf(own)
    .filter((shape) => !spilled.some((run) => isSurelyWorse(shape, run.configuration)))
    .flatMap((shape) => grid.map((executors) => ({ ...shape, executors })))
    .filter((configuration) => faultsOf(configuration, question.limits, newest.sparkVersion).length === 0);
  const candidate = (configuration: Configuration): Candidate => ({
    configuration,
    estimate: estimateOf(fitted, configuration, question.inputBytes),
  });
  const { error, range } = fitted.model.document;
  const size = range['inputBytes'];
  return {
    name: 'model',
    candidates: configurations.map(candidate),
    usual: candidate(newest.configuration),
    sparkVersion: newest.sparkVersion,
    reasons: {
      num_executors: `the model of ${own.length} runs with ${Math.min(...counts)} to ${Math.max(...counts)} executors, ${error === null ? 'of unknown error' : `${Math.round(error.mape * 100)} % off on runs left out`}`,
      executor_memory_mb:
        spilled.length > 0
          ? `${spilled.length} runs of this size spilled: nothing with less memory per core and no more partitions than they had`
          : 'no run of this size spilled with it',
      executor_cores: learnt(fitted, 'coresPerExecutor'),
      shuffle_partitions: learnt(fitted, 'shufflePartitions'),
    },
    caveats: [
      ...(size !== undefined && (question.inputBytes > size.max || question.inputBytes < size.min)
        ? ['the input size lies outside of what was seen']
        : []),
      ...(!fitted.learned.includes('inputBytes') && own.every((run) => run.inputBytes !== question.inputBytes)
        ? ['all runs had the same input size: the effect of size is not known and was left out']
        : []),
    ],
    basedOn: own.map(({ run, application, durationMs, inputBytes }) => ({
      run,
      application,
      durationMs,
      inputBytes,
      similarity: 1,
    })),
  };
}

function learnt(fitted: HistoryModel, name: 'coresPerExecutor' | 'shufflePartitions'): string {
  return fitted.learned.includes(name)
    ? 'of the values the runs had, the one that the model prefers'
    : 'as in all runs: what another value does is not known';
}

/** Executors of the sizes that were run, newest first; what the driver has is as in the newest run. */
function shapesOf(own: readonly HistoryRun[]): Configuration[] {
  const [newest] = own;
  const shapes = new Map<string, Configuration>();
  for (const { configuration } of own) {
    const { coresPerExecutor, memoryMib, shufflePartitions } = configuration;
    const key = [coresPerExecutor, memoryMib, shufflePartitions].join(' ');
    const base = newest?.configuration ?? configuration;
    if (!shapes.has(key) && shapes.size < MOST_SHAPES)
      shapes.set(key, { ...base, coresPerExecutor, memoryMib, shufflePartitions });
  }
  return [...shapes.values()];
}

/** Less memory per core and no more partitions than a run that spilled. */
function isSurelyWorse(shape: Configuration, spilled: Configuration): boolean {
  return (
    shape.memoryMib / shape.coresPerExecutor < spilled.memoryMib / spilled.coresPerExecutor &&
    shape.shufflePartitions <= spilled.shufflePartitions
  );
}

function estimateOf(fitted: HistoryModel, configuration: Configuration, inputBytes: number): Candidate['estimate'] {
  const setting = { ...configuration, inputBytes };
  const { value } = fitted.predict(setting, 0.9);
  return { durationMs: value, interval: (confidence) => fitted.predict(setting, confidence).interval };
}

/** The middle of the inputs of the runs, for a question that names none. */
export function usualInput(runs: readonly HistoryRun[]): number {
  return median(runs.map((run) => settingOf(run).inputBytes));
}
