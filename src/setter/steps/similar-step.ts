import { studentQuantile } from '../../regression/distributions.ts';
import type { Estimate } from '../estimate.ts';
import { median } from '../history-model.ts';
import { newestFirst, type Configuration, type HistoryRun } from '../history-run.ts';
import { grantable } from '../launch-properties.ts';
import type { Question } from '../question.ts';
import { profileOf, similarity, type Profile } from '../similarity.ts';
import { executorGrid, type Step } from '../step.ts';
import { SIZE_SLOPE } from './simulation-step.ts';

/** With fewer applications nothing can be said of how far they differ. */
const LEAST_APPLICATIONS = 4;
const MOST_APPLICATIONS = 10;
const LEAST_SIMILARITY = 0.5;
/** How run time follows the number of slots where no run tells. */
const SLOTS_SLOPE = { mean: -0.7, sd: 0.35 } as const;

/**
 * What similar applications took, moved to the size asked for by the usual laws.
 *
 * The interval is Student's, over applications: it tells how far one further application may lie from them.
 *
 * @param own - runs of the application itself, too few for a model of its own; may be empty
 * @returns `undefined` with fewer than 4 similar applications
 */
export function similarStep(
  own: readonly HistoryRun[],
  others: readonly HistoryRun[],
  question: Question,
): Step | undefined {
  const asked: Profile = {
    ...(own.length === 0 ? {} : profileOf(own)),
    logInput: Math.log(Math.max(1, question.inputBytes)),
  };
  const similar = [...Map.groupBy(newestFirst(others), ({ application }) => application)]
    .map(([application, runs]) => ({ application, runs, similarity: similarity(asked, profileOf(runs)) }))
    .filter((each) => each.similarity >= LEAST_SIMILARITY)
    .sort((a, b) => b.similarity - a.similarity || (a.application < b.application ? -1 : 1))
    .slice(0, MOST_APPLICATIONS);
  const [first] = similar;
  if (first === undefined || similar.length < LEAST_APPLICATIONS) return undefined;

  const shape = shapeOf(
    own,
    similar.map(({ runs }) => runs),
  );
  const counts = similar.flatMap(({ runs }) => runs.map(({ configuration }) => configuration.executors));
  const version = (own[0] ?? first.runs[0])?.sparkVersion;
  const candidates = executorGrid(Math.min(...counts), Math.max(...counts), counts)
    .map((executors): Configuration => ({ ...shape, executors }))
    .filter(grantable(question.limits, version))
    .map((configuration) => ({
      configuration,
      estimate: estimateOf(
        similar.map(({ runs }) => runs),
        configuration,
        question.inputBytes,
      ),
    }));
  return {
    name: 'similar',
    candidates,
    sparkVersion: version,
    reasons: {
      num_executors: `${similar.length} similar applications, moved to this size by the usual laws of scaling`,
      executor_cores: 'the middle of what they had',
      executor_memory_mb: 'the most memory per core that one of them had, since what this one needs is not known',
      shuffle_partitions: 'the most that one of them had',
    },
    caveats: ['no model of this application: run it at 5 different sizes and it has one'],
    basedOn: similar.flatMap(({ application, runs, similarity: like }) =>
      runs.map(({ run, durationMs, inputBytes }) => ({ run, application, durationMs, inputBytes, similarity: like })),
    ),
  };
}

function shapeOf(own: readonly HistoryRun[], similar: readonly (readonly HistoryRun[])[]): Configuration {
  const configurations = [...own, ...similar.flat()].map(({ configuration }) => configuration);
  const most = (value: (configuration: Configuration) => number): number => Math.max(...configurations.map(value));
  const coresPerExecutor = Math.max(1, Math.floor(median(configurations.map((each) => each.coresPerExecutor))));
  return {
    executors: 1,
    coresPerExecutor,
    memoryMib: Math.ceil(most((each) => each.memoryMib / each.coresPerExecutor) * coresPerExecutor),
    shufflePartitions: most(({ shufflePartitions }) => shufflePartitions),
    driverCores: most(({ driverCores }) => driverCores),
    driverMemoryMib: most(({ driverMemoryMib }) => driverMemoryMib),
    isDynamic: false,
  };
}

function estimateOf(
  applications: readonly (readonly HistoryRun[])[],
  { executors, coresPerExecutor }: Configuration,
  inputBytes: number,
): Estimate {
  const slots = executors * coresPerExecutor;
  const moves = applications.map((runs) =>
    runs.map(({ durationMs, inputBytes: had, configuration }) => {
      const size = had > 0 && inputBytes > 0 ? Math.log(inputBytes / had) : 0;
      const scale = Math.log(slots / (configuration.executors * configuration.coresPerExecutor));
      return {
        log: Math.log(durationMs) + SIZE_SLOPE.mean * size + SLOTS_SLOPE.mean * scale,
        doubt: (SIZE_SLOPE.sd * size) ** 2 + (SLOTS_SLOPE.sd * scale) ** 2,
      };
    }),
  );
  const logs = moves.map((of) => median(of.map(({ log }) => log)));
  const doubt =
    moves.map((of) => median(of.map((each) => each.doubt))).reduce((sum, each) => sum + each, 0) / moves.length;
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (logs.length - 1);
  const sd = Math.sqrt(variance * (1 + 1 / logs.length) + doubt);
  return {
    durationMs: Math.exp(mean),
    interval(confidence) {
      const reach = studentQuantile((1 + confidence) / 2, logs.length - 1) * sd;
      return { low: Math.exp(mean - reach), high: Math.exp(mean + reach) };
    },
  };
}
