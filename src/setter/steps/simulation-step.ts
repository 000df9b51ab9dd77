import type { RunDetail } from '../../documents/run-detail.ts';
import type { Simulation } from '../../simulation/simulate.ts';
import { logNormal } from '../estimate.ts';
import { spillOf, type Spill } from '../evidence.ts';
import type { HistoryRun } from '../history-run.ts';
import { grantable } from '../launch-properties.ts';
import type { Question } from '../question.ts';
import type { Candidate, Step } from '../step.ts';

/** Half of a 90 % interval in standard deviations. */
const Z90 = 1.645;
/** How run time follows input size where no run tells: the usual slope and its spread. */
export const SIZE_SLOPE = { mean: 0.9, sd: 0.4 } as const;
const TARGET_PARTITION_BYTES = 128 * 2 ** 20;

/**
 * One run, replayed on other numbers of executors, with rules for what a replay cannot tell.
 *
 * @returns `undefined` when the run could not be simulated
 */
export function simulationStep(
  run: HistoryRun,
  detail: Pick<RunDetail, 'stages'>,
  simulation: Simulation,
  question: Question,
): Step | undefined {
  if (simulation.refusal !== undefined) return undefined;
  const ratio = run.inputBytes > 0 ? question.inputBytes / run.inputBytes : 1;
  const spill = spillOf(run, detail);
  const shufflePartitions = partitionsFor(run, detail, spill, ratio);
  const growth = Math.log(ratio);
  const candidates = simulation.points.map((point): Candidate => {
    const replayed = Math.log(point.durationHighMs / point.durationLowMs) / 2 / Z90;
    return {
      configuration: {
        ...run.configuration,
        executors: point.executors,
        coresPerExecutor: point.coresPerExecutor,
        shufflePartitions,
      },
      estimate: logNormal(point.durationMs * ratio ** SIZE_SLOPE.mean, Math.hypot(replayed, SIZE_SLOPE.sd * growth)),
    };
  });
  const isGrantable = grantable(question.limits, run.sparkVersion);
  return {
    name: 'simulation',
    candidates: candidates.filter(({ configuration }) => isGrantable(configuration)),
    usual: candidates.find(({ configuration }) => configuration.executors === run.configuration.executors),
    sparkVersion: run.sparkVersion,
    reasons: {
      num_executors: `run ${run.run} replayed on other numbers of executors`,
      executor_cores: 'as in that run',
      executor_memory_mb:
        spill === 'none' ? 'as in that run, which did not spill' : 'as in that run: it spilled, so not less',
      shuffle_partitions: PARTITION_REASONS[spill],
    },
    caveats: [
      ...simulation.assumptions.map(({ because }) => because),
      ...(ratio === 1
        ? []
        : [
            'another input size than the run had: time follows it as it usually does, and the interval is wider for it',
          ]),
      ...(spill === 'general' ? ['what the further partitions save is not in the prediction'] : []),
    ],
    basedOn: [
      {
        run: run.run,
        application: run.application,
        durationMs: run.durationMs,
        inputBytes: run.inputBytes,
        similarity: 1,
      },
    ],
  };
}

const PARTITION_REASONS: Readonly<Record<Spill, string>> = {
  none: 'as in that run, in proportion to a larger input',
  general: 'most tasks of a stage spilled: more partitions, so that each holds less',
  unknown: 'as in that run: it spilled, and whether by skew only its event log tells (spot collect)',
  skewed: 'only a few tasks spilled, which is skew: more partitions would not help',
};

function partitionsFor(run: HistoryRun, { stages }: Pick<RunDetail, 'stages'>, spill: Spill, ratio: number): number {
  const had = run.configuration.shufflePartitions;
  const scaled = Math.ceil(had * Math.max(1, ratio));
  if (spill === 'none' || spill === 'unknown') return scaled;
  if (spill === 'skewed') return had;
  const largest = Math.max(0, ...stages.map(({ sums }) => sums['shuffleReadBytes'] ?? 0));
  return Math.max(2 * scaled, Math.ceil((largest * ratio) / TARGET_PARTITION_BYTES));
}
