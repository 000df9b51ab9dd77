import { boundsOf, contradicts, type Bounds } from '../bounds.ts';
import { countSettings, fitHistory, median, settingOf, type HistoryModel } from '../history-model.ts';
import { newestFirst, type Configuration, type HistoryRun } from '../history-run.ts';
import { grantable } from '../launch-properties.ts';
import type { LearnedModel } from '../kept-models.ts';
import type { Question } from '../question.ts';
import { shortlist } from '../shortlist.ts';
import { executorGrid, type Candidate, type Step } from '../step.ts';

/** Below it the interval is too wide to be of use, and simulating one run says more. */
const LEAST_SETTINGS = 5;
/** How far beyond the numbers of executors seen the model is asked. */
const REACH = 2;
/** A larger input than this would not have fitted either: spilling runs up to it count. */
const SAME_SIZE_RATIO = 1.15;
const MOST_SHAPES = 12;
/** More numbers of executors than this are as good as a grid. */
const MOST_SEEN = 6;

/**
 * The model of the application itself.
 *
 * @param given - the model of these runs, where it is known already; fitted here without
 * @returns `undefined` with fewer than 5 different settings, or when all runs had the same number of executors
 */
export function modelStep(
  runs: readonly HistoryRun[],
  question: Question,
  given?: Pick<LearnedModel, 'fitted' | 'runsSinceFit'>,
): Step | undefined {
  const own = newestFirst(runs);
  const [newest] = own;
  if (newest === undefined) return undefined;
  const fitted = given?.fitted ?? fitHistory(own);
  if (fitted.distinctSettings < LEAST_SETTINGS || !fitted.learned.includes('executors')) return undefined;

  const counts = own.map(({ configuration }) => configuration.executors);
  const seen = new Set(counts);
  const grid = executorGrid(
    Math.min(...counts) / REACH,
    Math.max(...counts) * REACH,
    seen.size <= MOST_SEEN ? [...seen] : [newest.configuration.executors],
  );
  const bounds = boundsOf(own, question.inputBytes);
  const isContradicted = contradicts(own, question.inputBytes);
  const spilled = own.filter((run) => run.spilledBytes > 0 && run.inputBytes <= question.inputBytes * SAME_SIZE_RATIO);
  const configurations = shortlist(
    shapesOf(own, bounds)
      .filter((shape) => !isContradicted(shape))
      .flatMap((shape) => grid.map((executors) => ({ ...shape, executors })))
      .filter(grantable(question.limits, newest.sparkVersion)),
    (configuration) => fitted.roughly({ ...configuration, inputBytes: question.inputBytes }),
  );
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
        bounds.because.length > 0
          ? `of the runs of this size ${bounds.because.join(', ')}: not less for each core than they had`
          : spilled.length > 0
            ? `${spilled.length} runs of this size spilled: nothing with less memory per core and no more partitions than they had`
            : 'no run of this size spilled with it',
      executor_cores: learnt(fitted, 'coresPerExecutor'),
      shuffle_partitions:
        bounds.mostPartitions < Infinity
          ? 'not more than the newest run had: a few large tasks spilled, which more partitions would not help'
          : learnt(fitted, 'shufflePartitions'),
    },
    caveats: [
      ...(given === undefined || given.runsSinceFit === 0
        ? []
        : [`the stored model does not know the ${given.runsSinceFit} newest runs yet (spot fit --save)`]),
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

/** Whether the runs differ enough for a model, known before one is fitted. */
export function hasEnoughSettings(runs: readonly HistoryRun[]): boolean {
  return (
    countSettings(runs) >= LEAST_SETTINGS && new Set(runs.map(({ configuration }) => configuration.executors)).size > 1
  );
}

function learnt(fitted: HistoryModel, name: 'coresPerExecutor' | 'shufflePartitions'): string {
  return fitted.learned.includes(name)
    ? 'of the values the runs had, the one that the model prefers'
    : 'as in all runs: what another value does is not known';
}

/** Executors of the sizes that were run, newest first; what the driver has is as in the newest run. */
function shapesOf(own: readonly HistoryRun[], { leastHeapPerCore }: Bounds): Configuration[] {
  const [newest] = own;
  const shapes = new Map<string, Configuration>();
  for (const { configuration } of own) {
    const { coresPerExecutor, memoryMib, shufflePartitions } = configuration;
    const key = [coresPerExecutor, memoryMib, shufflePartitions].join(' ');
    const base = newest?.configuration ?? configuration;
    if (!shapes.has(key) && shapes.size < MOST_SHAPES)
      shapes.set(key, { ...base, coresPerExecutor, memoryMib, shufflePartitions });
  }
  // As the newest, with the memory that the findings ask for: runs may have had enough of it only with other partitions.
  const base = newest?.configuration;
  if (base !== undefined && base.memoryMib < leastHeapPerCore * base.coresPerExecutor)
    shapes.set('enough', { ...base, memoryMib: Math.ceil(leastHeapPerCore * base.coresPerExecutor) });
  return [...shapes.values()];
}

function estimateOf(fitted: HistoryModel, configuration: Configuration, inputBytes: number): Candidate['estimate'] {
  const setting = { ...configuration, inputBytes };
  const predict = fitted.at(setting);
  return { durationMs: predict(0.9).value, interval: (confidence) => predict(confidence).interval };
}

/** The middle of the inputs of the runs, for a question that names none. */
export function usualInput(runs: readonly HistoryRun[]): number {
  return median(runs.map((run) => settingOf(run).inputBytes));
}
