import type { Long } from '../spark/rest.ts';

/**
 * The documents Spot keeps, field by field as AbsaOSS Spot named them (docs/documents.md tells all of them).
 *
 * Every document is plain JSON: a time is ISO-8601 with six fraction digits and `+00:00`
 * (`2026-11-21T08:13:31.928000+00:00`; no fraction when it is zero), a whole number above 2^53 is a `bigint`.
 */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

/** ISO-8601 with six fraction digits and `+00:00`, as the original's client wrote it. */
export type IsoTime = string;

/** Spot's own marks on a document. */
export interface SpotMarks {
  readonly time_processed: IsoTime;
  /** Host name of the source, without port, as the original stored it. */
  readonly history_host: string;
  /** Configured name of the cluster. */
  readonly cluster: string;
  readonly fingerprint: string;
  /** Rises with each reading of the same run; a store never lets a lower one replace a higher one. */
  readonly revision: number;
  readonly schema_version: number;
  /** `incomplete` where no end was told: the driver was killed, or the run still went on when it was read. */
  readonly status: 'completed' | 'incomplete';
  /** What is odd about the run: `clock_skew`, `incomplete`, `lost_events`, … Empty when nothing is. */
  readonly flags: readonly string[];
}

export interface AppSpecificData {
  readonly classification: Readonly<Record<string, Json>>;
  readonly tag: string;
}

/** One run as it was read: the application with this one attempt, its executors, stages and environment. */
export interface RawDocument {
  readonly id: string;
  readonly name: string;
  readonly history_host: string;
  readonly spot: SpotMarks;
  readonly app_specific_data: AppSpecificData;
  readonly isFinalAttempt: boolean;
  /** Exactly one: a raw document is one run. */
  readonly attempts: readonly [RawAttempt];
}

export interface RawAttempt {
  readonly [key: string]: Json | undefined;
  readonly attemptId?: string;
  readonly startTime: IsoTime;
  /** Absent while the attempt has no end. */
  readonly endTime?: IsoTime;
  readonly lastUpdated: IsoTime;
  /** Milliseconds, negative when the clocks disagree (`clock_skew`). Absent while the attempt has no end. */
  readonly duration?: number;
  readonly sparkUser: string;
  readonly completed: boolean;
  readonly appSparkVersion: string;
  readonly allexecutors: readonly JsonObject[];
  readonly stages: readonly JsonObject[];
  readonly environment: JsonObject;
  readonly jobs?: readonly JsonObject[];
  readonly sql?: readonly JsonObject[];
}

export interface NumberAggregate {
  readonly min?: Long;
  readonly max?: Long;
  readonly sum: Long;
  readonly mean?: number;
  readonly count_zeroes: number;
  readonly count_not_null: number;
  /** Only for the columns where the spread tells skew: see `aggregations/percentiles.ts`. */
  readonly p50?: Long;
  readonly p95?: Long;
}
export interface TimeAggregate {
  readonly min?: IsoTime;
  readonly max?: IsoTime;
}
export interface BooleanAggregate {
  readonly any: boolean;
  readonly all: boolean;
  readonly sum: number;
}
/** `elements_count`, and per column (nested columns with a literal dot in their name) its aggregate. */
export interface ArrayAggregate {
  readonly elements_count: number;
  readonly [column: string]: number | NumberAggregate | TimeAggregate | BooleanAggregate;
}

/**
 * What the run amounts to in a few numbers: milliseconds, core-milliseconds, bytes, ratios (docs/documents.md).
 *
 * A field whose inputs are not all known is absent; without executors or without stages all of them are.
 */
export interface Summary {
  readonly [field: string]: number | boolean | undefined;
  readonly parallel_work?: number;
  readonly parallel_part?: number;
  readonly seq_part?: number;
  readonly est_seq_time?: number;
  readonly core_cost?: number;
  readonly stages_in_parallel?: boolean;
  readonly stages_sum?: number;
  readonly stages_interval?: number;
  readonly stages_max_input_blocks?: number;
  readonly executors_total_input_blocks?: number;
  readonly unused_storage_memory?: number;
  readonly estimated_speedup?: number;
  readonly parallel_fraction?: number;
  readonly seq_fraction?: number;
  readonly average_throughput?: number;
  readonly estimated_core_efficiency?: number;
  readonly unused_core_cost?: number;
  readonly x_unused_core_cost_hours?: number;
  readonly est_peak_memory_usage?: number;
  readonly storage_memory_usage?: number;
  readonly x_unused_storage_memory_bytes?: number;
}

export interface Aggregates {
  readonly allexecutors: { readonly driver: JsonObject; readonly executors: ArrayAggregate };
  readonly stages: ArrayAggregate;
  readonly summary: Summary;
}

export interface AggregateAttempt {
  readonly [key: string]: Json | Aggregates | undefined;
  readonly attemptId?: string;
  readonly startTime: IsoTime;
  readonly endTime?: IsoTime;
  readonly duration?: number;
  readonly sparkUser: string;
  readonly completed: boolean;
  readonly appSparkVersion: string;
  readonly environment: JsonObject;
  readonly aggs: Aggregates;
}

/** What a run amounts to. */
export interface AggregateDocument {
  readonly id: string;
  readonly name: string;
  readonly history_host: string;
  readonly spot: SpotMarks;
  readonly app_specific_data: AppSpecificData;
  readonly isFinalAttempt: boolean;
  readonly attempt: AggregateAttempt;
}

export type ErrorStage = 'listing' | 'raw' | 'aggregations' | 'store';

/** A run (or a listing) that could not be read, once, however often it was tried. */
export interface ErrorDocument {
  readonly spot: {
    readonly time_processed: IsoTime;
    /** The application, or `n/a` for a listing. */
    readonly spark_app_id: string;
    readonly attempt_id?: string;
    readonly history_host: string;
    readonly cluster: string;
    readonly fingerprint?: string;
    readonly error: {
      readonly stage: ErrorStage;
      /** Class name of the error, as the original stored it. */
      readonly type: string;
      readonly code: string;
      readonly message: string;
      readonly first_seen: IsoTime;
      /** How often it was tried and failed. */
      readonly count: number;
      readonly next_try: IsoTime;
      readonly retryable: boolean;
    };
  };
}
