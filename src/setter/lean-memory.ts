import { MIN_OVERHEAD_MIB, PLATFORMS } from '../spark/platform.ts';
import { documentNameOf } from '../spark/property-casts.ts';
import { contradicts, SAME_SIZE_RATIO } from './bounds.ts';
import { containerOf } from './container.ts';
import type { Configuration, HistoryRun } from './history-run.ts';
import { grantable } from './launch-properties.ts';
import type { Limits, Question } from './question.ts';
import type { Step } from './step.ts';

/** A configuration with less memory, and why it may have less, by the field of the answer it explains. */
interface Lean {
  readonly configuration: Configuration;
  readonly reasons: Readonly<Record<string, string>>;
}

/** One run is little to lower memory by, two may be chance. */
const LEAST_RUNS = 3;
/** Executors tell of their peaks with each heartbeat, every 10 s: a shorter run may hide them. */
const LEAST_DURATION_MS = 60_000;
/** As the finding `executor-memory` has them (docs/heuristics): a heap is too large from here on, above what was used and Spark keeps. */
const GIVEN_TO_USED = 1.5;
const QUIET_GC = 0.05;
const MARGIN = 1.2;
const RESERVED_MIB = 300;
const LEAST_HEAP_MIB = 1024;
const HEAP_STEP_MIB = 256;

const MIB = 2 ** 20;
const OVERHEAD = documentNameOf('spark.executor.memoryOverhead');

/**
 * Adds to each candidate the same with less memory, where measured peaks say that it has too much; its time is taken to stay what it is.
 *
 * @param runs - of the application; without three that measured their peaks the step stays as it is
 */
export function withLeanMemory(step: Step, runs: readonly HistoryRun[], question: Question): Step {
  const leaner = leanMemory(runs, question);
  const isGrantable = grantable(question.limits, step.sparkVersion);
  return {
    ...step,
    candidates: step.candidates.flatMap((candidate) => {
      const lean = leaner(candidate.configuration);
      return lean === undefined || !isGrantable(lean.configuration)
        ? [candidate]
        : [candidate, { ...candidate, ...lean }];
    }),
  };
}

/**
 * Lowers the heap of executors to what runs had in use: 1.2 × their highest peak and the 300 MiB that Spark keeps.
 *
 * Only runs that asked at least as much of each executor count: about this input or more, the same cores, no more partitions and
 * no more executors. Three of them must have measured their peaks, and not one may have spilled, run out of memory, or spent a
 * twentieth of its time collecting garbage. A peak has garbage in it, so it is an upper bound.
 * What the platform adds to the heap stays what it was, since nobody measured what is outside of the heap.
 *
 * @param runs - of the application
 * @returns gives `undefined` for a configuration whose memory is not known to be too much
 */
export function leanMemory(
  runs: readonly HistoryRun[],
  { inputBytes, limits }: Pick<Question, 'inputBytes' | 'limits'>,
): (configuration: Configuration) => Lean | undefined {
  const demanding = runs.filter((run) => run.inputBytes * SAME_SIZE_RATIO >= inputBytes);
  // Most stores have no peaks at all.
  if (limits.platform === 'databricks' || demanding.filter(isMeasured).length < LEAST_RUNS) return () => undefined;
  const isContradicted = contradicts(runs, inputBytes);

  return (configuration) => {
    const alike = demanding.filter(
      ({ configuration: had }) =>
        had.coresPerExecutor === configuration.coresPerExecutor &&
        had.shufflePartitions <= configuration.shufflePartitions &&
        had.executors <= configuration.executors,
    );
    const measured = alike.filter(isMeasured);
    if (measured.length < LEAST_RUNS || !alike.every(isQuiet)) return undefined;

    const peakMib = Math.max(...measured.map(({ peakMemoryBytes = Infinity }) => peakMemoryBytes)) / MIB;
    const memoryMib = Math.max(LEAST_HEAP_MIB, roundedUp(MARGIN * peakMib + RESERVED_MIB));
    const overhead = overheadOf(measured, limits);
    if (configuration.memoryMib < GIVEN_TO_USED * (peakMib + RESERVED_MIB) || overhead === 'unknown') return undefined;
    const lean: Configuration = { ...configuration, memoryMib, ...overhead };
    if (isContradicted(lean) || containerOf(lean, limits) >= containerOf(configuration, limits)) return undefined;
    return {
      configuration: lean,
      reasons: {
        executor_memory_mb: `${measured.length} runs that asked at least as much of each executor had at most ${Math.ceil(peakMib)} MiB of heap in use; it is 1.2 times that and ${RESERVED_MIB} MiB. None of them spilled, and none spent a twentieth of its time collecting garbage`,
        ...(overhead.overheadMib === undefined
          ? {}
          : { executor_memory_overhead_mb: 'as these runs had it: of less heap the platform would add less' }),
      },
    };
  };
}

function isMeasured({ peakMemoryBytes, evidence, durationMs }: HistoryRun): boolean {
  return peakMemoryBytes !== undefined && evidence?.gcRatio !== undefined && durationMs >= LEAST_DURATION_MS;
}

function isQuiet({ spilledBytes, evidence }: HistoryRun): boolean {
  return spilledBytes === 0 && (evidence?.memoryFailures ?? 0) === 0 && (evidence?.gcRatio ?? 0) < QUIET_GC;
}

/** What has to be set so that containers keep the room beside the heap; `unknown` where the runs do not tell how much they had. */
function overheadOf(runs: readonly HistoryRun[], { platform: name }: Limits): { overheadMib?: number } | 'unknown' {
  const platform = PLATFORMS[name];
  const untold = runs.filter(({ parameters }) => parameters?.[OVERHEAD] === undefined);
  // Set by the application itself, it does not follow the heap.
  if (!platform.countsOverhead || untold.length === 0) return {};
  if (untold.length < runs.length) return 'unknown';
  // A factor that depends on the language, and nothing tells which one it is.
  if (platform.pythonOverheadFactor !== undefined && runs.some(({ overheadFactor }) => overheadFactor === undefined))
    return 'unknown';
  const each = runs.map(({ configuration: { memoryMib }, overheadFactor = platform.overheadFactor }) =>
    Math.max(MIN_OVERHEAD_MIB, Math.trunc(memoryMib * overheadFactor)),
  );
  return { overheadMib: Math.max(...each) };
}

function roundedUp(mib: number): number {
  return Math.ceil(mib / HEAP_STEP_MIB) * HEAP_STEP_MIB;
}
