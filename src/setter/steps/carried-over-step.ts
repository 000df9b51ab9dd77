import { studentQuantile } from '../../regression/distributions.ts';
import { contradicts } from '../bounds.ts';
import type { Estimate } from '../estimate.ts';
import { fitHistory, type HistoryModel } from '../history-model.ts';
import { newestFirst, type Configuration, type HistoryRun } from '../history-run.ts';
import { grantable } from '../launch-properties.ts';
import type { Question } from '../question.ts';
import type { SimilarModels } from '../similar-models.ts';
import { executorGrid, type Candidate, type Step } from '../step.ts';

/** How far beyond the numbers of executors that were run. */
const REACH = 4;
/** Degrees of freedom of an interval that no left-out run has checked: as the calibration has it without scores. */
const UNCHECKED = 4;

/**
 * The few runs of an application, with what similar applications taught about how it scales: the level is its own, the slopes theirs.
 *
 * @param own - at least one run, too few for a model of its own
 * @returns `undefined` when nothing of the kind is stored
 */
export function carriedOverStep(
  own: readonly HistoryRun[],
  similar: SimilarModels | undefined,
  question: Question,
): Step | undefined {
  const runs = newestFirst(own);
  const [newest] = runs;
  if (newest === undefined || similar === undefined || similar.applications.length === 0) return undefined;
  // Nothing but how the law depends on them is known of executors and size: they are features even where they did not vary.
  const fitted = fitHistory(runs, { prior: similar.prior, always: ['executors', 'inputBytes'] });
  const counts = runs.map(({ configuration }) => configuration.executors);
  const isContradicted = contradicts(runs, question.inputBytes);
  const candidate = (configuration: Configuration): Candidate => ({
    configuration,
    estimate: estimateOf(fitted, configuration, question.inputBytes),
  });
  return {
    name: 'similar',
    candidates: executorGrid(Math.min(...counts) / REACH, Math.max(...counts) * REACH, counts)
      .map((executors): Configuration => ({ ...newest.configuration, executors }))
      .filter((configuration) => !isContradicted(configuration))
      .filter(grantable(question.limits, newest.sparkVersion))
      .map(candidate),
    usual: candidate(newest.configuration),
    sparkVersion: newest.sparkVersion,
    reasons: {
      num_executors: `${runs.length} runs of it, and how ${similar.applications.length} similar applications scale`,
      executor_cores: 'as in the newest run',
      executor_memory_mb: 'as in the newest run',
      shuffle_partitions: 'as in the newest run',
    },
    caveats: ['too few runs of this application for a model of its own: run it at 5 different sizes and it has one'],
    basedOn: [
      ...runs.map((run) => told(run, 1)),
      ...similar.applications.flatMap((each) => each.runs.map((run) => told(run, each.similarity))),
    ],
  };
}

function told({ run, application, durationMs, inputBytes }: HistoryRun, similarity: number): Step['basedOn'][number] {
  return { run, application, durationMs, inputBytes, similarity };
}

function estimateOf(fitted: HistoryModel, configuration: Configuration, inputBytes: number): Estimate {
  const setting = { ...configuration, inputBytes };
  const predict = fitted.at(setting);
  const { value, logSd } = predict(0.9);
  const { schema } = fitted.model.document;
  const optimism = Math.sqrt(1 + (schema.features.length + 2) / fitted.distinctSettings);
  return {
    durationMs: value,
    interval(confidence) {
      const checked = predict(confidence).interval;
      const reach = studentQuantile((1 + confidence) / 2, UNCHECKED) * optimism * logSd;
      const unchecked = { low: value * Math.exp(-reach), high: value * Math.exp(reach) };
      // Three or four runs check little: the wider of the two.
      return checked !== undefined && checked.high - checked.low > unchecked.high - unchecked.low ? checked : unchecked;
    },
  };
}
