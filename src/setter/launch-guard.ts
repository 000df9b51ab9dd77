import { parseByteSize, type ByteUnit } from '../spark/byte-size.ts';
import { parseTimeSpan, type TimeUnit } from '../spark/time-span.ts';
import { CATALOGUE, isKnownTo, isWellFormed } from './catalogue.ts';
import { containerMib, grantedMib, PLATFORMS, type Node, type PlatformName } from '../spark/platform.ts';

/** What the launch is checked against; what is not known is not checked. */
export interface LaunchContext {
  readonly platform: PlatformName;
  readonly sparkVersion?: string | undefined;
  readonly node?: Node | undefined;
  /** Of the scheduler: the largest container, and what the queue may hold in all. */
  readonly maxContainerMib?: number | undefined;
  readonly maxContainerCores?: number | undefined;
  readonly queueMib?: number | undefined;
  readonly isPython?: boolean | undefined;
}

export type LaunchFaultCode =
  | 'HEAP_TOO_SMALL'
  | 'MALFORMED_VALUE'
  | 'TASK_CPUS'
  | 'EXECUTOR_BOUNDS'
  | 'ALLOCATION_RATIO'
  | 'NO_SHUFFLE_SUPPORT'
  | 'OFF_HEAP_SIZE'
  | 'MEMORY_FRACTION'
  | 'HEARTBEAT'
  | 'HEAP_IN_OPTIONS'
  | 'SHUFFLE_PARTITIONS'
  | 'RESULT_SIZE'
  | 'CONTAINER_TOO_LARGE'
  | 'TOO_MANY_CORES'
  | 'UNKNOWN_KEY'
  | 'FORBIDDEN_KEY';

/** Why Spark or the cluster would refuse the configuration, or not do what it says. */
export interface LaunchFault {
  readonly code: LaunchFaultCode;
  readonly because: string;
}

type Properties = Readonly<Record<string, string>>;
interface Launch extends LaunchContext {
  readonly properties: Properties;
}

const MIB = 2 ** 20;
/** 1.5 × the 300 MiB that Spark reserves: below it neither driver nor executor starts. */
const LEAST_HEAP_MIB = 450;

/**
 * Everything that stops a configuration from working. One fault is enough to reject it as a whole.
 *
 * Spark's own checks at start, the scheduler's limits, and what Spark accepts without a word and then ignores.
 */
export function launchFaults(properties: Properties, context: LaunchContext): LaunchFault[] {
  const launch: Launch = { ...context, properties };
  return CHECKS.flatMap(([code, check]) => check(launch).map((because) => ({ code, because })));
}

type Check = (launch: Launch) => readonly string[];

