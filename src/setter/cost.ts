import type { Prices } from './config.ts';
import type { Configuration } from './history-run.ts';
import { containerMib, grantedMib, PLATFORMS, type PlatformName } from '../spark/platform.ts';

const MS_PER_HOUR = 3_600_000;

/**
 * What a configuration costs per millisecond: cores and granted memory of all executors and of the driver.
 *
 * With dynamic allocation it is what the largest size costs, so the price of a run is at most that.
 */
export function pricePerMs(configuration: Configuration, platformName: PlatformName, prices: Prices): number {
  const platform = PLATFORMS[platformName];
  const { executors, coresPerExecutor, memoryMib, driverCores, driverMemoryMib } = configuration;
  const granted = (heapMib: number): number => grantedMib(platform, containerMib(platform, { heapMib })) / 1024;
  const cores = executors * coresPerExecutor + driverCores;
  const gib = executors * granted(memoryMib) + granted(driverMemoryMib);
  return (cores * prices.vcpu_hour + gib * prices.gib_hour) / MS_PER_HOUR;
}
