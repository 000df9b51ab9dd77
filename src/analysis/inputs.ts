import type {
  ExecutorLife,
  FailureGroup,
  JobDetail,
  LogQuality,
  SqlDetail,
  StageDetail,
  TaskColumns,
  TaskQuantiles,
} from '../documents/run-detail.ts';
import type { RunModel } from '../simulation/run-model.ts';

export type Properties = Readonly<Record<string, string>>;

/** A stage attempt whose task attempts are listed. */
export type ListedStage = StageDetail & { readonly tasks: TaskColumns; readonly quantiles: TaskQuantiles };
/** A stage attempt of which the spread of its tasks was measured. */
export type MeasuredStage = StageDetail & { readonly quantiles: TaskQuantiles };

/** The run in a few words. Times are milliseconds after its start. */
export interface RunSpan {
  readonly durationMs: number;
  readonly hasEnd: boolean;
  /** `3.5`, `4.0`; absent when the run does not tell. */
  readonly sparkVersion?: number | undefined;
  readonly isLocal: boolean;
  readonly isStreaming: boolean;
  /** Most task slots at a time. */
  readonly slots: number;
}

/** What REST tells of an executor beyond its life. Bytes; absent where it was not measured. */
export interface ExecutorMemory {
  readonly id: string;
  /** Unified memory, on and off heap: `maxMemory`. */
  readonly unifiedBytes: number;
  readonly peakHeapBytes?: number | undefined;
  /** The part of unified memory that is on the heap, and the part that is off it. */
  readonly peakUnifiedBytes?: number | undefined;
  readonly peakOffHeapBytes?: number | undefined;
  /** Resident set of the JVM, Python and all others of the process tree. */
  readonly peakRssBytes?: number | undefined;
  /** Resident set of the Python workers alone. */
  readonly peakPythonBytes?: number | undefined;
  readonly gcMs: number;
  /** Slot time of its ended task attempts; of the driver, the whole run. */
  readonly busyMs: number;
}

/** All that heuristics may ask for, by name. */
export interface Inputs {
  readonly run: RunSpan;
  readonly properties: Properties;
  /** Stage attempts that launched a task. */
  readonly stages: readonly StageDetail[];
  readonly spread: readonly MeasuredStage[];
  readonly tasks: readonly ListedStage[];
  readonly executors: readonly ExecutorLife[];
  readonly jobs: readonly JobDetail[];
  readonly sql: readonly SqlDetail[];
  readonly failures: readonly FailureGroup[];
  readonly quality: LogQuality;
  /** Flags of the run's documents (`clock_skew`, `incomplete`, …). */
  readonly flags: readonly string[];
  readonly memory: readonly ExecutorMemory[];
  /** The run as it can be replayed. */
  readonly model: RunModel;
}
export type InputName = keyof Inputs;

/** An input, or why it is not there. */
export type Input<T> = { readonly value: T } | { readonly because: string };

/** What is known of one run. */
export type RunFacts = { readonly [N in InputName]: Input<Inputs[N]> };
