import type { AggregateDocument, JsonObject } from '../documents/documents.ts';
import { parseByteSize } from '../spark/byte-size.ts';
import { documentNameOf } from '../spark/property-casts.ts';
import { containerMib, grantedMib, MIN_OVERHEAD_MIB, PLATFORMS, type PlatformName } from '../spark/platform.ts';
import type { NotMeasurable } from './measurable.ts';

/** Spark properties as a document keeps them: `spark_executor_memory`, sizes as bytes where Spot knows the property. */
export type DocumentProperties = Readonly<Record<string, unknown>>;

/** What the platform was asked for one executor and for the driver. */
export interface Containers {
  readonly platform: PlatformName;
  /** In local mode the driver's. */
  readonly executorMib: number;
  readonly driverMib: number;
  readonly driverCores: number;
  /** Tasks run in the driver, and there is no other executor. */
  readonly isLocal: boolean;
}

const MIB = 2 ** 20;
/** What Spark takes where nothing is set. */
const DEFAULT_HEAP_MIB = 1024;

export function documentProperties({ attempt }: AggregateDocument): DocumentProperties {
  const properties = attempt.environment['sparkProperties'];
  const isRecord = typeof properties === 'object' && properties !== null && !Array.isArray(properties);
  return isRecord ? (properties as DocumentProperties) : {};
}

/** The same run as if it had had these Spark properties, by Spark's own names. */
export function withProperties(document: AggregateDocument, set: Readonly<Record<string, string>>): AggregateDocument {
  const changed = Object.fromEntries(Object.entries(set).map(([name, value]) => [documentNameOf(name), value]));
  const { environment } = document.attempt;
  const sparkProperties = { ...(environment['sparkProperties'] as JsonObject), ...changed };
  return { ...document, attempt: { ...document.attempt, environment: { ...environment, sparkProperties } } };
}

/**
 * Container sizes as the platform grants them: heap, overhead, off-heap and Python memory, rounded as it rounds.
 *
 * @param platform - the price book's word on it; told by `spark.master` when undefined
 */
export function containersOf(
  properties: DocumentProperties,
  platform: PlatformName | undefined,
): Containers | NotMeasurable {
  if (Object.keys(properties).length === 0) return { because: 'the Spark properties of the run are not stored' };
  const master = masterOf(properties);
  const isLocal = isLocalRun(properties);
  const name = platform ?? platformOf(master, properties);
  if (name === undefined) {
    const isKnown = master === '' ? 'spark.master is not stored' : `spark.master is ${master}`;
    return { because: `${isKnown}, which does not tell how memory is granted: name the platform in the price book` };
  }
  // Local mode is one process with its heap; nobody grants it anything beside.
  const driverMib = granted(properties, 'driver', isLocal ? 'standalone' : name);
  return {
    platform: name,
    executorMib: isLocal ? driverMib : granted(properties, 'executor', name),
    driverMib,
    driverCores: countOf(properties['spark_driver_cores']) ?? 1,
    isLocal,
  };
}

/** Whether the driver is the one executor. */
export function isLocalRun(properties: DocumentProperties): boolean {
  return /^local(?:\[|$)/.test(masterOf(properties));
}

function masterOf(properties: DocumentProperties): string {
  const master = properties['spark_master'];
  return typeof master === 'string' ? master : '';
}

function platformOf(master: string, properties: DocumentProperties): PlatformName | undefined {
  // Not any property of theirs: `spark.databricks.delta.*` is set wherever Delta is.
  if (Object.keys(properties).some((name) => /^spark_databricks_(?:clusterUsageTags_|workerNodeTypeId)/.test(name)))
    return 'databricks';
  if (master.startsWith('yarn')) return 'yarn';
  if (master.startsWith('k8s:')) return 'kubernetes';
  return /^(?:spark:|local)/.test(master) ? 'standalone' : undefined;
}

function granted(properties: DocumentProperties, role: 'executor' | 'driver', platformName: PlatformName): number {
  const platform = PLATFORMS[platformName];
  const of = (name: string): number | undefined => sizeMib(properties[`spark_${name}`]);
  const heapMib = of(`${role}_memory`) ?? DEFAULT_HEAP_MIB;
  const overheadMib = of(`${role}_memoryOverhead`) ?? of(`yarn_${role}_memoryOverhead`);
  const factor = Number(
    properties[`spark_${role}_memoryOverheadFactor`] ?? properties['spark_kubernetes_memoryOverheadFactor'] ?? NaN,
  );
  const minimum = of(`${role}_minMemoryOverhead`) ?? MIN_OVERHEAD_MIB;
  const byFactor = Number.isFinite(factor) ? Math.max(Math.trunc(heapMib * factor), minimum) : undefined;
  const isExecutor = role === 'executor';
  const hasOffHeap = String(properties['spark_memory_offHeap_enabled']) === 'true';
  return grantedMib(
    platform,
    containerMib(platform, {
      heapMib,
      overheadMib: overheadMib ?? byFactor,
      offHeapMib: isExecutor && hasOffHeap ? of('memory_offHeap_size') : undefined,
      pythonMib: isExecutor ? of('executor_pyspark_memory') : undefined,
      isPython: properties['spark_kubernetes_resource_type'] === 'python',
    }),
  );
}

/**
 * MiB of a property's value: bytes, or a text with a unit.
 *
 * Spark reads a bare number as MiB in the memory properties, a document keeps it as bytes; no process has less than a MiB, so such a
 * number was a bare one.
 */
function sizeMib(value: unknown): number | undefined {
  const bytes = typeof value === 'string' ? parseByteSize(value, 'b') : value;
  if (typeof bytes !== 'number' && typeof bytes !== 'bigint') return undefined;
  const size = Number(bytes);
  if (size <= 0) return undefined;
  return size < MIB ? size : Math.round(size / MIB);
}

function countOf(value: unknown): number | undefined {
  const count = Number(value);
  return value !== undefined && Number.isSafeInteger(count) && count > 0 ? count : undefined;
}
