import { emittable } from './fragments/emittable.ts';
import type { Configuration } from './history-run.ts';
import { launchFaults } from './launch-guard.ts';
import { containerMib, grantedMib, PLATFORMS } from '../spark/platform.ts';
import type { Limits } from './question.ts';
import { isKnownTo } from './catalogue.ts';

/** The Spark properties of a configuration, in Spark's own notation. */
export function propertiesOf(
  configuration: Configuration,
  { platform }: Limits,
  sparkVersion?: string,
): Readonly<Record<string, string>> {
  const { executors, coresPerExecutor, memoryMib, driverCores, driverMemoryMib, shufflePartitions } = configuration;
  return {
    'spark.executor.cores': String(coresPerExecutor),
    'spark.executor.memory': `${memoryMib}m`,
    'spark.driver.cores': String(driverCores),
    'spark.driver.memory': `${driverMemoryMib}m`,
    'spark.sql.shuffle.partitions': String(shufflePartitions),
    'spark.dynamicAllocation.enabled': String(configuration.isDynamic),
    ...(configuration.isDynamic
      ? {
          'spark.dynamicAllocation.maxExecutors': String(executors),
          ...(isKnownTo(sparkVersion, [3, 0])
            ? { 'spark.dynamicAllocation.shuffleTracking.enabled': 'true' }
            : { 'spark.shuffle.service.enabled': 'true' }),
        }
      : platform === 'standalone'
        ? { 'spark.cores.max': String(executors * coresPerExecutor) }
        : { 'spark.executor.instances': String(executors) }),
  };
}

/** Why the cluster would not grant a configuration; empty when it would. */
export function faultsOf(configuration: Configuration, limits: Limits, sparkVersion?: string): readonly string[] {
  const properties = propertiesOf(configuration, limits, sparkVersion);
  const { entries } = emittable({ properties, platform: limits.platform, sparkVersion }, limits.platform);
  const faults = launchFaults(Object.fromEntries(entries), { ...limits, sparkVersion });
  const most = Math.min(limits.maxExecutors, executorsThatFit(configuration, limits));
  return [
    ...faults.map(({ because }) => because),
    ...(configuration.executors > most
      ? [`${configuration.executors} executors are more than the ${most} that the limits allow`]
      : []),
  ];
}

/** How many executors of this size the nodes hold together; without nodes as many as one likes. */
function executorsThatFit(
  { coresPerExecutor, memoryMib }: Configuration,
  { platform: name, node, nodes }: Limits,
): number {
  if (node === undefined || nodes === undefined) return Infinity;
  const platform = PLATFORMS[name];
  const byCores = Math.floor((node.cores - platform.reservedCores) / coresPerExecutor);
  const container = grantedMib(platform, containerMib(platform, { heapMib: memoryMib }));
  return nodes * Math.min(byCores, Math.floor(platform.usableMib(node.memoryMib) / container));
}
