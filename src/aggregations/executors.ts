import type { Aggregates, IsoTime, JsonObject, RawAttempt } from '../documents/documents.ts';
import { parseIsoTime } from '../spark/rest-time.ts';
import { EXECUTOR_TIMES } from '../spark/time-fields.ts';
import { aggregateRows } from './column-aggregates.ts';
import { EXECUTOR_PERCENTILES } from './percentiles.ts';
import { longOf, MS_PER_HOUR, numberOf, textOf } from './values.ts';

const DRIVER = 'driver';
const BYTES_PER_GIB = 2 ** 30;
const TIMES: ReadonlySet<string> = new Set([...EXECUTOR_TIMES, 'x_startTime', 'x_stopTime']);

/**
 * The driver as it is, with its own cost, and the aggregates of all other executors.
 *
 * @returns `driver` is `{}` when Spark lists none; `executors` is `{ elements_count: 0 }` without executors
 * @see Spark, `core/src/main/scala/org/apache/spark/status/api/v1/api.scala`, `ExecutorSummary`
 */
export function aggregateExecutors(attempt: RawAttempt): Aggregates['allexecutors'] {
  const driver = attempt.allexecutors.find((executor) => executor['id'] === DRIVER);
  const executors = attempt.allexecutors.filter((executor) => executor['id'] !== DRIVER);
  const derive = (executor: JsonObject): JsonObject => executorCost(executor, attempt);
  return {
    driver: driver === undefined ? {} : { ...driver, ...derive(driver) },
    executors: aggregateRows({ rows: executors, derive, times: TIMES, percentiles: EXECUTOR_PERCENTILES }),
  };
}

/**
 * How long an executor lived and what that cost.
 *
 * It lives from `addTime` (or the attempt's start) to `removeTime` (or the attempt's end).
 * Without any end its life is not known and it has no cost: neither duration nor cost is there.
 *
 * @returns `x_startTime`, `x_stopTime`; `x_durationMilliseconds`, `x_durationHours`; `x_coreCost` in core-milliseconds,
 *   `x_coreCost_hours` in core-hours; `x_storageCost` in GiB-milliseconds of storage memory, `x_storageCost_GbHours` in GiB-hours.
 *   Negative where the clocks disagree, as the original had it; the run then has the flag `clock_skew`.
 */
export function executorCost(
  executor: JsonObject,
  attempt: { readonly startTime: IsoTime; readonly endTime?: IsoTime },
): JsonObject {
  const start = textOf(executor['addTime']) ?? attempt.startTime;
  const stop = textOf(executor['removeTime']) ?? attempt.endTime;
  const startMs = parseIsoTime(start);
  const stopMs = stop === undefined ? undefined : parseIsoTime(stop);
  if (stop === undefined || startMs === undefined || stopMs === undefined) return { x_startTime: start };

  const lifetimeMs = stopMs - startMs;
  return {
    x_startTime: start,
    x_stopTime: stop,
    x_durationMilliseconds: lifetimeMs,
    x_durationHours: lifetimeMs / MS_PER_HOUR,
    ...costOf('x_coreCost', 'x_coreCost_hours', numberOf(executor['totalCores']), lifetimeMs),
    ...costOf('x_storageCost', 'x_storageCost_GbHours', gibOf(executor), lifetimeMs),
  };
}

function gibOf(executor: JsonObject): number | undefined {
  const bytes = longOf(executor['maxMemory']);
  return bytes === undefined ? undefined : Number(bytes) / BYTES_PER_GIB;
}

function costOf(inMs: string, inHours: string, amount: number | undefined, lifetimeMs: number): JsonObject {
  if (amount === undefined) return {};
  const cost = amount * lifetimeMs;
  return { [inMs]: cost, [inHours]: cost / MS_PER_HOUR };
}
