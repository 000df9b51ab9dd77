import type { AggregateDocument, Json, NumberAggregate } from '../../src/documents/documents.ts';
import type { Billing, PriceBook } from '../../src/money/price-book.ts';
import { sampleAggregate, type SampleRun } from '../store/sample-runs.ts';

export interface CostedRun extends SampleRun {
  readonly durationMs?: number;
  /** Life in milliseconds and cores of each executor; a life without an end is undefined. */
  readonly executors?: readonly { readonly lifeMs: number | undefined; readonly cores: number }[];
  readonly taskMs?: number;
  readonly flags?: readonly string[];
  readonly properties?: Readonly<Record<string, Json>>;
  readonly profileId?: number;
  /** Cores of the driver: those of local mode. */
  readonly driverSlots?: number;
  readonly stageRunTimeMs?: number;
}

const HOUR = 3_600_000;
const GIB = 2 ** 30;

/** By default: YARN, an hour, two executors of 4 cores and a heap of 8 GiB, half of their core time busy. */
export function costedRun(run: CostedRun = {}): AggregateDocument {
  const { durationMs = HOUR, flags = [], profileId = 0, driverSlots = 0, stageRunTimeMs = 0 } = run;
  const {
    executors = [
      { lifeMs: HOUR, cores: 4 },
      { lifeMs: HOUR, cores: 4 },
    ],
    taskMs = 4 * HOUR,
  } = run;
  const sample = sampleAggregate(run);
  const ended = executors.flatMap(({ lifeMs, cores }) => (lifeMs === undefined ? [] : [{ lifeMs, cores }]));
  const properties = run.properties ?? {
    spark_master: 'yarn',
    spark_executor_memory: 8 * GIB,
    spark_driver_memory: GIB,
    spark_driver_cores: 1,
  };
  return {
    ...sample,
    spot: { ...sample.spot, flags },
    attempt: {
      ...sample.attempt,
      duration: durationMs,
      environment: { sparkProperties: properties },
      aggs: {
        ...sample.attempt.aggs,
        allexecutors: {
          driver: { id: 'driver', totalCores: driverSlots, totalDuration: durationMs },
          executors: {
            elements_count: executors.length,
            ...(executors.length === 0
              ? {}
              : {
                  totalCores: column(executors.map(({ cores }) => cores)),
                  x_durationMilliseconds: column(ended.map(({ lifeMs }) => lifeMs)),
                  x_coreCost: column(ended.map(({ lifeMs, cores }) => lifeMs * cores)),
                  totalDuration: column([taskMs, ...executors.slice(1).map(() => 0)]),
                  resourceProfileId: column(executors.map(() => profileId)),
                }),
          },
        },
        stages: { elements_count: 1, executorRunTime: column([stageRunTimeMs]) },
      },
    },
  };
}

function column(values: readonly number[]): NumberAggregate {
  return {
    ...(values.length === 0 ? {} : { min: Math.min(...values), max: Math.max(...values) }),
    sum: values.reduce((sum, value) => sum + value, 0),
    count_zeroes: values.filter((value) => value === 0).length,
    count_not_null: values.length,
  };
}

const SEEN = { date: '2026-11-21', source: 'a test' };

/** A core 0.05, a GiB 0.005 an hour; m5.xlarge 0.20 with EMR at 0.05 and 0.7 DBU at 0.15. */
export function priceBook(billing: Billing = {}, more: Partial<PriceBook> = {}): PriceBook {
  return {
    name: 'prices.json',
    isExample: false,
    currency: 'USD',
    vcpuHour: { price: 0.05, ...SEEN },
    gibHour: { price: 0.005, ...SEEN },
    instanceTypes: new Map([
      ['m5.xlarge', { cores: 4, memoryGib: 16, price: 0.2, emrHour: 0.05, dbuHour: 0.7, ...SEEN }],
      ['m5.4xlarge', { cores: 16, memoryGib: 64, price: 0.8, emrHour: 0.2, dbuHour: 2.8, ...SEEN }],
    ]),
    dbu: { price: 0.15, ...SEEN },
    minimumBillingMs: 60_000,
    billing,
    clusters: new Map(),
    ...more,
  };
}
