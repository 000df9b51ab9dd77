import type { JsonRecord } from './json-fields.ts';
import { optionalLong } from './json-fields.ts';

/** Which server's answers to give: 4.0 knows two metrics more than 3.5. */
export type RestDialect = '4.0' | '3.5';

/**
 * Executor metrics in the order of their offsets in Spark, which is the order of the answers.
 *
 * @see Spark, `core/src/main/scala/org/apache/spark/metrics/ExecutorMetricType.scala`
 */
export const EXECUTOR_METRICS = [
  'JVMHeapMemory',
  'JVMOffHeapMemory',
  'OnHeapExecutionMemory',
  'OffHeapExecutionMemory',
  'OnHeapStorageMemory',
  'OffHeapStorageMemory',
  'OnHeapUnifiedMemory',
  'OffHeapUnifiedMemory',
  'DirectPoolMemory',
  'MappedPoolMemory',
  'ProcessTreeJVMVMemory',
  'ProcessTreeJVMRSSMemory',
  'ProcessTreePythonVMemory',
  'ProcessTreePythonRSSMemory',
  'ProcessTreeOtherVMemory',
  'ProcessTreeOtherRSSMemory',
  'MinorGCCount',
  'MinorGCTime',
  'MajorGCCount',
  'MajorGCTime',
  'TotalGCTime',
  'ConcurrentGCCount',
  'ConcurrentGCTime',
] as const;

const TOTAL_GC_TIME = EXECUTOR_METRICS.indexOf('TotalGCTime');
const METRICS_OF_3_5 = EXECUTOR_METRICS.indexOf('ConcurrentGCCount');

/** Reads the metrics of an event into `target`: what is missing counts as 0, even the whole object. */
export function readExecutorMetrics(record: JsonRecord | undefined, target: Float64Array): void {
  EXECUTOR_METRICS.forEach((name, metric) => {
    target[metric] = record === undefined ? 0 : Number(optionalLong(record, name) ?? 0);
  });
}

/** The names that a server of this version answers with. */
export function executorMetricNames(dialect: RestDialect): readonly string[] {
  return (dialect === '3.5' ? NAMES_3_5 : NAMES_4_0).names;
}

/** An object that has all its keys is copied and filled far faster than one is built key by key. */
const NAMES_4_0 = named(EXECUTOR_METRICS);
const NAMES_3_5 = named(EXECUTOR_METRICS.slice(0, METRICS_OF_3_5));

function named(names: readonly string[]): {
  readonly names: readonly string[];
  readonly zeros: Readonly<Record<string, number>>;
} {
  return { names, zeros: Object.fromEntries(names.map((name) => [name, 0])) };
}

/** The maximum of each executor metric seen so far. */
export class PeakMetrics {
  readonly values = new Float64Array(EXECUTOR_METRICS.length);

  constructor() {
    // Spark marks "never set" in the first metric, and so must its peak: a lost executor reports -1 there.
    this.values[0] = -1;
  }

  /** @returns whether a metric rose */
  raise(metrics: Float64Array): boolean {
    const { values } = this;
    let risen = false;
    for (let metric = 0; metric < values.length; metric++) {
      const value = metrics[metric] ?? 0;
      if (value > (values[metric] ?? 0)) {
        values[metric] = value;
        risen = true;
      }
    }
    return risen;
  }

  get isSet(): boolean {
    return (this.values[0] ?? -1) > -1;
  }

  get totalGcTime(): number {
    return this.values[TOTAL_GC_TIME] ?? 0;
  }

  /** `undefined` where neither a task nor a stage reported: the server then leaves the object out. */
  toRest(dialect: RestDialect): Readonly<Record<string, number>> | undefined {
    if (!this.isSet) return undefined;
    const { names, zeros } = dialect === '3.5' ? NAMES_3_5 : NAMES_4_0;
    const row: Record<string, number> = { ...zeros };
    for (let metric = 0; metric < names.length; metric++) row[names[metric] ?? ''] = this.values[metric] ?? 0;
    return row;
  }
}
