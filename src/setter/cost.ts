import { isNotMeasurable } from '../money/measurable.ts';
import { simplePriceBook } from '../money/price-book.ts';
import { sizeCostOf } from '../money/size-cost.ts';
import { containerMib, grantedMib, PLATFORMS, type PlatformName } from '../spark/platform.ts';
import { containerOf } from './container.ts';
import type { Prices } from './config.ts';
import type { Configuration } from './history-run.ts';

/**
 * What a configuration costs per millisecond: cores and granted memory of all executors and of the driver, or their machines.
 *
 * With dynamic allocation it is what the largest size costs, so the price of a run is at most that.
 *
 * @returns Infinity when it does not fit on the machine that is paid: no money buys it
 */
export function pricePerMs(configuration: Configuration, platformName: PlatformName, prices: Prices): number {
  const platform = PLATFORMS[platformName];
  const { executors, coresPerExecutor, driverCores, driverMemoryMib } = configuration;
  const costOf = sizeCostOf(
    {
      containers: {
        platform: platformName,
        executorMib: containerOf(configuration, { platform: platformName }),
        driverMib: grantedMib(platform, containerMib(platform, { heapMib: driverMemoryMib })),
        driverCores,
        isLocal: false,
      },
      coresPerExecutor,
      cluster: prices.cluster ?? '',
    },
    prices.book ?? simplePriceBook(prices, { name: '[PRICES]', isExample: false, date: '', source: '' }),
  );
  if (isNotMeasurable(costOf)) return Infinity;
  return costOf(1, { executorMs: executors, executorCoreMs: executors * coresPerExecutor });
}
