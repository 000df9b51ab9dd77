import { PLATFORM_NAMES, type PlatformName } from '../spark/platform.ts';

/** How a value must be written: `size` and `time` with a lower-case unit and no fraction, `count` a bare whole number. */
export type PropertyKind = 'size' | 'time' | 'count' | 'ratio' | 'boolean' | 'jvm-options';

export interface CatalogueEntry {
  readonly kind: PropertyKind;
  /** First version of Spark that knows it; every version when absent. */
  readonly since?: readonly [number, number];
  /** A platform that manages it itself: there it is ignored or does harm. */
  readonly notOn?: readonly PlatformName[];
}

const DATABRICKS = { notOn: ['databricks'] } as const;
/** Set on every platform but this one it is without effect, or refused. */
const only = (name: PlatformName): Pick<CatalogueEntry, 'notOn'> => ({
  notOn: PLATFORM_NAMES.filter((other) => other !== name),
});

/**
 * All properties that a suggestion may hold. A misspelt key is accepted by Spark without a word, and a key that loads code,
 * names a place or holds a secret must never come from us: nothing outside of this table is written.
 *
 * @see https://spark.apache.org/docs/latest/configuration.html
 */
export const CATALOGUE: Readonly<Record<string, CatalogueEntry>> = {
  'spark.cores.max': { kind: 'count', ...only('standalone') },
  'spark.driver.cores': { kind: 'count', ...DATABRICKS },
  'spark.driver.maxResultSize': { kind: 'size' },
  'spark.driver.memory': { kind: 'size', ...DATABRICKS },
  'spark.driver.memoryOverhead': { kind: 'size', notOn: ['databricks', 'standalone'] },
  'spark.dynamicAllocation.enabled': { kind: 'boolean', ...DATABRICKS },
  'spark.dynamicAllocation.executorAllocationRatio': { kind: 'ratio', ...DATABRICKS },
  'spark.dynamicAllocation.initialExecutors': { kind: 'count', ...DATABRICKS },
  'spark.dynamicAllocation.maxExecutors': { kind: 'count', ...DATABRICKS },
  'spark.dynamicAllocation.minExecutors': { kind: 'count', ...DATABRICKS },
  'spark.dynamicAllocation.shuffleTracking.enabled': { kind: 'boolean', since: [3, 0], ...DATABRICKS },
  'spark.executor.cores': { kind: 'count', ...DATABRICKS },
  'spark.executor.extraJavaOptions': { kind: 'jvm-options' },
  'spark.executor.heartbeatInterval': { kind: 'time' },
  // Standalone takes as many executors as spark.cores.max allows, whatever this says.
  'spark.executor.instances': { kind: 'count', notOn: ['databricks', 'standalone'] },
  'spark.executor.memory': { kind: 'size', ...DATABRICKS },
  'spark.executor.memoryOverhead': { kind: 'size', notOn: ['databricks', 'standalone'] },
  'spark.memory.fraction': { kind: 'ratio' },
  'spark.memory.offHeap.enabled': { kind: 'boolean' },
  'spark.memory.offHeap.size': { kind: 'size' },
  'spark.memory.storageFraction': { kind: 'ratio' },
  'spark.network.timeout': { kind: 'time' },
  'spark.shuffle.service.enabled': { kind: 'boolean', notOn: ['databricks', 'kubernetes'] },
  'spark.sql.adaptive.advisoryPartitionSizeInBytes': { kind: 'size', since: [3, 0] },
  'spark.sql.adaptive.coalescePartitions.enabled': { kind: 'boolean', since: [3, 0] },
  'spark.sql.adaptive.coalescePartitions.initialPartitionNum': { kind: 'count', since: [3, 0] },
  'spark.sql.adaptive.enabled': { kind: 'boolean' },
  'spark.sql.adaptive.skewJoin.enabled': { kind: 'boolean', since: [3, 0] },
  'spark.sql.files.maxPartitionBytes': { kind: 'size' },
  'spark.sql.shuffle.partitions': { kind: 'count' },
  'spark.task.cpus': { kind: 'count', ...DATABRICKS },
};

const PATTERNS: Readonly<Record<Exclude<PropertyKind, 'jvm-options'>, RegExp>> = {
  size: /^\d+(?:b|k|kb|m|mb|g|gb|t|tb)$/,
  time: /^\d+(?:us|ms|s|m|min|h|d)$/,
  count: /^\d+$/,
  ratio: /^\d+(?:\.\d+)?$/,
  boolean: /^(?:true|false)$/,
};

/** JVM options that may be suggested, word by word; any other could hold a secret or load code. */
export const JVM_OPTIONS: ReadonlySet<string> = new Set(['-XX:+UseG1GC', '-XX:+HeapDumpOnOutOfMemoryError']);

/** Whether Spark reads the text as it is meant. */
export function isWellFormed(kind: PropertyKind, text: string): boolean {
  if (kind === 'jvm-options') return text.split(' ').every((option) => JVM_OPTIONS.has(option));
  return PATTERNS[kind].test(text);
}

/** Whether a version such as `3.5.7` has what came with `since`; a version that cannot be read is taken for a new one. */
export function isKnownTo(version: string | undefined, since: readonly [number, number] | undefined): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version ?? '') ?? [];
  if (since === undefined || major === undefined) return true;
  return Number(major) > since[0] || (Number(major) === since[0] && Number(minor) >= since[1]);
}