const CHECKS: readonly (readonly [LaunchFaultCode, Check])[] = [
  [
    'HEAP_TOO_SMALL',
    ({ properties }) =>
      ['spark.executor.memory', 'spark.driver.memory'].filter(
        (key) => (mib(properties, key, 'm') ?? LEAST_HEAP_MIB) < LEAST_HEAP_MIB,
      ),
  ],
  [
    'MALFORMED_VALUE',
    ({ properties }) =>
      Object.entries(properties).flatMap(([key, value]) => {
        const kind = CATALOGUE[key]?.kind;
        return kind === undefined || isWellFormed(kind, value)
          ? []
          : [`${key} is no ${kind} that Spark reads as meant`];
      }),
  ],
  [
    'TASK_CPUS',
    ({ properties }) =>
      when(
        (number(properties, 'spark.task.cpus') ?? 1) > (number(properties, 'spark.executor.cores') ?? Infinity),
        'a task asks for more cores than an executor has',
      ),
  ],
  [
    'EXECUTOR_BOUNDS',
    ({ properties }) => {
      const min = number(properties, 'spark.dynamicAllocation.minExecutors') ?? 0;
      const max = number(properties, 'spark.dynamicAllocation.maxExecutors') ?? Infinity;
      const initial = number(properties, 'spark.dynamicAllocation.initialExecutors') ?? min;
      return [
        ...when(min > max, 'minExecutors is above maxExecutors'),
        ...when(initial > max, 'initialExecutors is above maxExecutors, which Spark does not check'),
      ];
    },
  ],
  [
    'ALLOCATION_RATIO',
    ({ properties }) => {
      const ratio = number(properties, 'spark.dynamicAllocation.executorAllocationRatio') ?? 1;
      return when(!(ratio > 0 && ratio <= 1), 'executorAllocationRatio must be above 0 and at most 1');
    },
  ],
  [
    'NO_SHUFFLE_SUPPORT',
    (launch) =>
      when(
        launch.properties['spark.dynamicAllocation.enabled'] === 'true' && !keepsShuffle(launch),
        'dynamic allocation needs the shuffle service or shuffle tracking',
      ),
  ],
  [
    'OFF_HEAP_SIZE',
    ({ properties }) =>
      when(
        properties['spark.memory.offHeap.enabled'] === 'true' &&
          !((mib(properties, 'spark.memory.offHeap.size', 'b') ?? 0) > 0),
        'off-heap memory is on and has no size',
      ),
  ],
  [
    'MEMORY_FRACTION',
    ({ properties }) =>
      ['spark.memory.fraction', 'spark.memory.storageFraction'].filter((key) => {
        const fraction = number(properties, key) ?? 0.5;
        return !(fraction > 0 && fraction < 1);
      }),
  ],
  [
    'HEARTBEAT',
    ({ properties }) =>
      when(
        (ms(properties, 'spark.executor.heartbeatInterval', 'ms') ?? 10_000) >=
          (ms(properties, 'spark.network.timeout', 's') ?? 120_000),
        'the heartbeat interval must be shorter than the network timeout',
      ),
  ],
  [
    'HEAP_IN_OPTIONS',
    ({ properties }) =>
      when(
        (properties['spark.executor.extraJavaOptions'] ?? '').includes('-Xmx'),
        'the heap is set by spark.executor.memory, never by -Xmx',
      ),
  ],
  [
    'SHUFFLE_PARTITIONS',
    ({ properties }) =>
      when((number(properties, 'spark.sql.shuffle.partitions') ?? 1) < 1, 'a shuffle has at least 1 partition'),
  ],
  [
    'RESULT_SIZE',
    ({ properties }) => {
      const limit = mib(properties, 'spark.driver.maxResultSize', 'b');
      return when(
        limit !== undefined && limit >= (mib(properties, 'spark.driver.memory', 'm') ?? 1024),
        'maxResultSize must be below the heap of the driver',
      );
    },
  ],
  ['CONTAINER_TOO_LARGE', containerFaults],
  [
    'TOO_MANY_CORES',
    ({ properties, node, maxContainerCores, platform }) => {
      const cores = number(properties, 'spark.executor.cores') ?? 1;
      const has = node === undefined ? Infinity : node.cores - PLATFORMS[platform].reservedCores;
      return when(
        cores > Math.min(has, maxContainerCores ?? Infinity),
        `an executor of ${cores} cores does not fit a node or a container`,
      );
    },
  ],
  [
    'UNKNOWN_KEY',
    ({ properties, sparkVersion }) =>
      Object.keys(properties).filter((key) => {
        const entry = Object.hasOwn(CATALOGUE, key) ? CATALOGUE[key] : undefined;
        return entry === undefined || !isKnownTo(sparkVersion, entry.since);
      }),
  ],
  [
    'FORBIDDEN_KEY',
    ({ properties, platform }) =>
      Object.keys(properties).filter((key) => CATALOGUE[key]?.notOn?.includes(platform) === true),
  ],
];

function containerFaults({ properties, platform: name, node, isPython, ...limits }: Launch): readonly string[] {
  const platform = PLATFORMS[name];
  const isOffHeap = properties['spark.memory.offHeap.enabled'] === 'true';
  const container = grantedMib(
    platform,
    containerMib(platform, {
      heapMib: mib(properties, 'spark.executor.memory', 'm') ?? 1024,
      overheadMib: mib(properties, 'spark.executor.memoryOverhead', 'm'),
      offHeapMib: isOffHeap ? mib(properties, 'spark.memory.offHeap.size', 'b') : 0,
      isPython,
    }),
  );
  const bounds = [
    ['the largest container', limits.maxContainerMib],
    ['a node', node === undefined ? undefined : platform.usableMib(node.memoryMib)],
    ['the queue', limits.queueMib],
  ] as const;
  return bounds.flatMap(([what, most]) =>
    when(
      most !== undefined && container > most,
      `a container of ${container} MiB is larger than ${what} (${most} MiB)`,
    ),
  );
}

/** Shuffle tracking is on by default from 3.4. */
function keepsShuffle({ properties, sparkVersion }: Launch): boolean {
  if (properties['spark.shuffle.service.enabled'] === 'true') return true;
  const tracking = properties['spark.dynamicAllocation.shuffleTracking.enabled'];
  return tracking === undefined ? sparkVersion !== undefined && isKnownTo(sparkVersion, [3, 4]) : tracking === 'true';
}

function when(isFault: boolean, because: string): readonly string[] {
  return isFault ? [because] : [];
}

function number(properties: Properties, key: string): number | undefined {
  const text = properties[key];
  return text === undefined ? undefined : Number(text);
}

function mib(properties: Properties, key: string, bareUnit: ByteUnit): number | undefined {
  const bytes = parseByteSize(properties[key] ?? '', bareUnit);
  return bytes === undefined ? undefined : Number(bytes) / MIB;
}

function ms(properties: Properties, key: string, bareUnit: TimeUnit): number | undefined {
  const span = parseTimeSpan(properties[key] ?? '', bareUnit);
  return span === undefined ? undefined : Number(span);
}
