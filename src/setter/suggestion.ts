import { choose, judge, type Judged, type WouldQualify } from './choose.ts';
import type { Prices } from './config.ts';
import { containerMib, PLATFORMS } from '../spark/platform.ts';
import type { Configuration } from './history-run.ts';
import { faultsOf, propertiesOf } from './launch-properties.ts';
import type { Question } from './question.ts';
import type { BasedOn, Step, StepName } from './step.ts';
import { validityNote, type Validity } from './validity.ts';

/**
 * The answer. The fields with underscores are those of the optimizer's `POST /api/v1/recommend`, by its names.
 *
 * When nothing qualifies the values are null and `would_qualify` says what would.
 */
export interface Suggestion {
  readonly num_executors: number | null;
  readonly executor_cores: number | null;
  readonly executor_memory_mb: number | null;
  /** What the platform adds to the heap of an executor: by its own rule, or as `properties` sets it. MiB; 0 where only the heap counts. */
  readonly executor_memory_overhead_mb: number | null;
  readonly driver_memory_mb: number | null;
  readonly driver_cores: number | null;
  readonly shuffle_partitions: number | null;
  readonly dynamic_allocation: boolean | null;
  readonly predicted_duration_ms: number | null;
  readonly predicted_cost: number | null;
  /** Probability with which the interval holds the run; 0 without an interval. */
  readonly confidence_score: number;
  readonly similar_jobs: readonly BasedOn[];
  readonly recommendation_method: StepName;
  readonly reasoning: string;
  readonly predicted_duration_interval_ms: { readonly low: number; readonly high: number } | null;
  readonly predicted_cost_interval: { readonly low: number; readonly high: number } | null;
  /** Whether SLA and budget are met with the confidence asked for; null when that cannot be told. */
  readonly qualifies: boolean | null;
  readonly would_qualify: readonly WouldQualify[];
  readonly reasons: Readonly<Record<string, string>>;
  readonly caveats: readonly string[];
  readonly currency: string;
  readonly input_bytes: number;
  readonly properties: Readonly<Record<string, string>>;
  /** Against the configuration of the newest run, on this input; absent where that is not known. */
  readonly usual?: {
    readonly predicted_duration_ms: number;
    readonly predicted_cost: number;
    readonly num_executors: number;
  };
  /** What it gains against that, as a share of it: 0.25 is a quarter less, a negative one is more. */
  readonly gain?: { readonly duration: number; readonly cost: number };
  /** Whether the runs it rests on are of the program as it is now; null without runs of the application. */
  readonly validity: Validity | null;
  readonly spark_version?: string | undefined;
}

/**
 * Chooses from what a step of the ladder offers.
 *
 * @param validity - whether the runs it rests on are of the program as it is now
 */
export function suggestionOf(step: Step, question: Question, prices: Prices, validity?: Validity): Suggestion {
  const { chosen, qualifies, wouldQualify } = choose(step.candidates, question, prices);
  const { configuration, estimate, durationMs, cost } = chosen ?? {};
  const interval = estimate?.interval(question.confidence) ?? null;
  const price = durationMs === undefined || cost === undefined ? 0 : cost / durationMs;
  const usual = step.usual === undefined ? undefined : judge(step.usual, question, prices);
  const note = validity === undefined ? undefined : validityNote(validity);
  const caveats = [...(note === undefined ? [] : [note]), ...step.caveats, ...limitsInTheWay(step, question)];
  const reasons = { ...step.reasons, ...chosen?.reasons, driver_memory_mb: 'as the runs had it, else 2 GiB' };
  return {
    num_executors: configuration?.executors ?? null,
    executor_cores: configuration?.coresPerExecutor ?? null,
    executor_memory_mb: configuration?.memoryMib ?? null,
    executor_memory_overhead_mb: configuration === undefined ? null : overheadOf(configuration, question),
    driver_memory_mb: configuration?.driverMemoryMib ?? null,
    driver_cores: configuration?.driverCores ?? null,
    shuffle_partitions: configuration?.shufflePartitions ?? null,
    dynamic_allocation: configuration?.isDynamic ?? null,
    predicted_duration_ms: durationMs ?? null,
    predicted_cost: cost ?? null,
    confidence_score: interval === null ? 0 : question.confidence,
    similar_jobs: step.basedOn,
    recommendation_method: step.name,
    reasoning: [...Object.entries(reasons).map(([field, why]) => `${field}: ${why}`), ...caveats].join('; '),
    predicted_duration_interval_ms: interval,
    predicted_cost_interval: interval === null ? null : { low: interval.low * price, high: interval.high * price },
    qualifies,
    would_qualify: wouldQualify,
    reasons,
    caveats,
    currency: prices.currency,
    input_bytes: question.inputBytes,
    properties: configuration === undefined ? {} : propertiesOf(configuration, question.limits, step.sparkVersion),
    ...(usual?.durationMs === undefined || usual.cost === undefined
      ? {}
      : {
          usual: {
            predicted_duration_ms: usual.durationMs,
            predicted_cost: usual.cost,
            num_executors: usual.configuration.executors,
          },
        }),
    ...gainOf(chosen, usual),
    validity: validity ?? null,
    spark_version: step.sparkVersion,
  };
}

function overheadOf({ memoryMib, overheadMib }: Configuration, { limits }: Question): number {
  return containerMib(PLATFORMS[limits.platform], { heapMib: memoryMib, overheadMib }) - memoryMib;
}

function gainOf(chosen: Judged | undefined, usual: Judged | undefined): Pick<Suggestion, 'gain'> {
  const share = (now: number | undefined, before: number | undefined): number | undefined =>
    now === undefined || before === undefined || before <= 0 ? undefined : 1 - now / before;
  const duration = share(chosen?.durationMs, usual?.durationMs);
  const cost = share(chosen?.cost, usual?.cost);
  // Without prices nothing costs anything: there is nothing to gain then.
  return duration === undefined ? {} : { gain: { duration, cost: cost ?? 0 } };
}

/** Why the cluster would grant nothing at all, told of what the newest run had. */
function limitsInTheWay({ candidates, usual, sparkVersion }: Step, { limits }: Question): readonly string[] {
  if (candidates.length > 0 || usual === undefined) return [];
  return ['no configuration fits the limits given', ...faultsOf(usual.configuration, limits, sparkVersion)];
}
