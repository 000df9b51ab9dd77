import type { AggregateDocument, NumberAggregate } from '../../src/documents/documents.ts';

/** What a test says of a run; the rest is made up and always the same. */
export interface RunSketch {
  readonly id?: string;
  readonly attemptId?: string;
  readonly cluster?: string;
  readonly tag?: string;
  readonly name?: string;
  /** Milliseconds since 1970. */
  readonly endsAt?: number;
  readonly durationMs?: number | undefined;
  readonly inputBytes?: number;
  readonly shuffleReadBytes?: number;
  readonly executorRunTime?: number;
  readonly executorCpuTimeMs?: number;
  readonly parallelMs?: number | undefined;
  readonly coreMs?: number | undefined;
  readonly executors?: number;
  readonly cores?: number;
  readonly properties?: Readonly<Record<string, string | number | boolean>>;
  readonly completed?: boolean;
  readonly isFinalAttempt?: boolean;
}

export const RUN_END = Date.parse('2026-11-20T00:00:00Z');

/** The aggregate document of a run, as far as comparison, series and costs read it. */
export function aggregateRun(sketch: RunSketch = {}): AggregateDocument {
  const { id = 'app-1', attemptId, cluster = 'default', tag = 'nightly', endsAt = RUN_END } = sketch;
  const {
    completed = true,
    durationMs = completed ? 60_000 : undefined,
    executors = 2,
    cores = executors * 2,
  } = sketch;
  return {
    id,
    name: sketch.name ?? tag,
    history_host: 'localhost',
    spot: {
      time_processed: isoOf(endsAt + 1000),
      history_host: 'localhost',
      cluster,
      fingerprint: `${id} ${endsAt}`,
      revision: endsAt + 1000,
      schema_version: 1,
      status: completed ? 'completed' : 'incomplete',
      flags: [],
    },
    app_specific_data: { classification: { app: tag, type: tag }, tag },
    isFinalAttempt: sketch.isFinalAttempt ?? true,
    attempt: {
      ...(attemptId === undefined ? {} : { attemptId }),
      startTime: isoOf(endsAt - (durationMs ?? 0)),
      ...(completed ? { endTime: isoOf(endsAt), endTimeEpoch: endsAt } : {}),
      lastUpdated: isoOf(endsAt),
      ...(durationMs === undefined ? {} : { duration: durationMs }),
      sparkUser: 'alice',
      completed,
      appSparkVersion: '4.0.1',
      environment: {
        runtime: { javaVersion: '17', scalaVersion: 'version 2.13.16' },
        sparkProperties: sketch.properties ?? {},
      },
      aggs: {
        allexecutors: {
          driver: { id: 'driver', totalCores: 0 },
          executors: {
            elements_count: executors,
            totalCores: columnOf(cores, executors),
            x_durationMilliseconds: columnOf(executors * (durationMs ?? 0), executors),
            x_coreCost: columnOf(sketch.coreMs ?? cores * (durationMs ?? 0), executors),
          },
        },
        stages: {
          elements_count: 1,
          inputBytes: columnOf(sketch.inputBytes ?? 1_000_000),
          outputBytes: columnOf(0),
          shuffleReadBytes: columnOf(sketch.shuffleReadBytes ?? 0),
          diskBytesSpilled: columnOf(0),
          numFailedTasks: columnOf(0),
          numTasks: columnOf(10),
          executorRunTime: columnOf(sketch.executorRunTime ?? 100_000),
          executorCpuTime: columnOf((sketch.executorCpuTimeMs ?? 80_000) * 1e6),
          jvmGcTime: columnOf(0),
        },
        summary: {
          ...('parallelMs' in sketch
            ? { parallel_part: sketch.parallelMs }
            : { parallel_part: (durationMs ?? 0) * 0.8 }),
          ...('coreMs' in sketch ? { core_cost: sketch.coreMs } : { core_cost: cores * (durationMs ?? 0) }),
        } as AggregateDocument['attempt']['aggs']['summary'],
      },
    },
  };
}

function isoOf(epoch: number): string {
  return new Date(epoch).toISOString().replace('Z', '000+00:00');
}

/** Of so many equal values. */
function columnOf(sum: number, count = 1): NumberAggregate {
  const each = sum / Math.max(1, count);
  return { sum, min: each, max: each, mean: each, count_zeroes: sum === 0 ? count : 0, count_not_null: count };
}
