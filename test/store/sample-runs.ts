import type { AggregateDocument, ErrorDocument, Json, RawDocument } from '../../src/documents/documents.ts';
import type { RunDetail } from '../../src/documents/run-detail.ts';
import type { RunKey } from '../../src/documents/run-key.ts';
import type { RunDocuments } from '../../src/store/store.ts';

/** What a test cares about of a run; the rest is filled in. */
export interface SampleRun {
  readonly cluster?: string;
  readonly appId?: string;
  readonly attemptId?: string;
  readonly name?: string;
  readonly user?: string;
  readonly tag?: string;
  /** ISO-8601; null for a run without an end. */
  readonly end?: string | null;
  readonly revision?: number;
  readonly fingerprint?: string;
  readonly properties?: Readonly<Record<string, Json>>;
  readonly inputBytes?: number | bigint;
  readonly withRaw?: boolean;
  readonly withDetail?: boolean;
}

const END = '2026-11-21T08:16:27.288000+00:00';

export function sampleKey({ cluster = 'main', appId = 'app-20261121081534-0000', attemptId }: SampleRun = {}): RunKey {
  return { cluster, appId, ...(attemptId === undefined ? {} : { attemptId }) };
}

/** The documents of a small run, in the shape the aggregations give them. */
export function sampleRun(sample: SampleRun = {}): RunDocuments {
  const key = sampleKey(sample);
  return {
    key,
    raw: sample.withRaw === false ? undefined : sampleRaw(sample),
    aggregate: sampleAggregate(sample),
    detail: sample.withDetail === true ? sampleDetail() : undefined,
  };
}

export function sampleAggregate(sample: SampleRun = {}): AggregateDocument {
  const { inputBytes = 1024 } = sample;
  return {
    ...head(sample),
    attempt: {
      ...attempt(sample),
      environment: { runtime: { javaVersion: '17.0.15 (Debian)' }, sparkProperties: properties(sample) },
      aggs: {
        allexecutors: {
          driver: { id: 'driver', isActive: true, totalDuration: 59_538 },
          executors: {
            elements_count: 2,
            totalCores: { min: 1, max: 1, sum: 2, mean: 1, count_zeroes: 0, count_not_null: 2 },
          },
        },
        stages: {
          elements_count: 1,
          inputBytes: { min: 0, max: inputBytes, sum: inputBytes, mean: 512.5, count_zeroes: 1, count_not_null: 2 },
          completionTime: { min: END, max: END },
        },
        summary: { estimated_speedup: 1.2543417649232422, stages_in_parallel: false },
      },
    },
  };
}

export function sampleRaw(sample: SampleRun = {}): RawDocument {
  const { inputBytes = 1024 } = sample;
  return {
    ...head(sample),
    attempts: [
      {
        ...attempt(sample),
        allexecutors: [{ id: 'driver' }, { id: '1', totalCores: 1 }],
        stages: [{ stageId: 0, inputBytes, killedTasksSummary: { 'another attempt. succeeded': 1 } }],
        environment: { sparkProperties: properties(sample), hadoopProperties: [['fs.defaultFS', 'file:///']] },
      },
    ],
  };
}

export function sampleDetail(): RunDetail {
  return {
    schemaVersion: 1,
    applicationStart: 1_795_248_927_750,
    applicationEnd: 59_538,
    lastEvent: 59_538,
    executors: [{ id: '1', host: 'worker-1', cores: 1, added: 6719, resourceProfileId: 0 }],
    jobs: [],
    stages: [],
    sql: [],
    failures: [],
    perExecutor: [],
    perHost: [],
    quality: {
      events: 42,
      skippedLines: 0,
      skippedExamples: [],
      hasEnd: true,
      lostTaskEnds: 0,
      negativeTimes: 0,
      compacted: false,
    },
  };
}

export interface SampleError {
  readonly cluster?: string;
  readonly appId?: string;
  readonly attemptId?: string;
  readonly processed?: string;
  readonly message?: string;
  readonly count?: number;
}

export function sampleError(sample: SampleError = {}): ErrorDocument {
  const { cluster = 'main', appId = 'app-1', attemptId, processed = END, message = 'It broke', count = 1 } = sample;
  return {
    spot: {
      time_processed: processed,
      spark_app_id: appId,
      ...(attemptId === undefined ? {} : { attempt_id: attemptId }),
      history_host: 'localhost',
      cluster,
      error: {
        stage: 'raw',
        type: 'SourceError',
        code: 'SOURCE_UNAVAILABLE',
        message,
        first_seen: processed,
        count,
        next_try: processed,
        retryable: true,
      },
    },
  };
}

function head({
  cluster = 'main',
  appId = 'app-20261121081534-0000',
  name = 'daily load',
  tag = 'daily',
  revision = 1,
  fingerprint = 'f1',
}: SampleRun) {
  return {
    id: appId,
    name,
    history_host: 'localhost',
    spot: {
      time_processed: END,
      history_host: 'localhost',
      cluster,
      fingerprint,
      revision,
      schema_version: 1,
      status: 'completed' as const,
      flags: [],
    },
    app_specific_data: { classification: { app: name, type: name, '1': name }, tag },
    isFinalAttempt: true,
  };
}

function attempt({ attemptId, user = 'spark', end = END }: SampleRun) {
  return {
    ...(attemptId === undefined ? {} : { attemptId }),
    startTime: '2026-11-21T08:15:27.750000+00:00',
    ...(end === null ? {} : { endTime: end }),
    lastUpdated: END,
    duration: 59_538,
    sparkUser: user,
    completed: end !== null,
    appSparkVersion: '4.0.1',
  };
}

function properties(sample: SampleRun): Readonly<Record<string, Json>> {
  return sample.properties ?? { spark_master: 'local[2]', spark_executor_memory: 1_073_741_824 };
}

/** The end time `minutes` after 2026-11-21 00:00 UTC. */
export function endAt(minutes: number): string {
  return new Date(Date.UTC(2026, 10, 21) + minutes * 60_000).toISOString().replace('Z', '000+00:00');
}
