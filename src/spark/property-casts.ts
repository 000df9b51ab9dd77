import { parseByteSize, type ByteUnit } from './byte-size.ts';
import type { Long } from './rest.ts';
import { parseTimeSpan, type TimeUnit } from './time-span.ts';

/** What the text of a Spark property is read as; every other property stays the string it is. */
type Cast =
  | { readonly to: 'integer' | 'float' | 'boolean' }
  | { readonly to: 'bytes'; readonly bare: ByteUnit }
  | { readonly to: 'milliseconds'; readonly bare: TimeUnit };

/**
 * The properties that AbsaOSS Spot read as numbers or booleans, by Spark's own name.
 *
 * A bare number has the unit the original gave it, except the two heartbeat intervals: Spark counts them in milliseconds, the
 * original in seconds.
 */
const CASTS: readonly (readonly [Cast, readonly string[]])[] = [
  [
    { to: 'integer' },
    [
      'spark.port.maxRetries',
      'spark.executor.instances',
      'spark.driver.cores',
      'spark.executor.cores',
      'spark.dynamicAllocation.maxExecutors',
      'spark.dynamicAllocation.minExecutors',
      'spark.yarn.maxAppAttempts',
      'spark.yarn.containerLauncherMaxThreads',
      'spark.yarn.submit.file.replication',
    ],
  ],
  [{ to: 'float' }, ['spark.dynamicAllocation.executorAllocationRatio', 'spark.memory.fraction']],
  [
    { to: 'boolean' },
    [
      'spark.eventLog.enabled',
      'spark.logConf',
      'spark.hadoop.yarn.timeline-service.enabled',
      'spark.dynamicAllocation.enabled',
      'spark.history.fs.cleaner.enabled',
      'spark.rdd.compress',
      'spark.shuffle.service.enabled',
      'spark.speculation',
      'spark.sql.adaptive.enabled',
      'spark.sql.hive.convertMetastoreParquet',
      'spark.sql.parquet.writeLegacyFormat',
      'spark.history.kerberos.enabled',
      'spark.yarn.preserve.staging.files',
      'spark.yarn.submit.waitAppCompletion',
    ],
  ],
  [
    { to: 'bytes', bare: 'b' },
    [
      'spark.driver.memory',
      'spark.executor.memory',
      'spark.driver.maxResultSize',
      'spark.sql.adaptive.shuffle.targetPostShuffleInputSize',
      'spark.sql.autoBroadcastJoinThreshold',
      'spark.files.maxPartitionBytes',
      'spark.files.openCostInBytes',
    ],
  ],
  [
    { to: 'bytes', bare: 'm' },
    [
      'spark.driver.memoryOverhead',
      'spark.executor.memoryOverhead',
      'spark.yarn.driver.memoryOverhead',
      'spark.yarn.executor.memoryOverhead',
      'spark.yarn.am.memoryOverhead',
      'spark.executor.pyspark.memory',
      'spark.reducer.maxSizeInFlight',
      'spark.kryoserializer.buffer.max',
      'spark.rpc.message.maxSize',
    ],
  ],
  [
    { to: 'bytes', bare: 'k' },
    [
      'spark.shuffle.file.buffer',
      'spark.eventLog.buffer.kb',
      'spark.kryoserializer.buffer',
      'spark.broadcast.blockSize',
    ],
  ],
  [
    { to: 'milliseconds', bare: 's' },
    ['spark.sql.broadcastTimeout', 'spark.dynamicAllocation.executorIdleTimeout', 'spark.network.timeout'],
  ],
  [
    { to: 'milliseconds', bare: 'ms' },
    ['spark.executor.heartbeatInterval', 'spark.yarn.scheduler.heartbeat.interval-ms'],
  ],
];

const castsByDocumentName = new Map<string, Cast>(
  CASTS.flatMap(([cast, names]) => names.map((name) => [documentNameOf(name), cast] as const)),
);

const INTEGER = /^[+-]?\d+$/;
const FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const booleans = new Map([
  ...['true', '1', 'y', 'yes'].map((word) => [word, true] as const),
  ...['false', '0', 'n', 'no'].map((word) => [word, false] as const),
]);

/** The name of a Spark property in a document: a dot would make it a path in Elasticsearch, so it becomes `_`. */
export function documentNameOf(property: string): string {
  return property.replaceAll('.', '_');
}

/**
 * The value of a Spark property in a document.
 *
 * @param documentName - as {@link documentNameOf} gives it
 * @returns a number (bytes, milliseconds or a count) or boolean for the properties of the table; the text itself for all others and
 *   for a text that cannot be read as its kind (`spark.executor.cores` = `4.0`): a junk property fails nothing
 */
export function castProperty(documentName: string, text: string): Long | boolean | string {
  const cast = castsByDocumentName.get(documentName);
  return cast === undefined ? text : (read(cast, text) ?? text);
}

/** What the property's text was read as; `undefined` for one that stays a text. */
export function castOf(documentName: string): Cast['to'] | undefined {
  return castsByDocumentName.get(documentName)?.to;
}

function read(cast: Cast, text: string): Long | boolean | undefined {
  switch (cast.to) {
    case 'bytes':
      return parseByteSize(text, cast.bare);
    case 'milliseconds':
      return parseTimeSpan(text, cast.bare);
    case 'boolean':
      return booleans.get(text.trim().toLowerCase());
    case 'integer':
      return INTEGER.test(text.trim()) ? exactInteger(text.trim()) : undefined;
    case 'float':
      return FLOAT.test(text.trim()) ? finite(Number(text)) : undefined;
  }
}

/** Beyond 2^63 − 1 nothing of Spark can have read it as a number. */
function exactInteger(text: string): Long | undefined {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  return Math.abs(value) < 2 ** 63 ? BigInt(text) : undefined;
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
