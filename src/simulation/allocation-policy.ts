import { parseTimeSpan } from '../spark/time-span.ts';

/** Spark's dynamic allocation as the properties set it. Milliseconds. */
export interface AllocationPolicy {
  readonly initialExecutors: number;
  readonly minExecutors: number;
  readonly maxExecutors: number;
  readonly backlogMs: number;
  readonly sustainedBacklogMs: number;
  readonly idleMs: number;
  readonly cachedIdleMs: number;
  /** With shuffle tracking an executor holding shuffle files stays (when the driver drops them is unknown). */
  readonly keepsShuffle: boolean;
}

type Properties = Readonly<Record<string, string>>;

/**
 * The policy in effect; `undefined` where the cluster is static.
 *
 * @param limit - the most executors of the size simulated; it stands for `maxExecutors`, which is what a size changes
 * @see https://spark.apache.org/docs/latest/configuration.html#dynamic-allocation (defaults)
 */
export function allocationPolicy(properties: Properties, limit: number): AllocationPolicy | undefined {
  const of = (name: string): string | undefined => properties[`spark.dynamicAllocation.${name}`];
  if (of('enabled') !== 'true') return undefined;

  const maxExecutors = Math.max(1, limit);
  const minExecutors = Math.min(maxExecutors, count(of('minExecutors'), 0));
  const initial = Math.max(
    minExecutors,
    count(of('initialExecutors'), minExecutors),
    count(properties['spark.executor.instances'], 0),
  );
  const backlogMs = spanMs(of('schedulerBacklogTimeout')) ?? 1000;
  return {
    initialExecutors: Math.min(maxExecutors, initial),
    minExecutors,
    maxExecutors,
    backlogMs,
    sustainedBacklogMs: spanMs(of('sustainedSchedulerBacklogTimeout')) ?? backlogMs,
    idleMs: spanMs(of('executorIdleTimeout')) ?? 60_000,
    cachedIdleMs: spanMs(of('cachedExecutorIdleTimeout')) ?? Infinity,
    keepsShuffle:
      (of('shuffleTracking.enabled') ?? 'true') === 'true' && properties['spark.shuffle.service.enabled'] !== 'true',
  };
}

function count(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? Math.floor(value) : otherwise;
}

/** A bare number counts seconds, as in all of Spark's allocation timeouts. */
function spanMs(text: string | undefined): number | undefined {
  const span = text === undefined ? undefined : parseTimeSpan(text, 's');
  return span === undefined ? undefined : Number(span);
}
