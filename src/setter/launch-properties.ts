import { containerOf } from './container.ts';
import { emittable } from './fragments/emittable.ts';
import type { Configuration } from './history-run.ts';
import { launchFaults } from './launch-guard.ts';
import { PLATFORMS } from '../spark/platform.ts';
import type { Limits } from './question.ts';
import { isKnownTo } from './catalogue.ts';

/** The Spark properties of a configuration, in Spark's own notation. */
export function propertiesOf(
  configuration: Configuration,
  { platform }: Limits,
  sparkVersion?: string,
): Readonly<Record<string, string>> {
  const { executors, coresPerExecutor, memoryMib, driverCores, driverMemoryMib, shufflePartitions, overheadMib } =
    configuration;
  return {
    'spark.executor.cores': String(coresPerExecutor),
    'spark.executor.memory': `${memoryMib}m`,
    ...(overheadMib === undefined ? {} : { 'spark.executor.memoryOverhead': `${overheadMib}m` }),
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

/** Whether the cluster would grant a configuration: {@link faultsOf} of hundreds that differ little, each shape looked at once. */
export function grantable(limits: Limits, sparkVersion?: string): (configuration: Configuration) => boolean {
  const byShape = new Map<string, boolean>();
  return (configuration) => {
    if (configuration.executors > mostExecutors(configuration, limits)) return false;
    const { coresPerExecutor, memoryMib, overheadMib, shufflePartitions, driverCores, driverMemoryMib, isDynamic } =
      configuration;
    const shape = `${coresPerExecutor} ${memoryMib} ${overheadMib} ${shufflePartitions} ${driverCores} ${driverMemoryMib} ${isDynamic}`;
    let known = byShape.get(shape);
    if (known === undefined) {
      // One executor more or less is within the bounds or not, which was looked at above; nothing else depends on it.
      known = faultsOf(configuration, limits, sparkVersion).length === 0;
      byShape.set(shape, known);
    }
    return known;
  };
}

/** Why the cluster would not grant a configuration; empty when it would. */
export function faultsOf(configuration: Configuration, limits: Limits, sparkVersion?: string): readonly string[] {
  const properties = propertiesOf(configuration, limits, sparkVersion);
  const { entries } = emittable({ properties, platform: limits.platform, sparkVersion }, limits.platform);
  const faults = launchFaults(Object.fromEntries(entries), { ...limits, sparkVersion });
  const most = mostExecutors(configuration, limits);
  return [
    ...faults.map(({ because }) => because),
    ...(configuration.executors > most
      ? [`${configuration.executors} executors are more than the ${most} that the limits allow`]
      : []),
  ];
}

function mostExecutors(configuration: Configuration, limits: Limits): number {
  return Math.min(limits.maxExecutors, executorsThatFit(configuration, limits));
}

/** How many executors of this size the nodes hold together; without nodes as many as one likes. */
function executorsThatFit(configuration: Configuration, { platform: name, node, nodes }: Limits): number {
  if (node === undefined || nodes === undefined) return Infinity;
  const platform = PLATFORMS[name];
  const byCores = Math.floor((node.cores - platform.reservedCores) / configuration.coresPerExecutor);
  const container = containerOf(configuration, { platform: name });
  return nodes * Math.min(byCores, Math.floor(platform.usableMib(node.memoryMib) / container));
}
